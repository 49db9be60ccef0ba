//! Whether the toolkit's file is still the one that the process which runs cells has loaded. One that was built since may lay
//! values out otherwise, and a cell compiled against it would read the process's memory wrongly.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::CellError;

/// The toolkit's file as it was when it was looked at first.
#[derive(Debug)]
pub struct ToolkitFile {
    path: PathBuf,
    seen: Option<State>,
}

/// Device, inode, length, and the time of the last change in seconds and nanoseconds.
type State = (u64, u64, u64, i64, i64);

impl ToolkitFile {
    /// The file as it is now.
    pub fn look(path: PathBuf) -> Self {
        let seen = state(&path);
        Self { path, seen }
    }

    /// Whether another file is there now.
    pub fn is_replaced(&self) -> bool {
        state(&self.path) != self.seen
    }

    /// Why no cell runs once it is.
    pub fn check(&self) -> Result<(), CellError> {
        if !self.is_replaced() {
            return Ok(());
        }
        Err(CellError::new(
            "toolkit replaced",
            format!(
                "{} was built anew since this kernel loaded it, and a cell compiled against the new one cannot run in the \
                 old one. Restart the kernel and run the cells again",
                self.path.display()
            ),
        ))
    }
}

fn state(path: &Path) -> Option<State> {
    let about = std::fs::metadata(path).ok()?;
    Some((
        about.dev(),
        about.ino(),
        about.size(),
        about.mtime(),
        about.mtime_nsec(),
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_file_that_was_replaced_or_written_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("toolkit.so");
        std::fs::write(&path, "one").unwrap();
        let file = ToolkitFile::look(path.clone());
        file.check().unwrap();
        std::fs::write(folder.path().join("new"), "two").unwrap();
        std::fs::rename(folder.path().join("new"), &path).unwrap();
        let error = file.check().unwrap_err();
        assert!(
            error.value.contains("Restart the kernel"),
            "{}",
            error.value
        );
        std::fs::remove_file(&path).unwrap();
        assert!(file.is_replaced());
    }
}
