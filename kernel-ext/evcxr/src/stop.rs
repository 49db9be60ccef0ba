//! Stops what evcxr does: the process that runs cells, or cargo with all it started.

use std::collections::BTreeMap;

use crate::child::STOP;

/// Ends the process that runs cells if it runs one: it knows itself.
pub(crate) fn ask(process: u32) {
    if let Ok(process) = i32::try_from(process) {
        // SAFETY: a system call without pointers, on a child that has not been waited for.
        unsafe { libc::kill(process, STOP) };
    }
}

/// Ends what builds cells, at once: cargo, as evcxr starts it, and all below. What rust-analyzer asks cargo is not touched: it
/// would go on without the answer for the rest of the session.
pub(crate) fn kill_builds() {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default();
        let parent = fields
            .split_whitespace()
            .nth(1)
            .and_then(|parent| parent.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(id);
        }
    }
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let of = |parent: i32| children.get(&parent).into_iter().flatten().copied();
    let mut next: Vec<i32> = of(own).filter(|id| is_build(*id)).collect();
    let mut found = Vec::new();
    while let Some(id) = next.pop() {
        found.push(id);
        next.extend(of(id));
    }
    for process in found {
        // SAFETY: a system call without pointers.
        unsafe { libc::kill(process, libc::SIGKILL) };
    }
}

/// Whether evcxr started the process to build a cell.
fn is_build(process: i32) -> bool {
    let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let mut words = line.split(|byte| *byte == 0);
    words.any(|word| matches!(word, b"build" | b"check"))
}
