//! Finds what cells are compiled with: rustc, and the toolkit's dylib with the metadata of what it is made of. Both are
//! named by the kernelspec (`CARNET_RUSTC`, `CARNET_TOOLKIT_DIR`), with defaults for a kernel started by hand. The two
//! belong together: rustc reads no crate that another rustc wrote.

use std::env::JoinPathsError;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable that names the folder of `libcarnet_toolkit.so`.
pub const TOOLKIT_DIR: &str = "CARNET_TOOLKIT_DIR";
/// The environment variable that names the compiler the toolkit was built with.
pub const RUSTC: &str = "CARNET_RUSTC";
/// The environment variable that says where the system looks for libraries.
pub const SEARCH_PATH: &str = "LD_LIBRARY_PATH";
/// The file name of the toolkit.
pub const TOOLKIT_FILE: &str = "libcarnet_toolkit.so";
/// What the compiler that built the toolkit, and this crate along with it, calls itself.
pub const BUILT_WITH: &str = env!("CARNET_BUILT_WITH");

/// The compiler and the toolkit.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// The compiler.
    pub rustc: PathBuf,
    /// Its standard library's folder, which the process that runs cells needs to load.
    pub library_dir: PathBuf,
    /// The folder of the toolkit and of the metadata of the crates in it.
    pub toolkit_dir: PathBuf,
}

/// Why no cell can be compiled, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// rustc did not start.
    #[error(
        "cells are compiled by rustc, and `{rustc}` did not start: {source}. Install Rust from https://rustup.rs, or name \
         the compiler in the environment variable CARNET_RUSTC"
    )]
    NoRustc {
        /// What was tried.
        rustc: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// rustc started and failed.
    #[error("cells are compiled by rustc, and `{rustc} {asked}` failed: {message}")]
    BadRustc {
        /// What was tried.
        rustc: String,
        /// What it was asked.
        asked: String,
        /// What it said.
        message: String,
    },
    /// It is not the compiler that built the toolkit.
    #[error(
        "cells can be compiled only by the compiler that built the toolkit, {BUILT_WITH}, and `{rustc}` is {found}. Run \
         this in the project's folder, whose rust-toolchain.toml names the compiler, or name it in the environment \
         variable CARNET_RUSTC"
    )]
    OtherRustc {
        /// What was tried.
        rustc: String,
        /// What it calls itself.
        found: String,
    },
    /// The toolkit is nowhere.
    #[error(
        "the toolkit that cells compile against, {TOOLKIT_FILE}, is not in {}. Build it with `cargo build --workspace \
         --lib --bins` and install the kernel again with `make kernel`, or name its folder in the environment \
         variable CARNET_TOOLKIT_DIR",
        list(.searched)
    )]
    NoToolkit {
        /// The folders that were searched.
        searched: Vec<PathBuf>,
    },
}

impl Toolchain {
    /// Finds both, or says what is missing. Starts rustc once (some 30 ms).
    pub fn find() -> Result<Self, ToolchainError> {
        let toolkit_dir = find_toolkit()?;
        let rustc = named_rustc();
        let library_dir = PathBuf::from(ask(&rustc, &["--print", "target-libdir"])?);
        Ok(Self {
            rustc,
            library_dir,
            toolkit_dir,
        })
    }

    /// The toolchain's folder, of which the library's is `lib/rustlib/TARGET/lib`.
    pub fn root(&self) -> Option<&Path> {
        self.library_dir.ancestors().nth(4)
    }

    /// A program of the same toolchain: beside the compiler, else by the search path.
    pub fn program(&self, name: &str) -> PathBuf {
        let beside = self.root().map(|root| root.join("bin").join(name));
        beside
            .filter(|program| program.is_file())
            .unwrap_or_else(|| PathBuf::from(name))
    }

    /// `LD_LIBRARY_PATH` for a process that runs cells: the toolkit's folder, the standard library's, `more`, and what this
    /// process has. Fails when a folder's name holds a colon.
    pub fn search_path(&self, more: &[&Path]) -> Result<OsString, JoinPathsError> {
        let own = [self.toolkit_dir.as_path(), &self.library_dir];
        let inherited = std::env::var_os(SEARCH_PATH);
        let inherited = inherited.iter().flat_map(std::env::split_paths);
        let folders = own.iter().chain(more).map(|folder| folder.to_path_buf());
        std::env::join_paths(folders.chain(inherited))
    }

    /// The toolkit's file.
    pub fn toolkit(&self) -> PathBuf {
        self.toolkit_dir.join(TOOLKIT_FILE)
    }
}

/// The folder of the toolkit: what the environment names, else beside this program or in `deps` below it, where cargo
/// puts it.
pub fn find_toolkit() -> Result<PathBuf, ToolchainError> {
    let named = std::env::var_os(TOOLKIT_DIR)
        .filter(|dir| !dir.is_empty())
        .map(PathBuf::from);
    let searched = match named {
        Some(dir) => vec![dir],
        None => {
            let program = std::env::current_exe()
                .and_then(|exe| exe.canonicalize())
                .unwrap_or_default();
            let beside = program.parent().unwrap_or(Path::new(".")).to_owned();
            vec![beside.join("deps"), beside]
        }
    };
    match searched.iter().find(|dir| dir.join(TOOLKIT_FILE).is_file()) {
        Some(dir) => Ok(dir.clone()),
        None => Err(ToolchainError::NoToolkit { searched }),
    }
}

/// The path of the real compiler behind the one that the environment names, or else behind `rustc` in the current folder,
/// which rustup may choose by folder. Fails unless it is the one that built the toolkit.
pub fn find_rustc() -> Result<PathBuf, ToolchainError> {
    let root = ask(&named_rustc(), &["--print", "sysroot"])?;
    let rustc = PathBuf::from(root).join("bin").join("rustc");
    check_version(&rustc)?;
    Ok(rustc)
}

/// The compiler as the environment names it, else as the search path has it.
fn named_rustc() -> PathBuf {
    let named = std::env::var_os(RUSTC).filter(|rustc| !rustc.is_empty());
    PathBuf::from(named.unwrap_or_else(|| "rustc".into()))
}

/// Fails unless the compiler is the one that built the toolkit.
fn check_version(rustc: &Path) -> Result<(), ToolchainError> {
    let found = ask(rustc, &["--version"])?;
    if found == BUILT_WITH {
        return Ok(());
    }
    Err(ToolchainError::OtherRustc {
        rustc: rustc.display().to_string(),
        found,
    })
}

/// What the compiler answers, without the line break.
fn ask(rustc: &Path, arguments: &[&str]) -> Result<String, ToolchainError> {
    let name = || rustc.display().to_string();
    let output = Command::new(rustc).args(arguments).output();
    let output = output.map_err(|source| ToolchainError::NoRustc {
        rustc: name(),
        source,
    })?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(ToolchainError::BadRustc {
            rustc: name(),
            asked: arguments.join(" "),
            message,
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn list(folders: &[PathBuf]) -> String {
    let names: Vec<String> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    names.join(" or ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_compiler_that_fails_is_told_with_what_it_was_asked() {
        let error = ask(Path::new("false"), &["--print", "sysroot"]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("`false --print sysroot` failed"), "{text}");
    }

    #[test]
    fn only_the_compiler_that_built_the_toolkit_is_taken() {
        assert!(find_rustc().unwrap().is_file());
        let text = check_version(Path::new("cc")).unwrap_err().to_string();
        let found = ask(Path::new("cc"), &["--version"]).unwrap();
        for part in [BUILT_WITH, &found, "in the project's folder", RUSTC] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
