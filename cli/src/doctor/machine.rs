//! Disk and memory.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Finding;

/// Below this a cell may not compile.
const LEAST_DISK: u64 = 200 << 20;
/// Below this the toolkit cannot be built.
const MUCH_DISK: u64 = 6 << 30;
/// Below this loading a large table may end the process.
const LEAST_MEMORY: u64 = 1 << 30;

/// The disk that cells are compiled on.
pub(super) fn disk() -> Finding {
    const NAME: &str = "disk";
    let folder = std::env::temp_dir();
    let Some(free) = free(&folder) else {
        return Finding::missing(
            NAME,
            format!("{} cannot be used", folder.display()),
            "name another folder in TMPDIR",
        );
    };
    let found = format!("{:.1} GB free in {}", free as f64 / 1e9, folder.display());
    if free < LEAST_DISK {
        Finding::missing(
            NAME,
            found,
            "free some space, or name another folder in TMPDIR",
        )
    } else if free < MUCH_DISK {
        Finding::warning(
            NAME,
            found,
            "enough to run notebooks; building the toolkit takes 6 GB",
        )
    } else {
        Finding::ok(NAME, found)
    }
}

/// The memory that is free.
pub(super) fn memory() -> Finding {
    const NAME: &str = "memory";
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: u64 = line.trim_end_matches("kB").trim().parse().ok()?;
        Some(kilobytes << 10)
    };
    match (field("MemAvailable:"), field("MemTotal:")) {
        (Some(free), Some(all)) => {
            let gigabytes = |bytes: u64| bytes as f64 / f64::from(1 << 30);
            let found = format!(
                "{:.1} of {:.1} GiB available",
                gigabytes(free),
                gigabytes(all)
            );
            if free < LEAST_MEMORY {
                Finding::warning(
                    NAME,
                    found,
                    "end other programs before loading large tables",
                )
            } else {
                Finding::ok(NAME, found)
            }
        }
        _ => Finding::warning(NAME, "/proc/meminfo cannot be read", "look with `free -h`"),
    }
}

fn free(folder: &Path) -> Option<u64> {
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    // SAFETY: the path is a C string, and the structure is filled by the system before it is read.
    unsafe {
        let mut about: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &mut about) == 0).then(|| about.f_bavail * about.f_frsize)
    }
}
