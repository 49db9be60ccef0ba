//! Runs cargo on the crate that holds what a cell asks for.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

use super::Group;
use super::artefacts::read_artefacts;
use super::progress::Progress;
use crate::engine::direct::process_group::KillOnDrop;
use crate::engine::{CellError, Output};
use crate::toolchain::Toolchain;

/// Builds the crate in the folder, and says which files came of it.
pub(super) async fn run_cargo(
    folder: &Path,
    lines: Vec<String>,
    crate_name: String,
    toolchain: &Toolchain,
    outputs: &mpsc::Sender<Output>,
) -> Result<Group, CellError> {
    let cargo = toolchain.program("cargo");
    let mut command = Command::new(&cargo);
    command
        .current_dir(folder)
        .args([
            "rustc",
            "--lib",
            "--message-format=json-render-diagnostics",
            "--",
            "-C",
            "prefer-dynamic",
        ])
        .env("RUSTC", &toolchain.rustc)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let not_started = |error: std::io::Error| {
        CellError::new(
            "crate not built",
            format!(
                "`{}` did not start: {error}. `:dep` needs cargo; install Rust from https://rustup.rs",
                cargo.display()
            ),
        )
    };
    let mut child = command.spawn().map_err(not_started)?;
    let killer = KillOnDrop::new(&child);
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(not_started(std::io::Error::other("it has no output")));
    };
    let names = names(&lines);
    let mut shown = Progress::begin(&names, outputs).await;
    let artefacts = async {
        let mut text = String::new();
        let _ = BufReader::new(stdout).read_to_string(&mut text).await;
        text
    };
    let said = shown.follow(BufReader::new(stderr));
    let (status, artefacts, said) = tokio::join!(child.wait(), artefacts, said);
    killer.disarm();
    if !status.is_ok_and(|status| status.success()) {
        shown.update("not built").await;
        return Err(not_built(&names, &said));
    }
    let (library, externs) = read_artefacts(&artefacts, &crate_name, &lines);
    let library = library.ok_or_else(|| not_built(&names, "cargo named no library"))?;
    shown.update("built and kept for the next time").await;
    Ok(Group {
        lines,
        crate_name,
        library,
        externs,
    })
}

fn names(lines: &[String]) -> String {
    let name = |line: &String| format!("`{}`", line.split(['=', ' ']).next().unwrap_or_default());
    lines.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// What cargo said, shortly, and what to do.
fn not_built(names: &str, said: &str) -> CellError {
    let has = |part: &str| said.contains(part);
    let advice = if has("no matching package") {
        "Is the name spelt right?"
    } else if has("failed to select a version") || has("candidate versions found") {
        "Is there such a version?"
    } else if has("Could not resolve")
        || has("failed to download")
        || has("spurious network")
        || has("offline")
    {
        "The registry could not be reached: check the network, or ask for a crate in cargo's cache."
    } else if has("linker") && has("not found") {
        "Install a C compiler and linker (Debian: `apt install gcc`)."
    } else if has("No space left on device") {
        "The disk is full: delete what is not needed, such as the folder carnet/deps below the user's cache folder."
    } else if has("failed to run custom build command") {
        "Its build script failed; it may need a library or tool of the system that it names above."
    } else {
        "The same line in a Cargo.toml fails in the same way."
    };
    let lines: Vec<&str> = said
        .lines()
        .skip_while(|line| !line.trim_start().starts_with("error"))
        .take(25)
        .collect();
    let shown = if lines.is_empty() {
        said.trim().to_owned()
    } else {
        lines.join("\n")
    };
    let mut error = CellError::new(
        "crate not built",
        format!("{names} could not be built. {advice}"),
    );
    error.traceback.extend(shown.lines().map(str::to_owned));
    error
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_reason_of_a_failure_is_told_with_what_to_do() {
        let error = not_built(
            "`x`",
            "   Updating index\nerror: no matching package named `x` found\n",
        );
        assert!(error.value.contains("spelt right"), "{}", error.value);
        assert_eq!(
            error.traceback.last().unwrap(),
            "error: no matching package named `x` found"
        );
    }
}
