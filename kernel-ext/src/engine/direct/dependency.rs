//! `:dep`: crates that the toolkit does not have. The lines of one cell are built together by cargo, once, into a dylib of
//! their own beside the toolkit's, in a folder of the user's cache where the next notebook finds it.
//!
//! Each such dylib has its own copies of what its crates depend on, also of crates the toolkit has: nothing that is built
//! is ever built anew for another's sake. A profile of its own makes every crate in it another crate to the compiler, so
//! that two dylibs with the same crate can be loaded by one cell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

use super::folders::{self, Sources};
use super::process_group::KillOnDrop;
use crate::engine::{Bundle, CellError, Output};
use crate::toolchain::Toolchain;

/// Time between two signs of progress.
const PAUSE: Duration = Duration::from_secs(1);

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

/// How the crate of a group calls the dependencies whose lines give no name of their own, before their numbers.
pub(super) const ASKED: &str = "asked_";

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

/// A number of the profile's units that stands for a key.
fn units(key: &str) -> u32 {
    17 + u32::from_str_radix(&key[..6], 16).unwrap_or(0)
}

fn write_crate(
    folder: &Path,
    crate_name: &str,
    key: &str,
    lines: &[String],
    sources: &Sources,
) -> std::io::Result<()> {
    // The number of units is what makes the profile this dylib's own; see the module. A crate in a folder has one for each
    // state of its files, or a cell would find the code of the state that is loaded already.
    let units = self::units(key);
    let own_profiles: String = sources
        .iter()
        .map(|(package, content)| {
            let units = self::units(&short(&format!("{key} {content}")));
            format!("[profile.dev.package.\"{package}\"]\ncodegen-units = {units}\n\n")
        })
        .collect();
    // The name of a package's library is known when it is built.
    let mut dependencies = String::from("[dependencies]\n");
    let mut library = String::new();
    for (index, wanted) in lines.iter().map(|line| Wanted::of(line)).enumerate() {
        let alias = wanted.renamed.unwrap_or_else(|| format!("{ASKED}{index}"));
        let table = toml::Value::Table(wanted.table);
        dependencies.push_str(&format!("{alias} = {table}\n"));
        library.push_str(&format!("pub extern crate {alias};\n"));
    }
    let manifest = format!(
        "[package]\nname = \"{crate_name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"dylib\"]\n\n\
         [profile.dev]\nopt-level = 2\ndebug = false\nincremental = false\ncodegen-units = {units}\n\n\
         {own_profiles}[workspace]\n\n{dependencies}"
    );
    std::fs::write(folder.join("src").join("lib.rs"), library)?;
    std::fs::write(folder.join("Cargo.toml"), manifest)
}

async fn run_cargo(
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
    let start = Instant::now();
    let mut child = command.spawn().map_err(not_started)?;
    let killer = KillOnDrop::new(&child);
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(not_started(std::io::Error::other("it has no output")));
    };
    let names = names(&lines);
    let artefacts = async {
        let mut text = String::new();
        let _ = BufReader::new(stdout).read_to_string(&mut text).await;
        text
    };
    let said = follow(BufReader::new(stderr), &names, &crate_name, outputs);
    let (status, artefacts, said) = tokio::join!(child.wait(), artefacts, said);
    killer.disarm();
    if !status.is_ok_and(|status| status.success()) {
        return Err(not_built(&names, &said));
    }
    let (library, externs) = read_artefacts(&artefacts, &crate_name, &lines);
    let library = library.ok_or_else(|| not_built(&names, "cargo named no library"))?;
    let took = start.elapsed().as_secs_f64();
    let _ = outputs
        .send(Output::Update {
            data: text(format!(
                "{names}: compiled in {took:.1} s and kept for the next time"
            )),
            id: crate_name.clone(),
        })
        .await;
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

/// Shows how far cargo is, and returns all it said.
async fn follow(
    stderr: impl tokio::io::AsyncBufRead + Unpin,
    names: &str,
    id: &str,
    outputs: &mpsc::Sender<Output>,
) -> String {
    let (mut said, mut compiled) = (String::new(), 0);
    let mut told: Option<Instant> = None;
    let mut lines = stderr.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let step = line.trim().strip_prefix("Compiling ").map(str::to_owned);
        said.push_str(&line);
        said.push('\n');
        let Some(step) = step else { continue };
        compiled += 1;
        if told.is_some_and(|told| told.elapsed() < PAUSE) {
            continue;
        }
        let data = text(format!(
            "{names}: compiled once, then kept. {compiled}: {step}"
        ));
        let id = id.to_owned();
        let output = match told {
            None => Output::Display { data, id: Some(id) },
            Some(_) => Output::Update { data, id },
        };
        told = Some(Instant::now());
        let _ = outputs.send(output).await;
    }
    said
}

