//! The process that runs cells, in which evcxr's own loop does the work. That loop reads commands from standard input and
//! writes marks to standard output, where they would stand among what cells, and programs that cells start, write. So the two
//! pipes to evcxr are moved away and kept for commands and marks; standard output and error are pipes to the kernel, and
//! reads and writes of evcxr's loop, and of cells, are told apart as they pass.

use std::ffi::{CString, c_void};
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use anyhow::{Context, Result};
use carnet_kernel::engine::frames::line;
use carnet_kernel::host::descriptors::{move_away, replace};
use carnet_kernel::host::library::Toolkit;
use carnet_kernel::host::{die_with_parent, input};

use crate::locked;

/// Set by evcxr.
const CHILD: &str = "EVCXR_IS_RUNTIME";
/// Names the folder of the named pipes that cells write to: `out` and `err`.
pub(crate) const STREAMS: &str = "CARNET_STREAMS";
/// Ends the process if it runs a cell.
pub(crate) const STOP: libc::c_int = libc::SIGUSR2;
/// What separates a prompt's parts on the way to evcxr, which cuts prompts at a colon.
pub(crate) const COLON: &str = "\u{1f}";

/// All of evcxr's marks begin so.
const MARK: &[u8] = b"EVCXR_";
/// evcxr's loop writes it when a cell's function has returned.
const COMPLETE: &[u8] = b"EVCXR_EXECUTION_COMPLETE\n";
/// A cell writes it when it panicked.
const PANICKED: &[u8] = b"EVCXR_PANIC_NOTIFICATION\n";
/// A cell writes it when a `?` met an error.
const FAILED: &[u8] = b"EVCXR_ERROR_OCCURRED\n";
/// A variable's type was defined anew.
const CHANGED: &[u8] = b"EVCXR_VARIABLE_CHANGED_TYPE:";
/// A cell asks the user, and reads then.
const REQUEST: &[u8] = b"EVCXR_INPUT_REQUEST";
/// A representation of a value, up to [`END`].
const CONTENT: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END: &[u8] = b"EVCXR_END_CONTENT\n";

static CHANNEL: OnceLock<Channel> = OnceLock::new();
/// Whether a cell runs.
static RUNS: AtomicBool = AtomicBool::new(false);
static WRITTEN: Mutex<Written> = Mutex::new(Written {
    held: Vec::new(),
    content: false,
});
static TYPED: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// What a cell asks the user by its next read.
static PROMPT: Mutex<Option<Vec<u8>>> = Mutex::new(None);

/// What the process has from the kernel.
struct Channel {
    /// evcxr's commands, and its answers.
    commands: RawFd,
    /// Marks, to evcxr.
    marks: RawFd,
    token: String,
    toolkit: Toolkit,
}

/// The line that is being written to standard output.
struct Written {
    /// What may be a mark, when its line ends.
    held: Vec<u8>,
    /// Whether it is within a value's representation.
    content: bool,
}

/// Whether this is the process that runs cells.
pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Loads the toolkit, which every cell links to, and prepares the process.
pub(crate) fn prepare() -> Result<()> {
    die_with_parent()?;
    // SAFETY: nothing else runs yet. A backtrace through evcxr tells nobody anything.
    unsafe { std::env::set_var("RUST_BACKTRACE", "0") };
    let folder = std::env::var_os(STREAMS).context("the folder of the pipes is not named")?;
    let path = |name: &str| CString::new([folder.as_bytes(), b"/", name.as_bytes()].concat());
    let commands = move_away(libc::STDIN_FILENO, c"/dev/null", libc::O_RDONLY)?;
    let marks = move_away(libc::STDOUT_FILENO, &path("out")?, libc::O_WRONLY)?;
    replace(libc::STDERR_FILENO, &path("err")?, libc::O_WRONLY)?;
    let file = std::env::var_os("CARNET_TOOLKIT_FILE").context("the toolkit is not named")?;
    let toolkit = Toolkit::open(Path::new(&file)).context("the toolkit could not be loaded")?;
    let _ = CHANNEL.set(Channel {
        commands,
        marks,
        token: std::env::var("CARNET_DISPLAY_TOKEN").unwrap_or_default(),
        toolkit,
    });
    input::read_by(read);
    // SAFETY: the handler does what handlers may.
    unsafe { libc::signal(STOP, stop as *const () as libc::sighandler_t) };
    Ok(())
}

/// Ends the process at once if it runs a cell.
extern "C" fn stop(_: libc::c_int) {
    if RUNS.load(Ordering::SeqCst) {
        // SAFETY: system calls without pointers.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    }
}

/// A read of standard input: by evcxr's loop, on the main thread between cells, for its next command; else by a cell.
///
/// # Safety
/// As for libc's: `buffer` has room for `count` bytes.
unsafe fn read(buffer: *mut c_void, count: libc::size_t) -> libc::ssize_t {
    let Some(channel) = CHANNEL.get() else {
        return 0;
    };
    // SAFETY: system calls without pointers.
    let is_main = unsafe { libc::gettid() == libc::getpid() };
    if RUNS.load(Ordering::SeqCst) {
        let bytes = typed(channel, count);
        // SAFETY: by the caller; there are no more bytes than `count`.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast(), bytes.len()) };
        return bytes.len() as libc::ssize_t;
    }
    if !is_main {
        // A thread of an earlier cell: nobody is asked between cells.
        return 0;
    }
    // A thread that waits for its answer gets it first.
    let mut unread = locked(&TYPED);
    // SAFETY: by the caller.
    let read = unsafe { libc::syscall(libc::SYS_read, channel.commands, buffer, count) };
    if let Ok(length @ 1..) = usize::try_from(read) {
        unread.clear();
        *locked(&PROMPT) = None;
        // SAFETY: so many bytes were read into the buffer just now.
        let command = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), length) };
        RUNS.store(command.ends_with(b"\n"), Ordering::SeqCst);
    }
    read as libc::ssize_t
}

