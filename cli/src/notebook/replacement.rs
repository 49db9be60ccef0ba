//! Puts a new text in a file's place: written beside it and renamed, so that the file holds the old text or the whole new one.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::Builder;

/// Replaces the file at `path`, or makes it. Its permissions stay; a new one has those of any new file. Through a symbolic
/// link the file it names is replaced, not the link.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = target(path);
    let permissions = match std::fs::metadata(&target) {
        Ok(metadata) => metadata.permissions(),
        Err(_) => Permissions::from_mode(0o666), // less the umask, as for any new file
    };
    let mut file = Builder::new()
        .prefix(".carnet-")
        .permissions(permissions)
        .tempfile_in(folder_of(&target))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// Whether [`replace`] can write there; nothing is left behind.
pub(crate) fn can_replace(path: &Path) -> io::Result<()> {
    let target = target(path);
    if target.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let tried = Builder::new()
        .prefix(".carnet-")
        .tempfile_in(folder_of(&target));
    tried.map(drop)
}

fn target(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
