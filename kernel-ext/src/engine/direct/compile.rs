//! Runs rustc on one crate, so that it can be stopped at any moment with the linker it started.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::dependency::Group;
use super::process_group::KillOnDrop;
use crate::toolchain::Toolchain;

/// One message of rustc, as it writes it with `--error-format=json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Diagnostic {
    /// The sentence.
    pub(crate) message: String,
    /// `E0308`, for example.
    pub(crate) code: Option<Code>,
    /// `error`, `warning`, `note`, `help`, `failure-note`.
    pub(crate) level: String,
    /// Where.
    #[serde(default)]
    pub(crate) spans: Vec<Span>,
    /// Notes and help.
    #[serde(default)]
    pub(crate) children: Vec<Diagnostic>,
}

/// A code that rustc can explain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    /// The code.
    pub(crate) code: String,
}

/// A place in a source file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Span {
    /// The file, as it was given to rustc.
    pub(crate) file_name: String,
    /// The first byte.
    pub(crate) byte_start: usize,
    /// One past the last byte.
    pub(crate) byte_end: usize,
    /// Whether the message is about this place.
    pub(crate) is_primary: bool,
    /// What there is to say of it.
    pub(crate) label: Option<String>,
    /// What to write there instead.
    pub(crate) suggested_replacement: Option<String>,
    /// The macro call this place was expanded from.
    pub(crate) expansion: Option<Box<Expansion>>,
}

/// See [`Span::expansion`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Expansion {
    /// The call.
    pub(crate) span: Span,
}

/// What rustc made of a crate.
#[derive(Debug)]
pub(crate) enum Compiled {
    /// A library, and the MIR of it.
    Library {
        /// The library.
        library: PathBuf,
        /// The MIR, as text.
        mir: String,
    },
    /// Errors, warnings left out.
    Errors(Vec<Diagnostic>),
}

/// Compiles the crate `name` from `file`, which lies in the folder `session`, against the toolkit and the cells before.
///
/// The answer can be waited for together with an interrupt: dropped, it stops the compiler.
pub(crate) async fn compile(
    toolchain: &Toolchain,
    session: &Path,
    file: &str,
    name: &str,
    cells: &[String],
    dependencies: &[Group],
    optimisation: u8,
) -> std::io::Result<Compiled> {
    let mut command = Command::new(&toolchain.rustc);
    command
        .current_dir(session)
        .arg(file)
        .args(["--crate-name", name]);
    command.args([
        "--edition",
        "2024",
        "--crate-type",
        "dylib",
        "--emit=link,mir",
        "--error-format=json",
    ]);
    // Warnings would tell of generated code. Line tables let a panic inside a library be traced to the cell's line.
    command.args([
        "-A",
        "warnings",
        "-C",
        "prefer-dynamic",
        "-C",
        "debuginfo=line-tables-only",
    ]);
    command.args(["-C", &format!("opt-level={optimisation}")]);
    command
        .arg("-L")
        .arg(joined("dependency=", &toolchain.toolkit_dir));
    command.args(["-L", "dependency=."]);
    for alias in ["carnet=", "carnet_toolkit="] {
        command
            .arg("--extern")
            .arg(joined(alias, &toolchain.toolkit()));
    }
    for cell in cells {
        command.arg("--extern").arg(format!("{cell}=lib{cell}.so"));
    }
    for group in dependencies {
        command
            .arg("-L")
            .arg(joined("dependency=", &group.folder()));
        let own = (&group.crate_name, &group.library);
        for (name, file) in group.externs.iter().chain([own]) {
            command
                .arg("--extern")
                .arg(joined(&format!("{name}="), file));
        }
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn()?;
    let killer = KillOnDrop::new(&child);
    let output = child.wait_with_output().await?;
    killer.disarm();
    if output.status.success() {
        let library = session.join(format!("lib{name}.so"));
        let mir = tokio::fs::read_to_string(session.join(format!("{name}.mir"))).await?;
        return Ok(Compiled::Library { library, mir });
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let mut errors: Vec<Diagnostic> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    errors.retain(|diagnostic| {
        diagnostic.level.starts_with("error") && !diagnostic.message.starts_with("aborting due to")
    });
    if errors.is_empty() {
        let message = format!(
            "rustc failed ({}) without a message for the cell: {}",
            output.status,
            text.trim()
        );
        let level = "error".to_owned();
        errors.push(Diagnostic {
            message,
            code: None,
            level,
            spans: Vec::new(),
            children: Vec::new(),
        });
    }
    Ok(Compiled::Errors(errors))
}

fn joined(prefix: &str, path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from(prefix);
    text.push(path);
    text
}
