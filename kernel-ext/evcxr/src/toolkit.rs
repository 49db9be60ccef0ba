//! How cells that evcxr compiles come by the prebuilt toolkit. evcxr has cargo build a crate a cell and has rust-analyzer tell
//! the types of its variables: cargo must not build the toolkit again, and rust-analyzer must read its sources. So cells
//! depend on two small crates that are written here. For cargo they depend on nothing, and the compiler is told where the
//! toolkit's dylib lies; under a `cfg` that only the metadata for rust-analyzer is asked with, they depend on the sources.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use carnet_kernel::engine::Output;
use carnet_kernel::toolchain::{SEARCH_PATH, Toolchain, ToolchainError};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::child;
use crate::streams::Streams;

/// What rust-analyzer's view is asked with.
const ANALYSIS: &str = "carnet_analysis";
/// The workspace of the toolkit's sources.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// The versions the toolkit was built of.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// What shows values. A crate of its own: evcxr takes a note that points into a cell's crate, as at a bound there that is not
/// met, for the error itself, and does not fall back then. In the toolkit it would be found, and not be in scope, under other
/// kernels. rust-analyzer does not know `carnet` there, and need not: nothing has a type of it.
const DISPLAY: &str = "pub trait EvcxrDisplay { fn evcxr_display(&self); }
impl<T: ::carnet::show::Show + ?Sized> EvcxrDisplay for T {
    fn evcxr_display(&self) {
        ::carnet::show::send(::carnet::show::Role::Result, &::carnet::show::Show::bundle(self));
    }
}
";

/// The session's folder, with the crates that cells depend on.
pub(crate) struct Workplace {
    folder: TempDir,
    /// Marks what is not text in what cells write.
    token: String,
    toolchain: Result<Toolchain, ToolchainError>,
}

impl Workplace {
    /// Writes the crates, and sets the environment for evcxr: call it before there are threads.
    pub(crate) fn make() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("carnet-kernel-")
            .tempdir()
            .context("no folder for the session's files")?;
        let cells = folder.path().join("cells");
        std::fs::create_dir(&cells)?;
        let dependencies = format!(
            "carnet = {{ path = {:?} }}\ncarnet-toolkit = {{ path = {:?} }}",
            WORKSPACE,
            format!("{WORKSPACE}/kernel-ext/toolkit")
        );
        let names = "pub extern crate carnet;\npub extern crate carnet_toolkit;\n\
                     pub use carnet_display::EvcxrDisplay;\npub use carnet_toolkit::crates::*;\n";
        // By way of this one: cargo looks at each crate that cells ask for by itself, and forgets the versions of the others.
        let display = "carnet-display = { path = \"../display\" }";
        write_crate(
            &folder.path().join("names"),
            "carnet-names",
            [display, &dependencies],
            names,
        )?;
        // evcxr's own runtime for `.await` is made of the toolkit's tokio: one copy in the process.
        let tokio = "pub use carnet_toolkit::crates::tokio::*;\n";
        let own = folder.path().join("tokio");
        write_crate(&own, "tokio", ["", &dependencies], tokio)?;
        write_crate(
            &folder.path().join("display"),
            "carnet-display",
            ["", ""],
            DISPLAY,
        )?;
        let toolchain = Toolchain::find();
        // SAFETY: the caller has no threads yet.
        unsafe {
            std::env::set_var("EVCXR_TMPDIR", &cells);
            std::env::set_var("RUSTFLAGS", format!("--cfg {ANALYSIS}"));
            if let Some(name) = toolchain.as_ref().ok().and_then(rustup_name) {
                std::env::set_var("RUSTUP_TOOLCHAIN", name);
            }
        }
        Ok(Self {
            folder,
            token: uuid::Uuid::new_v4().simple().to_string(),
            toolchain,
        })
    }

    /// What cells are compiled with, or why they cannot be.
    pub(crate) fn toolchain(&self) -> Result<&Toolchain, String> {
        self.toolchain.as_ref().map_err(ToString::to_string)
    }

    /// Has cargo take the versions that the toolkit was built of. To be called just before cells come to depend on it: cargo
    /// forgets versions that nothing depends on.
    pub(crate) fn lock(&self) -> std::io::Result<()> {
        std::fs::write(self.folder.path().join("cells").join("Cargo.lock"), LOCK)
    }

    /// The lines by which cells depend on the toolkit: on all its crates, with what shows values, and on its tokio, for `.await`.
    pub(crate) fn dependencies(&self) -> [String; 2] {
        [
            self.line("carnet-names", "names"),
            self.line("tokio", "tokio"),
        ]
    }

    /// The line by which cells depend on the crate that shows values, and their import of it.
    pub(crate) fn display(&self) -> (String, &'static str) {
        let line = self.line("carnet-display", "display");
        (line, "use carnet_display::EvcxrDisplay;")
    }

    fn line(&self, name: &str, folder: &str) -> String {
        let folder = self.folder.path().join(folder);
        format!(":dep {name} = {{ path = {folder:?} }}\n")
    }

    /// What cells write; `idle` takes what is written between them. Once.
    pub(crate) fn streams(&self, idle: mpsc::UnboundedSender<Output>) -> Result<Streams> {
        Streams::make(self.folder.path(), &self.token, idle)
    }

    /// The process that runs cells.
    pub(crate) fn child(&self, toolchain: &Toolchain) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .env(SEARCH_PATH, toolchain.search_path(&[])?)
            .env("CARNET_DISPLAY_TOKEN", &self.token)
            .env("CARNET_TOOLKIT_FILE", toolchain.toolkit())
            .env(child::STREAMS, self.folder.path())
            .env_remove("RUSTFLAGS");
        // SAFETY: a system call without pointers, which may stand there. Until the process is prepared there is no cell to
        // stop.
        unsafe {
            command.pre_exec(|| {
                libc::signal(child::STOP, libc::SIG_IGN);
                Ok(())
            })
        };
        Ok(command)
    }
}

/// What rustc is given for each crate of a cell.
pub(crate) fn flags(toolchain: &Toolchain) -> String {
    let toolkit = toolchain.toolkit();
    let mut flags = vec!["-Cprefer-dynamic".to_owned()];
    for alias in ["carnet", "carnet_toolkit"] {
        flags.push("--extern".to_owned());
        flags.push(format!("{alias}={}", toolkit.display()));
    }
    flags.push(format!("-Ldependency={}", toolchain.toolkit_dir.display()));
    // Unit separators, so that a path may hold a space.
    flags.join("\u{1f}")
}

/// Writes a crate with these dependencies: for all, and for rust-analyzer alone.
fn write_crate(
    folder: &Path,
    name: &str,
    [dependencies, analysed]: [&str; 2],
    code: &str,
) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"1.99.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n\
         [features]\nrt = []\nrt-multi-thread = []\n\n[dependencies]\n{dependencies}\n\n[target.'cfg({ANALYSIS})'.dependencies]\n{analysed}\n"
    );
    std::fs::write(folder.join("Cargo.toml"), manifest)?;
    std::fs::write(folder.join("lib.rs"), code)?;
    Ok(())
}

/// The name by which rustup knows a toolchain, which is its folder's.
fn rustup_name(toolchain: &Toolchain) -> Option<String> {
    let root = toolchain.root()?;
    let is_rustups = root.parent()?.file_name()? == "toolchains";
    is_rustups.then(|| root.file_name()?.to_str().map(str::to_owned))?
}
