//! The manifest and the source of the crate that holds what a cell asks for.

use std::path::Path;

use super::short;
use crate::engine::direct::folders::Sources;

/// How the crate of a group calls the dependencies whose lines give no name of their own, before their numbers.
pub(in crate::engine::direct) const ASKED: &str = "asked_";

/// A number of the profile's units that stands for a key.
fn units(key: &str) -> u32 {
    17 + u32::from_str_radix(&key[..6], 16).unwrap_or(0)
}

/// Writes both into the folder.
pub(super) fn write_crate(
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

/// What a line asks for.
pub(super) struct Wanted {
    package: String,
    version: Option<semver::VersionReq>,
    /// What cells call it, when the line says so.
    pub(super) renamed: Option<String>,
    /// The line's value, with the package.
    table: toml::Table,
}

impl Wanted {
    pub(super) fn of(line: &str) -> Self {
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
    pub(super) fn is(&self, package: &str, version: &str) -> bool {
        let version = semver::Version::parse(version).ok();
        let matches =
            |wanted: &semver::VersionReq| version.is_some_and(|there| wanted.matches(&there));
        self.package == package && self.version.as_ref().is_none_or(matches)
    }
}
