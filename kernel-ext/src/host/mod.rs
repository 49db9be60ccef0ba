//! The process that runs cells. It loads the toolkit and then each cell's library, and calls the cell's function, one
//! command a line from the pipe it was started with. It is separate from the kernel so that a cell that aborts takes
//! nothing with it but the variables; a cell that is stopped does not even take those ([`standstill`]).

mod cells;
pub mod descriptors;
pub mod input;
pub mod library;
mod standstill;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use self::cells::Cells;
use self::library::Toolkit;
use crate::engine::frames::line;

/// Letters of a reason that are told; with all of them escaped, a line stays below what a pipe takes in one piece.
const LONGEST_REASON: usize = 600;

/// What the kernel asks of the process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Load this cell and run it.
    Run(RunCell),
    /// Stop the cell that runs; between cells, nothing.
    Stop,
    /// What the user typed when the cell asked; none is the end of the input.
    Answer(Option<String>),
}

/// A compiled cell.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunCell {
    /// The cell's library.
    pub library: PathBuf,
    /// The function in it.
    pub symbol: String,
}

/// Runs cells until the pipe closes.
pub fn serve(toolkit: &Path) -> Result<()> {
    let commands = BufReader::new(take_standard_input()?);
    die_with_parent()?;
    let toolkit = Toolkit::open(toolkit).context("the toolkit could not be loaded")?;
    let mut cells = Cells::start(toolkit)?;
    library::let_toolkit_ask(toolkit);
    for line in commands.lines() {
        match serde_json::from_str(&line?)? {
            Command::Run(cell) => {
                input::begin();
                cells.run(cell)?;
            }
            Command::Stop => {
                input::stop();
                cells.stop()?;
            }
            Command::Answer(text) => input::answer(text),
        }
    }
    Ok(())
}

/// Commands come by standard input; it is moved away, and what a cell reads from there comes by [`input`].
fn take_standard_input() -> Result<File> {
    let commands = descriptors::move_away(libc::STDIN_FILENO, c"/dev/null", libc::O_RDONLY)
        .context("the command pipe could not be set up")?;
    // SAFETY: it is open, and nobody else's.
    Ok(unsafe { File::from_raw_fd(commands) })
}

/// A cell in an endless loop must not outlive a kernel that was killed.
pub fn die_with_parent() -> Result<()> {
    // SAFETY: a system call without pointers.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } != 0 {
        bail!(
            "the system did not agree to end this process with its parent: {}",
            std::io::Error::last_os_error()
        );
    }
    Ok(())
}

/// Says in the toolkit's place, in both streams, that a cell could not even be loaded. Each is one frame of one line, written in
/// one piece; see the toolkit's `show::frame`.
fn report_unloadable(message: &str) -> Result<()> {
    let token = std::env::var("CARNET_DISPLAY_TOKEN").unwrap_or_default();
    let message: String = message.chars().take(LONGEST_REASON).collect();
    let report = serde_json::json!({ "kind": "end", "outcome": "unloadable", "message": message });
    let end = serde_json::json!({ "kind": "end" });
    for (descriptor, frame) in [(libc::STDOUT_FILENO, report), (libc::STDERR_FILENO, end)] {
        let line = line(&token, frame);
        // SAFETY: the descriptor is the process's own and stays open.
        let mut stream = ManuallyDrop::new(unsafe { File::from_raw_fd(descriptor) });
        stream.write_all(line.as_bytes())?;
    }
    Ok(())
}
