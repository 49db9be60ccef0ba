//! Standard input of cells. The process that runs cells has none of its own: a read of descriptor 0, by whatever code,
//! becomes a question that the kernel passes to the frontend, and waits for the answer.

use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// What a read of descriptor 0 does besides reading.
enum Reads {
    /// It asks by this function and takes what [`answer`] brings.
    Answers(fn()),
    /// It is this function's.
    By(Read),
}

/// A read of descriptor 0, as libc's `read`: into a buffer with room for so many bytes.
pub type Read = unsafe fn(*mut libc::c_void, libc::size_t) -> libc::ssize_t;

/// Set once, in the process that runs cells, and only there.
static READS: OnceLock<Reads> = OnceLock::new();
static STATE: Mutex<State> = Mutex::new(State {
    unread: Vec::new(),
    answer: None,
    waits: false,
    stopped: false,
});
static CHANGED: Condvar = Condvar::new();

struct State {
    /// What of the last answer was not read yet.
    unread: Vec<u8>,
    answer: Option<Option<String>>,
    waits: bool,
    /// Whether the cell is being stopped: reads meet the end of the input.
    stopped: bool,
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on reads of descriptor 0 ask by this function, and wait for [`answer`].
pub(super) fn ask_by(ask: fn()) {
    let _ = READS.set(Reads::Answers(ask));
}

/// From now on reads of descriptor 0 are the function's.
pub fn read_by(read: Read) {
    let _ = READS.set(Reads::By(read));
}

/// The user's answer, without a line break; none is the end of the input.
pub(super) fn answer(text: Option<String>) {
    let mut state = state();
    if state.waits {
        state.answer = Some(text);
        CHANGED.notify_all();
    }
}

/// A new cell reads anew.
pub(super) fn begin() {
    let mut state = state();
    state.unread.clear();
    state.answer = None;
    state.stopped = false;
}

/// Ends the waiting of a cell that is being stopped.
pub(super) fn stop() {
    state().stopped = true;
    CHANGED.notify_all();
}

/// Takes and gives back the lock of this module.
pub(super) fn probe() {
    drop(state());
}

/// Up to `count` bytes of what the user typed, who is asked by `ask`.
fn typed(ask: fn(), count: usize) -> Vec<u8> {
    let mut state = state();
    if state.unread.is_empty() && !state.stopped {
        state.waits = true;
        drop(state);
        ask();
        state = self::state();
        while state.answer.is_none() && !state.stopped {
            state = CHANGED.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waits = false;
        if let Some(Some(text)) = state.answer.take() {
            state.unread = text.into_bytes();
            state.unread.push(b'\n');
        }
    }
    let taken = count.min(state.unread.len());
    let rest = state.unread.split_off(taken);
    std::mem::replace(&mut state.unread, rest)
}

/// libc's `read`, which the program's own definition stands before for every library in the process.
///
/// # Safety
/// As for libc's: `buffer` has room for `count` bytes.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn read(
    descriptor: libc::c_int,
    buffer: *mut libc::c_void,
    count: libc::size_t,
) -> libc::ssize_t {
    match READS.get().filter(|_| descriptor == libc::STDIN_FILENO) {
        // SAFETY: by the caller.
        None => unsafe {
            libc::syscall(libc::SYS_read, descriptor, buffer, count) as libc::ssize_t
        },
        // SAFETY: by the caller.
        Some(Reads::By(read)) => unsafe { read(buffer, count) },
        Some(Reads::Answers(ask)) => {
            let bytes = typed(*ask, count);
            let to = buffer.cast::<u8>();
            // SAFETY: by the caller; there are no more bytes than `count`.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
            bytes.len() as libc::ssize_t
        }
    }
}
