//! Makes a thread stand still for good, from outside, for code that never asks whether it should stop. A signal's handler
//! does it, and only where it does no harm: a thread that holds a lock the rest of the process needs is let go on and tried
//! again. The thread's stack stays, so what lies on it can be moved away.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a thread may take to reach the handler, and the locks to be found free.
const SHORT: Duration = Duration::from_millis(40);

/// The signal; real-time ones are nobody else's.
fn signal() -> libc::c_int {
    libc::SIGRTMIN() + 3
}

/// Which attempt is under way; 0 when none.
static HOLD: AtomicU32 = AtomicU32::new(0);
/// The last attempt whose thread was kept: it and those of kept ones before stand for good.
static KEPT: AtomicU32 = AtomicU32::new(0);
/// The attempt for which a thread stands still; 0 when none does.
static STANDS: AtomicU32 = AtomicU32::new(0);
/// The last attempt that met the thread where it might hold a lock.
static DECLINED: AtomicU32 = AtomicU32::new(0);
/// Where libc's code and the loader's lie: a thread interrupted in there may hold the allocator's or the loader's lock.
static GUARDED: [AtomicUsize; 16] = [const { AtomicUsize::new(0) }; 16];

/// Memory of a thread's own, freed by another thread to learn whether the thread's part of the allocator is locked.
#[derive(Default)]
pub(super) struct Ballast(Mutex<Vec<Vec<u8>>>);

impl Ballast {
    /// Allocates it, on the thread it is for: pieces too large for the allocator's unlocked caches, too small for maps of
    /// their own.
    pub(super) fn fill(&self) {
        let pieces = (0..64).map(|_| vec![1_u8; 24 << 10]).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pieces;
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

/// The prepared handler.
pub(super) struct Standstill {
    attempts: u32,
}

impl Standstill {
    /// Installs the handler. The guarded code is what is loaded now: libc and the loader are.
    pub(super) fn prepare() -> Result<Self> {
        let maps = fs::read_to_string("/proc/self/maps")?;
        let ranges = guarded_ranges(&maps);
        for (slot, bound) in GUARDED.iter().zip(ranges.into_iter().flatten()) {
            slot.store(bound, Ordering::SeqCst);
        }
        // SAFETY: the action is zeroed and then filled as sigaction(2) asks; the handler only does what a handler may.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
            if libc::sigaction(signal(), &action, std::ptr::null_mut()) != 0 {
                bail!(
                    "the signal that stops cells could not be set up: {}",
                    std::io::Error::last_os_error()
                );
            }
        }
        Ok(Self { attempts: 0 })
    }

    /// Tries to make the thread stand still where `free` returns, that is, where it holds no lock. When this is false, call
    /// [`Self::release`] before anything else that could wait for the thread.
    pub(super) fn hold(
        &mut self,
        thread: i32,
        ballast: &Ballast,
        free: impl FnOnce() + Send + 'static,
    ) -> bool {
        self.attempts += 1;
        HOLD.store(self.attempts, Ordering::SeqCst);
        // SAFETY: a system call without pointers; a thread that has ended makes it fail.
        let sent = unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, signal()) };
        let declined = || DECLINED.load(Ordering::SeqCst) == self.attempts;
        let stands = || STANDS.load(Ordering::SeqCst) == self.attempts;
        let answered = || stands() || declined();
        if sent != 0 || !within(SHORT, answered) || declined() {
            return false;
        }
        let Some(piece) = ballast.take() else {
            return false;
        };
        let (sender, done) = channel();
        let probe = std::thread::Builder::new().spawn(move || {
            drop(piece);
            loader_is_free();
            free();
            let _ = sender.send(());
        });
        probe.is_ok() && done.recv_timeout(SHORT).is_ok() && stands() && !declined()
    }

    /// Lets the thread go on, and waits until it does.
    pub(super) fn release(&self) {
        HOLD.store(0, Ordering::SeqCst);
        within(SHORT, || STANDS.load(Ordering::SeqCst) != self.attempts);
    }

    /// Leaves the thread as it is, for good. Later attempts are for other threads.
    pub(super) fn keep(&self) {
        KEPT.store(self.attempts, Ordering::SeqCst);
        HOLD.store(0, Ordering::SeqCst);
    }

    /// Whether other threads than the caller's and `thread` may use what the cell on `thread` only lent them: those that
    /// began after the cell did, when these were there, every one that is at work, and every worker of a pool that does not
    /// wait as idle ones do, as it may be in the midst of a job of the cell's. All others that began with the cell may wait
    /// for something of the cell's.
    pub(super) fn others_use(&self, thread: i32, before: &BTreeSet<i32>) -> bool {
        // SAFETY: a system call without arguments.
        let own = unsafe { libc::gettid() };
        (0..3).any(|_| {
            sleep(Duration::from_millis(2));
            let mut others = threads();
            others.retain(|id| *id != own && *id != thread);
            others.into_iter().any(|id| {
                let began_with_cell = !before.contains(&id);
                match kind_of(id) {
                    Kind::Own => false,
                    Kind::Worker => is_working(id) || !waits_for_work(id),
                    Kind::Other => is_working(id) || began_with_cell,
                }
            })
        })
    }
}

