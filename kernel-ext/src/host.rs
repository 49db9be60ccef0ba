//! The process that runs cells. It loads the toolkit and then each cell's library, and calls the cell's function, one
//! command a line from the pipe it was started with. It is separate from the kernel so that a cell that aborts, or one
//! that has to be stopped, takes nothing with it but the variables.

use std::ffi::CString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::FromRawFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW, Symbol};
use serde::{Deserialize, Serialize};

/// One command: load this cell and run it.
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
    call(toolkit, "carnet_toolkit_open").context("the toolkit could not be loaded")?;
    for line in commands.lines() {
        let command: RunCell = serde_json::from_str(&line?)?;
        if let Err(error) = call(&command.library, &command.symbol) {
            report_unloadable(&format!("{error:#}"))?;
        }
    }
    Ok(())
}

/// Loads a library for the rest of the process's life and calls a function in it that takes and returns nothing.
fn call(library: &Path, symbol: &str) -> Result<()> {
    let name = CString::new(symbol)?;
    // SAFETY: the library is the toolkit or a cell, built by the kernel against that toolkit; its constructors are
    // those of Rust libraries, and the symbol is a function of this signature by construction.
    unsafe {
        let library = Library::open(Some(library), RTLD_NOW | RTLD_GLOBAL)?;
        let function: Symbol<unsafe extern "C" fn()> = library.get(name.as_bytes_with_nul())?;
        function();
        // Later cells and stored variables use its code: it is never unloaded.
        std::mem::forget(library);
    }
    Ok(())
}

/// Commands come by standard input; it is moved away so that a cell that reads standard input meets its end, not ours.
fn take_standard_input() -> Result<File> {
    // SAFETY: plain system calls on descriptors this process owns; nothing else runs yet.
    unsafe {
        let commands = libc::fcntl(libc::STDIN_FILENO, libc::F_DUPFD_CLOEXEC, 100);
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if commands < 0 || null < 0 || libc::dup2(null, libc::STDIN_FILENO) < 0 {
            bail!(
                "the command pipe could not be set up: {}",
                std::io::Error::last_os_error()
            );
        }
        libc::close(null);
        Ok(File::from_raw_fd(commands))
    }
}

/// A cell in an endless loop must not outlive a kernel that was killed.
fn die_with_parent() -> Result<()> {
    // SAFETY: a system call without pointers.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } != 0 {
        bail!(
            "the system did not agree to end this process with its parent: {}",
            std::io::Error::last_os_error()
        );
    }
    Ok(())
}

/// Says in the toolkit's place, in both streams, that a cell could not even be loaded.
fn report_unloadable(message: &str) -> Result<()> {
    let token = std::env::var("CARNET_DISPLAY_TOKEN").unwrap_or_default();
    let report = serde_json::json!({ "kind": "end", "outcome": "unloadable", "message": message });
    writeln!(std::io::stdout(), "\u{1e}{token} {report}")?;
    writeln!(
        std::io::stderr(),
        "\u{1e}{token} {}",
        serde_json::json!({ "kind": "end" })
    )?;
    std::io::stdout().flush()?;
    Ok(())
}