/// Up to `count` bytes of what the user typed, who is asked by evcxr when nothing of it is left.
fn typed(channel: &Channel, count: usize) -> Vec<u8> {
    let mut unread = locked(&TYPED);
    if unread.is_empty() {
        channel.toolkit.flush();
        let prompt = locked(&PROMPT).take();
        let prompt = prompt.unwrap_or_else(|| [REQUEST, b":\n"].concat());
        {
            // A cell ends under this lock: asked before its end, the user answers, and the answer comes before the next command.
            let _written = locked(&WRITTEN);
            if !RUNS.load(Ordering::SeqCst) {
                return Vec::new();
            }
            pass(channel.marks, &prompt);
        }
        let line = line_of(channel.commands);
        if let Ok(Some(text)) = serde_json::from_slice::<Option<String>>(&line) {
            *unread = text.into_bytes();
            unread.push(b'\n');
        }
    }
    let taken = count.min(unread.len());
    unread.drain(..taken).collect()
}

/// The next line of a descriptor, up to its end.
fn line_of(descriptor: RawFd) -> Vec<u8> {
    let mut line = Vec::new();
    loop {
        let mut byte = 0u8;
        // SAFETY: a system call with room for one byte.
        let read = unsafe { libc::syscall(libc::SYS_read, descriptor, &raw mut byte, 1) };
        if read != 1 || byte == b'\n' {
            return line;
        }
        line.push(byte);
    }
}

/// libc's `write`, which the program's own definition stands before for every library in the process.
///
/// # Safety
/// As for libc's: `buffer` holds `count` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn write(
    descriptor: libc::c_int,
    buffer: *const c_void,
    count: libc::size_t,
) -> libc::ssize_t {
    let channel = CHANNEL
        .get()
        .filter(|_| descriptor == libc::STDOUT_FILENO && count > 0);
    let Some(channel) = channel else {
        // SAFETY: by the caller.
        return unsafe { libc::syscall(libc::SYS_write, descriptor, buffer, count) }
            as libc::ssize_t;
    };
    // SAFETY: by the caller.
    let text = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count) };
    if text.ends_with(COMPLETE) {
        // The loop has another copy of the standard library than the cells, which may still hold text.
        channel.toolkit.flush();
    }
    let mut written = locked(&WRITTEN);
    let mut passed = Vec::with_capacity(count);
    for piece in text.split_inclusive(|byte| *byte == b'\n') {
        written.take(piece, channel, &mut passed);
    }
    pass(libc::STDOUT_FILENO, &passed);
    count as libc::ssize_t
}

impl Written {
    /// Takes a piece of a line, and adds to `passed` what of it is text.
    fn take(&mut self, piece: &[u8], channel: &Channel, passed: &mut Vec<u8>) {
        if self.content && !piece.starts_with(b"\x1e") {
            pass(channel.marks, piece);
            if piece.ends_with(PANICKED) {
                passed.extend(frame(&channel.token, "panicked"));
            }
            self.content = !piece.ends_with(END) && !piece.ends_with(PANICKED);
            return;
        }
        self.held.extend_from_slice(piece);
        // Text that no line break ended stands before a mark in the same line.
        let mark = self
            .held
            .windows(MARK.len())
            .rposition(|window| window == MARK);
        let is_whole = piece.ends_with(b"\n");
        passed.extend(self.held.drain(..mark.unwrap_or(self.held.len())));
        if !is_whole {
            return;
        }
        let line = std::mem::take(&mut self.held);
        match line.as_slice() {
            [] => return,
            COMPLETE => RUNS.store(false, Ordering::SeqCst),
            PANICKED => passed.extend(frame(&channel.token, "panicked")),
            FAILED => passed.extend(frame(&channel.token, "failed")),
            mark if mark.starts_with(CHANGED) => {}
            mark if mark.starts_with(CONTENT) => self.content = true,
            mark if mark.starts_with(REQUEST) => {
                *locked(&PROMPT) = Some(request(mark));
                return;
            }
            text => {
                passed.extend_from_slice(text);
                return;
            }
        }
        // What was written before the mark arrives before it.
        pass(libc::STDOUT_FILENO, passed);
        passed.clear();
        pass(channel.marks, &line);
    }
}

/// evcxr's request for input with all of its prompt.
fn request(mark: &[u8]) -> Vec<u8> {
    let mut parts = mark.splitn(2, |byte| *byte == b':');
    let (kind, prompt) = (parts.next(), parts.next());
    let prompt = String::from_utf8_lossy(prompt.unwrap_or_default()).replace(':', COLON);
    [kind.unwrap_or(REQUEST), b":", prompt.as_bytes()].concat()
}

/// A frame of the kind.
fn frame(token: &str, kind: &str) -> Vec<u8> {
    line(token, serde_json::json!({ "kind": kind })).into_bytes()
}

/// Writes all of the bytes. A kernel that has gone cannot be told.
fn pass(descriptor: RawFd, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: a system call on the bytes.
        let count =
            unsafe { libc::syscall(libc::SYS_write, descriptor, bytes.as_ptr(), bytes.len()) };
        match usize::try_from(count) {
            Ok(count) => bytes = &bytes[count..],
            Err(_) if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {
            }
            Err(_) => return,
        }
    }
}