/// The threads of this process.
pub(super) fn threads() -> BTreeSet<i32> {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten();
    tasks
        .flatten()
        .filter_map(|task| task.file_name().to_str()?.parse().ok())
        .collect()
}

fn about(thread: i32, what: &str) -> String {
    fs::read_to_string(format!("/proc/self/task/{thread}/{what}")).unwrap_or_default()
}

fn is_working(thread: i32) -> bool {
    let stat = about(thread, "stat");
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    state.starts_with('R')
}

/// What a thread is for.
enum Kind {
    /// The one that moves bars and the one that passes on what is printed: they borrow nothing of a cell's.
    Own,
    /// A worker of a pool: of polars, tokio, sqlx, rayon.
    Worker,
    Other,
}

fn kind_of(thread: i32) -> Kind {
    let name = about(thread, "comm");
    let pooled = ["polars", "tokio", "sqlx", "rayon"];
    match name.trim_end() {
        "carnet-progress" | "carnet-output" => Kind::Own,
        name if pooled.iter().any(|start| name.starts_with(start)) => Kind::Worker,
        _ => Kind::Other,
    }
}

/// Whether it waits for a lock's signal or for sockets, not asleep for a time; where the system does not tell, it may.
fn waits_for_work(thread: i32) -> bool {
    let waits = [libc::SYS_futex, libc::SYS_epoll_pwait, EPOLL_WAIT];
    let call = about(thread, "syscall");
    let call = call.split(' ').next().and_then(|call| call.parse().ok());
    call.is_none_or(|call: libc::c_long| waits.contains(&call))
}

#[cfg(target_arch = "x86_64")]
const EPOLL_WAIT: libc::c_long = libc::SYS_epoll_wait;
#[cfg(not(target_arch = "x86_64"))]
const EPOLL_WAIT: libc::c_long = libc::SYS_epoll_pwait;

fn within(limit: Duration, reached: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !reached() {
        if start.elapsed() > limit {
            return false;
        }
        sleep(Duration::from_micros(50));
    }
    true
}

/// Takes and gives back the locks under which libraries are loaded and stacks are unwound.
fn loader_is_free() {
    unsafe extern "C" fn nothing(
        _: *mut libc::dl_phdr_info,
        _: libc::size_t,
        _: *mut libc::c_void,
    ) -> libc::c_int {
        1
    }
    // SAFETY: no name asks for the program itself; the callback touches nothing.
    unsafe {
        libc::dlopen(std::ptr::null(), libc::RTLD_NOW);
        libc::dl_iterate_phdr(Some(nothing), std::ptr::null_mut());
    }
}

/// The executable ranges of libc and the loader in `/proc/self/maps`.
fn guarded_ranges(maps: &str) -> Vec<[usize; 2]> {
    let range = |line: &str| {
        let mut fields = line.split_whitespace();
        let (range, rights) = (fields.next()?, fields.next()?);
        let file = fields.next_back()?.rsplit('/').next()?;
        let guarded = ["libc.", "libc-", "ld-", "ld."]
            .iter()
            .any(|start| file.starts_with(start));
        let (start, end) = range.split_once('-')?;
        let bound = |text| usize::from_str_radix(text, 16).ok();
        (guarded && rights.contains('x')).then_some([bound(start)?, bound(end)?])
    };
    maps.lines().filter_map(range).collect()
}

