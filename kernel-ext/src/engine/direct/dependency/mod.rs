//! `:dep`: crates that the toolkit does not have. The lines of one cell are built together by cargo, once, into a dylib of
//! their own beside the toolkit's, in a folder of the user's cache where the next notebook finds it.
//!
//! Each such dylib has its own copies of what its crates depend on, also of crates the toolkit has: nothing that is built
//! is ever built anew for another's sake. A profile of its own makes every crate in it another crate to the compiler, so
//! that two dylibs with the same crate can be loaded by one cell.

mod artefacts;
mod cargo;
mod manifest;
mod progress;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::sync::mpsc;

use self::cargo::run_cargo;
use self::manifest::write_crate;
use super::folders;
use crate::engine::{CellError, Output};
use crate::toolchain::Toolchain;

pub(super) use manifest::ASKED;

/// Crates that were built together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    /// The lines as they were asked for.
    pub(crate) lines: Vec<String>,
    /// The crate that holds them.
    pub(crate) crate_name: String,
    /// Its library.
    pub(crate) library: PathBuf,
    /// The crates by the names that cells use, each with the file of its metadata.
    pub(crate) externs: BTreeMap<String, PathBuf>,
}

impl Group {
    /// The folder of the metadata of all crates in it.
    pub(crate) fn folder(&self) -> PathBuf {
        self.library.with_file_name("deps")
    }
}

/// Builds crates, or finds them built. Dropped, it stops cargo.
pub(crate) async fn build_group(
    lines: Vec<String>,
    toolchain: &Toolchain,
    outputs: &mpsc::Sender<Output>,
) -> Result<Group, CellError> {
    let failed = |what: &str, error: std::io::Error| {
        CellError::new("crate not built", format!("{what}: {error}"))
    };
    let lines = absolute(lines)?;
    let folder = cache_folder()?;
    let key = key(&lines, &version(toolchain).await);
    let folder = folder.join(&key);
    let sources = folders::read(&lines);
    let record = folder.join("built.json");
    let found = std::fs::read(&record).ok();
    let found: Option<Group> = found.and_then(|found| serde_json::from_slice(&found).ok());
    let crate_name = match sources.is_empty() {
        true => format!("carnet_deps_{key}"),
        false => format!(
            "carnet_deps_{key}_{}",
            short(&sources.values().cloned().collect::<String>())
        ),
    };
    // A crate in a folder may have changed in ways that only cargo sees.
    let is_current = |group: &Group| {
        group.library.is_file() && sources.is_empty() && group.crate_name == crate_name
    };
    if let Some(group) = found.filter(is_current) {
        return Ok(group);
    }
    let source = folder.join("src");
    std::fs::create_dir_all(&source)
        .map_err(|error| failed(&format!("{} could not be made", source.display()), error))?;
    write_crate(&folder, &crate_name, &key, &lines, &sources)
        .map_err(|error| failed(&format!("{} could not be written", folder.display()), error))?;
    let group = run_cargo(&folder, lines, crate_name, toolchain, outputs).await?;
    let text = serde_json::to_vec_pretty(&group).unwrap_or_default();
    // Written beside and renamed: another notebook reads the old one or the new one.
    let written = folder.join(format!("built.{}", std::process::id()));
    std::fs::write(&written, text)
        .and_then(|()| std::fs::rename(&written, &record))
        .map_err(|error| failed(&format!("{} could not be written", record.display()), error))?;
    Ok(group)
}

/// What the compiler says it is; its folder when it says nothing.
async fn version(toolchain: &Toolchain) -> Vec<u8> {
    let said = Command::new(&toolchain.rustc).arg("-vV").output().await;
    let said = said.ok().filter(|said| said.status.success());
    let folder = toolchain.library_dir.as_os_str().as_encoded_bytes();
    said.map_or_else(|| folder.to_vec(), |said| said.stdout)
}

/// Relative paths are meant from the notebook's folder.
fn absolute(lines: Vec<String>) -> Result<Vec<String>, CellError> {
    let here = std::env::current_dir()
        .map_err(|error| CellError::new("error", format!("the folder is not known: {error}")))?;
    let one = |line: String| {
        let mut table: toml::Table = line.parse().unwrap_or_default();
        for (_, value) in &mut table {
            if let Some(toml::Value::String(path)) = value.get_mut("path") {
                *path = here.join(&*path).display().to_string();
            }
        }
        let (name, value) = table.into_iter().next().unzip();
        match (name, value) {
            (Some(name), Some(value)) => format!("{name} = {value}"),
            _ => line,
        }
    };
    Ok(lines.into_iter().map(one).collect())
}

fn cache_folder() -> Result<PathBuf, CellError> {
    let folder = |name: &str| std::env::var_os(name).filter(|folder| !folder.is_empty());
    let cache = folder("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| folder("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let cache = cache.ok_or_else(|| {
        CellError::new(
            "crate not built",
            "no folder to keep compiled crates in: set HOME or XDG_CACHE_HOME",
        )
    })?;
    Ok(cache.join("carnet").join("deps"))
}

fn key(lines: &[String], version: &[u8]) -> String {
    short(&format!(
        "{}\n{}",
        lines.join("\n"),
        String::from_utf8_lossy(version)
    ))
}

/// Twelve digits that stand for a text.
fn short(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
