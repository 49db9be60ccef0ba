//! Frames: how the process that runs cells speaks to the kernel, in the midst of what cells print. A frame is JSON, cut into
//! lines: `U+001E`, the session's token, `+` if more of it follows or else a space, a piece, a line break. The token is random, so
//! that nothing a cell prints is taken for a frame. No line is longer than what the system writes to a pipe in one piece, so
//! that nothing another program prints to the same pipe comes in between, and none waits for the lock of standard output, which
//! a thread may keep for ever.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::send::{Reader, reader};

/// What the system writes to a pipe in one piece (`PIPE_BUF` of Linux).
const PIECE: usize = 4096;
/// How long a frame waits for what was printed before it.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long a line waits for room in a pipe that somebody told not to block.
const ROOM: Duration = Duration::from_secs(5);

/// Held while a frame is written.
static WRITES: Mutex<()> = Mutex::new(());
/// Whether the lock of standard output was not to be had in time and has not been since.
static STUCK: AtomicBool = AtomicBool::new(false);

/// Where a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// Writes a frame after what was printed before, if a kernel reads. One that has gone cannot be told so: a failed write is
/// ignored.
pub fn write(stream: Stream, content: &Value) {
    static OUT: OnceLock<Option<File>> = OnceLock::new();
    static ERROR: OnceLock<Option<File>> = OnceLock::new();
    let Reader::Carnet(token) = reader() else {
        return;
    };
    // Duplicates, which no program that a cell starts inherits.
    let file = match stream {
        Stream::Out => {
            flush();
            OUT.get_or_init(|| duplicate(io::stdout()))
        }
        Stream::Error => ERROR.get_or_init(|| duplicate(io::stderr())),
    };
    let Some(file) = file else { return };
    let _whole = WRITES.lock().unwrap_or_else(PoisonError::into_inner);
    for line in lines(token, content.to_string().as_bytes()) {
        if write_line(file, &line).is_err() {
            return;
        }
    }
}

/// Passes on what was printed so far, unless a thread keeps standard output to itself.
pub fn flush() {
    static FLUSHER: OnceLock<Sender<Sender<()>>> = OnceLock::new();
    let flusher = FLUSHER.get_or_init(|| {
        let (sender, asked) = channel::<Sender<()>>();
        let named = thread::Builder::new().name("carnet-output".to_owned());
        // Without it nothing waits; what is printed arrives with its line break.
        let _ = named.spawn(move || {
            for done in asked {
                flush_now();
                let _ = done.send(());
                // After it is told, or one who gives up just now would call this stuck for good.
                STUCK.store(false, Ordering::SeqCst);
            }
        });
        sender
    });
    // It waits for the lock already, and will pass on this too.
    if STUCK.load(Ordering::SeqCst) {
        return;
    }
    let (done, flushed) = channel();
    if flusher.send(done).is_ok() && flushed.recv_timeout(PATIENCE).is_err() {
        STUCK.store(true, Ordering::SeqCst);
        if flushed.try_recv().is_ok() {
            STUCK.store(false, Ordering::SeqCst);
        }
    }
}

/// Whether some thread keeps standard output to itself.
pub fn is_stuck() -> bool {
    STUCK.load(Ordering::SeqCst)
}

/// Passes on what was printed so far, however long it takes to get the locks.
pub fn flush_now() {
    let _ = io::stdout().lock().flush();
    let _ = io::stderr().lock().flush();
}

pub(super) fn probe() {
    drop(WRITES.lock().unwrap_or_else(PoisonError::into_inner));
}

fn duplicate(stream: impl AsFd) -> Option<File> {
    stream.as_fd().try_clone_to_owned().ok().map(File::from)
}

/// A frame's lines.
fn lines<'a>(token: &'a str, content: &'a [u8]) -> impl Iterator<Item = Vec<u8>> + 'a {
    let room = PIECE.saturating_sub(token.len() + 3).max(1);
    let last = content.len().div_ceil(room).saturating_sub(1);
    content
        .chunks(room)
        .enumerate()
        .map(move |(number, piece)| {
            let follows = if number == last { b" " } else { b"+" };
            let parts: [&[u8]; 5] = [b"\x1e", token.as_bytes(), follows, piece, b"\n"];
            parts.concat()
        })
}

fn write_line(mut file: &File, line: &[u8]) -> io::Result<()> {
    let step = Duration::from_millis(1);
    let mut waited = Duration::ZERO;
    loop {
        match file.write(line) {
            Ok(count) if count == line.len() => return Ok(()),
            // No pipe.
            Ok(count) => return file.write_all(&line[count..]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && waited < ROOM => {
                thread::sleep(step);
                waited += step;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_frame_is_cut_into_lines_that_a_pipe_takes_whole() {
        let content = "é".repeat(5000);
        let lines: Vec<Vec<u8>> = lines("T0K3N", content.as_bytes()).collect();
        assert_eq!(lines.len(), 3);
        let mut joined = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            assert!(line.len() <= PIECE && line.ends_with(b"\n"));
            let start: &[u8] = if number == 2 {
                b"\x1eT0K3N "
            } else {
                b"\x1eT0K3N+"
            };
            let piece = line.strip_prefix(start).unwrap();
            joined.extend_from_slice(&piece[..piece.len() - 1]);
        }
        assert_eq!(joined, content.as_bytes());
    }

    #[test]
    fn what_fits_is_one_line() {
        let lines: Vec<Vec<u8>> = lines("T", b"{\"kind\":1}").collect();
        assert_eq!(lines, [b"\x1eT {\"kind\":1}\n"]);
    }
}