/// Stands still while the attempt that sent the signal lasts, unless the thread is in guarded code and not just waiting in a
/// system call. Only atomics and system calls: it may have interrupted anything.
extern "C" fn handler(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let attempt = HOLD.load(Ordering::SeqCst);
    // SAFETY: the system passes the context of the interrupted code.
    let place = unsafe { place_of(context) };
    if attempt == 0 {
        return;
    }
    if !place.is_some_and(is_harmless) {
        DECLINED.store(attempt, Ordering::SeqCst);
        return;
    }
    STANDS.store(attempt, Ordering::SeqCst);
    let pause = libc::timespec {
        tv_sec: 0,
        tv_nsec: 1_000_000,
    };
    let for_ever = libc::timespec {
        tv_sec: 1 << 30,
        tv_nsec: 0,
    };
    loop {
        // In this order: who keeps the thread says so before the attempt ends.
        let ended = HOLD.load(Ordering::SeqCst) != attempt;
        let kept = KEPT.load(Ordering::SeqCst) >= attempt;
        if ended && !kept {
            let _ = STANDS.compare_exchange(attempt, 0, Ordering::SeqCst, Ordering::SeqCst);
            return;
        }
        let pause = if kept { &for_ever } else { &pause };
        // SAFETY: `errno` is this thread's; the interrupted code gets its own back.
        unsafe {
            let errno = *libc::__errno_location();
            libc::nanosleep(pause, std::ptr::null_mut());
            *libc::__errno_location() = errno;
        }
    }
}

/// The instruction the thread was interrupted at; none on processors this is not written for.
#[allow(unused_variables)]
unsafe fn place_of(context: *mut libc::c_void) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    {
        let context = context.cast::<libc::ucontext_t>();
        // SAFETY: by the caller.
        let place = unsafe { (*context).uc_mcontext.gregs[libc::REG_RIP as usize] };
        return usize::try_from(place).ok();
    }
    #[cfg(target_arch = "aarch64")]
    {
        let context = context.cast::<libc::ucontext_t>();
        // SAFETY: by the caller.
        let place = unsafe { (*context).uc_mcontext.pc };
        return usize::try_from(place).ok();
    }
    #[allow(unreachable_code)]
    None
}

fn is_harmless(place: usize) -> bool {
    let inside = |pair: &[AtomicUsize]| match pair {
        [start, end] => (start.load(Ordering::SeqCst)..end.load(Ordering::SeqCst)).contains(&place),
        _ => false,
    };
    if !GUARDED.chunks(2).any(inside) {
        return true;
    }
    // Waiting in a system call: the instruction before (or, when it is to be made again, at) this place is one.
    #[cfg(target_arch = "x86_64")]
    let call = |at: usize| {
        // SAFETY: the place lies in libc's code, which is mapped.
        unsafe { std::slice::from_raw_parts(at as *const u8, 2) == [0x0f, 0x05] }
    };
    #[cfg(target_arch = "x86_64")]
    return call(place - 2) || call(place);
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_of_libc_and_the_loader_is_guarded() {
        let maps = "55d0-55d1 r-xp 00000000 fd:00 1 /usr/bin/carnet-kernel\n\
                    7f00-7f10 r--p 00000000 fd:00 2 /usr/lib/x86_64-linux-gnu/libc.so.6\n\
                    7f10-7f20 r-xp 00010000 fd:00 2 /usr/lib/x86_64-linux-gnu/libc.so.6\n\
                    7f30-7f40 r-xp 00000000 fd:00 3 /usr/lib/libcarnet_toolkit.so\n\
                    7f50-7f60 r-xp 00001000 fd:00 4 /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2\n";
        assert_eq!(guarded_ranges(maps), [[0x7f10, 0x7f20], [0x7f50, 0x7f60]]);
    }
}
