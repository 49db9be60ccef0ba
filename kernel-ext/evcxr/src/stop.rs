//! Stops what evcxr does: the process that runs cells, or cargo with all it started.

use std::collections::BTreeMap;

/// The processes below this one, but for `spared` and those below it.
pub(crate) fn compilers(spared: i32) -> Vec<i32> {
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
    let (mut found, mut next) = (Vec::new(), vec![own]);
    while let Some(parent) = next.pop() {
        let below = children.get(&parent).into_iter().flatten();
        for id in below.filter(|id| **id != spared) {
            found.push(*id);
            next.push(*id);
        }
    }
    found
}

/// Ends processes at once.
pub(crate) fn kill(processes: &[i32]) {
    for process in processes {
        // SAFETY: a system call without pointers.
        unsafe { libc::kill(*process, libc::SIGKILL) };
    }
}
