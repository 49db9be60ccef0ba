//! The compiler, the linker, the toolkit, and rust-analyzer.

use std::path::{Path, PathBuf};
use std::process::Command;

use carnet_kernel::toolchain::TOOLKIT_FILE;

use super::Finding;
use crate::notebook::kernelspec::Kernelspec;
use crate::programs::{own_name, printed};
use crate::toolkit;

/// The compiler that cells use: what the environment names, else the installed kernel, else the one of the search path.
fn rustc() -> PathBuf {
    let named = std::env::var_os("CARNET_RUSTC").filter(|rustc| !rustc.is_empty());
    let of_kernel = || {
        let kernel = Kernelspec::find(Some("carnet")).ok()?;
        let environment = kernel.environment();
        let named = environment.iter().find(|(name, _)| name == "CARNET_RUSTC");
        named.map(|(_, path)| PathBuf::from(path))
    };
    named
        .map(PathBuf::from)
        .or_else(of_kernel)
        .unwrap_or_else(|| PathBuf::from("rustc"))
}

/// The compiler has to be the very one that the toolkit was built with.
pub(super) fn compiler() -> Finding {
    const NAME: &str = "compiler";
    let rustc = rustc();
    let Some(version) = printed(&rustc, &["--version"]) else {
        return Finding::missing(
            NAME,
            format!("`{}` does not start", rustc.display()),
            "install Rust from https://rustup.rs, or name the compiler in CARNET_RUSTC",
        );
    };
    match toolkit::refusal(&rustc, &version) {
        None => Finding::ok(NAME, version),
        Some(what) => Finding::missing(
            NAME,
            what,
            format!(
                "{} kernel install, in the project's folder, whose rust-toolchain.toml names the compiler, or with its \
                 path in CARNET_RUSTC",
                own_name()
            ),
        ),
    }
}

/// Cells are linked by the C compiler.
pub(super) fn linker() -> Finding {
    const NAME: &str = "linker";
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            return Finding::missing(
                NAME,
                format!("no temporary folder: {error}"),
                "free disk space, or set TMPDIR",
            );
        }
    };
    let source = folder.path().join("a.c");
    let linked = std::fs::write(&source, "int main(void) { return 0; }\n").is_ok()
        && Command::new("cc")
            .arg("-o")
            .arg(folder.path().join("a"))
            .arg(&source)
            .output()
            .is_ok_and(|output| output.status.success());
    if linked {
        let version = printed(Path::new("cc"), &["--version"]).unwrap_or_default();
        Finding::ok(NAME, version.lines().next().unwrap_or("cc").to_owned())
    } else {
        Finding::missing(
            NAME,
            "`cc` does not link a program",
            "apt install gcc (or your system's C compiler)",
        )
    }
}

/// The folder in which the toolkit was built: below this program, or as the environment says.
fn toolkit_folder() -> PathBuf {
    std::env::var_os("CARNET_TOOLKIT_DIR").map_or_else(toolkit::folder, PathBuf::from)
}

/// The library that cells are linked with.
pub(super) fn toolkit() -> Finding {
    const NAME: &str = "toolkit";
    let file = toolkit_folder().join(TOOLKIT_FILE);
    match std::fs::metadata(&file) {
        Ok(about) => Finding::ok(
            NAME,
            format!("{} ({} MB)", file.display(), about.len() / 1_000_000),
        ),
        Err(error) => Finding::missing(
            NAME,
            format!("{}: {error}", file.display()),
            "cargo build --workspace --lib --bins",
        ),
    }
}

/// Completion reads the sources by rust-analyzer, and std's own by `rust-src`.
pub(super) fn analyzer() -> Finding {
    const NAME: &str = "completion";
    const REMEDY: &str = "rustup component add rust-analyzer rust-src";
    let Some(root) = printed(&rustc(), &["--print", "sysroot"]).map(PathBuf::from) else {
        return Finding::warning(NAME, "there is no compiler", REMEDY);
    };
    let program = root.join("bin").join("rust-analyzer");
    let sources = root.join("lib/rustlib/src/rust/library/std");
    match (program.is_file(), sources.is_dir()) {
        (true, true) => Finding::ok(NAME, program.display().to_string()),
        (false, _) => Finding::warning(NAME, format!("{} is not there", program.display()), REMEDY),
        (true, false) => {
            Finding::warning(NAME, format!("{} is not there", sources.display()), REMEDY)
        }
    }
}
