//! The descriptors of a process that runs cells: what it was started with is moved away, so that cells, and programs that they
//! start, find something of their own there.

use std::ffi::CStr;
use std::io::Error;
use std::os::fd::RawFd;

use anyhow::{Result, bail};

/// Gives what the descriptor stands for another number, which no program that a cell starts inherits, and has the descriptor
/// stand for the file at `path` from now on, opened with these flags of `open`. Returns the number.
pub fn move_away(descriptor: RawFd, path: &CStr, flags: libc::c_int) -> Result<RawFd> {
    // SAFETY: a system call without pointers.
    let moved = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 100) };
    if moved < 0 {
        let error = Error::last_os_error();
        bail!("descriptor {descriptor} could not be moved: {error}");
    }
    replace(descriptor, path, flags)?;
    Ok(moved)
}

/// Has the descriptor stand for the file at `path` from now on, opened with these flags of `open`.
pub fn replace(descriptor: RawFd, path: &CStr, flags: libc::c_int) -> Result<()> {
    // SAFETY: system calls; the path ends in a zero.
    unsafe {
        let file = libc::open(path.as_ptr(), flags | libc::O_CLOEXEC);
        if file < 0 || libc::dup2(file, descriptor) < 0 {
            let error = Error::last_os_error();
            bail!("{} could not be opened: {error}", path.to_string_lossy());
        }
        libc::close(file);
    }
    Ok(())
}
