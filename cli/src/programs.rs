//! Programs as a shell sees them: what one prints, and by which name this one is called. Nothing installs `carnet` where the
//! search path looks, so a remedy that says `carnet` alone might not run.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program prints; none when it does not start or fails.
pub(crate) fn printed(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// How a shell calls this program.
pub(crate) fn own_name() -> String {
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    match std::env::current_exe().and_then(|path| path.canonicalize()) {
        Ok(own) => name_of(&own, &search_path),
        Err(_) => "carnet".to_owned(),
    }
}

/// `carnet` where the search path finds this very file, else the file's path.
fn name_of(own: &Path, search_path: &OsStr) -> String {
    let is_program = |file: &PathBuf| {
        let about = file.metadata();
        about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    let found = std::env::split_paths(search_path)
        .map(|folder| folder.join("carnet"))
        .find(is_program);
    match found.and_then(|file| file.canonicalize().ok()) {
        Some(found) if found == own => "carnet".to_owned(),
        _ => quoted(own),
    }
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    match text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_program_that_the_search_path_does_not_find_is_called_by_its_path() {
        let [one, other] = [(); 2].map(|()| {
            let folder = tempfile::tempdir().unwrap();
            let program = folder.path().join("carnet");
            std::fs::write(&program, "").unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            folder
        });
        let own = one.path().join("carnet").canonicalize().unwrap();
        let path = own.display().to_string();
        let both = |first: &Path, second: &Path| std::env::join_paths([first, second]).unwrap();
        let name = |search_path: &OsStr| name_of(&own, search_path);
        assert_eq!(name(&both(one.path(), other.path())), "carnet");
        assert_eq!(name(&both(other.path(), one.path())), path);
        assert_eq!(name(OsStr::new("/nowhere")), path);
        // What cannot be run is not what a shell finds.
        let file = other.path().join("carnet");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(name(&both(other.path(), one.path())), "carnet");
    }

    #[test]
    fn a_path_with_a_space_is_one_word_to_a_shell() {
        assert_eq!(quoted(Path::new("/a/b-c.d")), "/a/b-c.d");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
