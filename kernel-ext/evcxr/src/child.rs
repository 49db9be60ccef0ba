//! The process that runs cells, in which evcxr's own loop does the work: it reads commands from standard input and writes lines
//! of text to standard output, among them its marks. Here the toolkit is loaded first, and reads and writes of those two
//! descriptors are looked at as they pass, because a mark must stand on a line of its own, text without a line break must not
//! wait for one, a panic must be told from a cell that ended well, and a cell that reads must be answered.

use std::ffi::{CString, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, bail};
use carnet_kernel::host::input;

/// Set by evcxr.
const CHILD: &str = "EVCXR_IS_RUNTIME";
/// evcxr's loop writes it when a cell's function has returned.
const COMPLETE: &[u8] = b"EVCXR_EXECUTION_COMPLETE\n";
/// A cell writes it when it panicked.
const PANICKED: &[u8] = b"EVCXR_PANIC_NOTIFICATION\n";
/// A cell writes it when a `?` met an error.
const FAILED: &[u8] = b"EVCXR_ERROR_OCCURRED\n";

static TOKEN: OnceLock<String> = OnceLock::new();
/// The toolkit's function that prepares the process.
static OPEN: OnceLock<unsafe extern "C" fn()> = OnceLock::new();
/// Whether the first cell, evcxr's own, is still to come.
static FIRST: AtomicBool = AtomicBool::new(true);
/// Whether a cell runs.
static RUNS: AtomicBool = AtomicBool::new(false);
static LINE: Mutex<Line> = Mutex::new(Line::Start);

/// What the line is that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Nothing is written of it.
    Start,
    /// It is passed on as it comes: a frame, or content of evcxr's.
    Passing,
    /// Within evcxr's content, which ends by a line of its own.
    Content,
    /// Its beginning has gone in a frame.
    Framed,
}

/// Whether this is the process that runs cells.
pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Loads the toolkit, which every cell links to, and prepares it.
pub(crate) fn prepare() -> Result<()> {
    // SAFETY: nothing else runs yet. A backtrace through evcxr tells nobody anything.
    unsafe { std::env::set_var("RUST_BACKTRACE", "0") };
    let file = std::env::var_os("CARNET_TOOLKIT_FILE").context("the toolkit is not named")?;
    let file = CString::new(file.as_bytes())?;
    // SAFETY: the toolkit is a Rust library whose function has this signature; it is never unloaded. The process must not
    // outlive the kernel.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        let toolkit = libc::dlopen(file.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL);
        let open = match toolkit.is_null() {
            true => std::ptr::null_mut(),
            false => libc::dlsym(toolkit, c"carnet_toolkit_open".as_ptr()),
        };
        if open.is_null() {
            bail!("the toolkit {} could not be loaded", file.to_string_lossy());
        }
        let _ = OPEN.set(std::mem::transmute::<*mut c_void, unsafe extern "C" fn()>(
            open,
        ));
    }
    // evcxr tries the process with a cell of its own, while nobody reads what is written.
    if std::env::var_os("CARNET_FIRST").is_some_and(|file| Path::new(&file).exists()) {
        open();
    }
    input::read_between(ask, answered);
    Ok(())
}

/// From now on what is written is looked at.
fn open() {
    let token = std::env::var("CARNET_DISPLAY_TOKEN").unwrap_or_default();
    if TOKEN.set(token).is_ok()
        && let Some(open) = OPEN.get()
    {
        // SAFETY: as it was found; once.
        unsafe { open() };
    }
}

/// A cell reads: evcxr is asked, which sends a line. Between cells its own loop reads, for the next command.
fn ask() {
    if RUNS.load(Ordering::SeqCst) {
        pass(b"EVCXR_INPUT_REQUEST:\n");
    }
}

/// What was read between cells is the command to run one, when its line has ended.
fn answered(bytes: &[u8]) {
    if !bytes.ends_with(b"\n") {
        return;
    }
    if TOKEN.get().is_none() {
        // The next one is the user's.
        let first = FIRST.swap(false, Ordering::SeqCst);
        if first {
            return;
        }
        open();
    }
    if !RUNS.swap(true, Ordering::SeqCst) {
        frame("running", b"");
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
    if descriptor != libc::STDOUT_FILENO || TOKEN.get().is_none() {
        // SAFETY: by the caller.
        return unsafe { libc::syscall(libc::SYS_write, descriptor, buffer, count) }
            as libc::ssize_t;
    }
    // SAFETY: by the caller.
    let text = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count) };
    let mut line = LINE.lock().unwrap_or_else(PoisonError::into_inner);
    for piece in text.split_inclusive(|byte| *byte == b'\n') {
        *line = write_piece(*line, piece);
    }
    count as libc::ssize_t
}

/// Writes a piece of a line; returns what the line is then.
fn write_piece(line: Line, piece: &[u8]) -> Line {
    // Text that no line break ended stands before a mark in the same line.
    for mark in [COMPLETE, PANICKED, FAILED] {
        if let Some(before) = piece.strip_suffix(mark) {
            if !before.is_empty() {
                frame("stdout", before);
            }
            match mark {
                PANICKED => frame("panicked", b""),
                FAILED => frame("failed", b""),
                _ => RUNS.store(false, Ordering::SeqCst),
            }
            pass(mark);
            return Line::Start;
        }
    }
    let ends = piece.ends_with(b"\n");
    match line {
        Line::Content => {
            pass(piece);
            match piece == b"EVCXR_END_CONTENT\n" {
                true => Line::Start,
                false => Line::Content,
            }
        }
        Line::Start if piece.starts_with(b"EVCXR_BEGIN_CONTENT ") => {
            pass(piece);
            Line::Content
        }
        Line::Start if !ends && piece.first() != Some(&0x1e) => {
            frame("stdout", piece);
            Line::Framed
        }
        Line::Framed if !ends => {
            frame("stdout", piece);
            Line::Framed
        }
        Line::Start | Line::Passing | Line::Framed => {
            pass(piece);
            match ends {
                true => Line::Start,
                false => Line::Passing,
            }
        }
    }
}

/// Writes a frame of the kind, with a text.
fn frame(kind: &str, text: &[u8]) {
    let token = TOKEN.get().map_or("", String::as_str);
    let content = serde_json::json!({ "kind": kind, "text": String::from_utf8_lossy(text) });
    pass(format!("\u{1e}{token} {content}\n").as_bytes());
}

/// Writes to the pipe, all of it. A kernel that has gone cannot be told.
fn pass(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: a system call on the bytes.
        let count = unsafe {
            libc::syscall(
                libc::SYS_write,
                libc::STDOUT_FILENO,
                bytes.as_ptr(),
                bytes.len(),
            )
        };
        match usize::try_from(count) {
            Ok(count) => bytes = &bytes[count..],
            Err(_) if std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted => {
            }
            Err(_) => return,
        }
    }
}
