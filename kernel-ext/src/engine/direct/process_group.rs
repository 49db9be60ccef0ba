//! Stops a process together with everything it started. Each process of the kernel leads a group of its own.

use tokio::process::Child;

/// Kills the group that a child leads when dropped.
#[derive(Debug)]
pub(crate) struct KillOnDrop(Option<libc::pid_t>);

impl KillOnDrop {
    /// For a child started with `process_group(0)` and not yet waited for.
    pub(crate) fn new(child: &Child) -> Self {
        Self(child.id().and_then(|id| libc::pid_t::try_from(id).ok()))
    }

    /// For a child that has ended and leaves nothing behind: its id may soon be another's.
    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            // SAFETY: a system call without pointers. The id is that of a group this process made.
            unsafe { libc::kill(-id, libc::SIGKILL) };
        }
    }
}