fn text(text: String) -> Bundle {
    Bundle::from_iter([("text/plain".to_owned(), text.into())])
}

/// What a line asks for.
struct Wanted {
    package: String,
    version: Option<semver::VersionReq>,
    /// What cells call it, when the line says so.
    renamed: Option<String>,
    /// The line's value, with the package.
    table: toml::Table,
}

impl Wanted {
    fn of(line: &str) -> Self {
        let parsed: toml::Table = line.parse().unwrap_or_default();
        let (name, value) = parsed
            .into_iter()
            .next()
            .unwrap_or_else(|| (line.to_owned(), toml::Value::String("*".to_owned())));
        let mut table = match value {
            toml::Value::Table(table) => table,
            version => toml::Table::from_iter([("version".to_owned(), version)]),
        };
        let text = |key: &str| Some(table.get(key)?.as_str()?.to_owned());
        let version = text("version").and_then(|version| version.parse().ok());
        let package = text("package");
        let renamed = package.as_ref().map(|_| name.replace('-', "_"));
        let package = package.unwrap_or(name);
        table.insert("package".to_owned(), package.clone().into());
        Self {
            package,
            version,
            renamed,
            table,
        }
    }

    /// Whether this is the package: another version of it may be there for other crates.
    fn is(&self, package: &str, version: &str) -> bool {
        let version = semver::Version::parse(version).ok();
        let matches =
            |wanted: &semver::VersionReq| version.is_some_and(|there| wanted.matches(&there));
        self.package == package && self.version.as_ref().is_none_or(matches)
    }
}

/// The package that one of cargo's messages is of, from its id: `registry+URL#md-5@0.10.6`, `path+file:///x/own#0.1.0`.
fn package_of(message: &serde_json::Value) -> Option<(&str, &str)> {
    let (source, package) = message["package_id"].as_str()?.rsplit_once('#')?;
    package.rsplit_once('@').or_else(|| {
        let folder = source.split('?').next()?.rsplit('/').next()?;
        Some((folder, package))
    })
}

/// The dylib and the metadata of the crates asked for, from cargo's messages.
fn read_artefacts(
    messages: &str,
    crate_name: &str,
    lines: &[String],
) -> (Option<PathBuf>, BTreeMap<String, PathBuf>) {
    let wanted: Vec<Wanted> = lines.iter().map(|line| Wanted::of(line)).collect();
    let (mut library, mut externs) = (None, BTreeMap::new());
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        let target = message["target"]["name"].as_str().unwrap_or_default();
        let target = target.replace('-', "_");
        let files = message["filenames"].as_array().into_iter().flatten();
        let mut files = files.filter_map(|file| file.as_str().map(PathBuf::from));
        let ends = |file: &PathBuf, end: &str| file.extension().is_some_and(|found| found == end);
        if target == crate_name {
            library = library.or_else(|| files.find(|file| ends(file, "so")));
            continue;
        }
        let Some((package, version)) = package_of(&message) else {
            continue;
        };
        if let Some(wanted) = wanted.iter().find(|wanted| wanted.is(package, version))
            && let Some(file) = files.find(|file| ends(file, "rlib") || ends(file, "so"))
        {
            externs.insert(wanted.renamed.clone().unwrap_or(target), file);
        }
    }
    (library, externs)
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
    fn a_crate_is_found_by_its_package_and_version_and_named_as_its_library() {
        let messages = [
            r##"{"package_id":"registry+https://x#md-5@0.9.1","target":{"name":"md5"},"filenames":["/old.rlib"]}"##,
            r##"{"package_id":"registry+https://x#md-5@0.10.6","target":{"name":"md5"},"filenames":["/md5.rlib","/md5.rmeta"]}"##,
            r##"{"package_id":"path+file:///x/own#0.1.0","target":{"name":"own"},"filenames":["/own.rlib"]}"##,
            r##"{"package_id":"path+file:///x#group@0.0.0","target":{"name":"group"},"filenames":["/group.so"]}"##,
        ];
        let lines = [
            "md-5 = \"0.10\"".to_owned(),
            "mine = { package = \"own\", path = \"/x/own\" }".to_owned(),
        ];
        let (library, externs) = read_artefacts(&messages.join("\n"), "group", &lines);
        assert_eq!(library, Some(PathBuf::from("/group.so")));
        let expected = [("md5", "/md5.rlib"), ("mine", "/own.rlib")];
        let expected = expected.map(|(name, file)| (name.to_owned(), PathBuf::from(file)));
        assert_eq!(externs, BTreeMap::from(expected));
    }

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
