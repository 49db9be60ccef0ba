//! The crates of `:dep` lines that lie in folders, with what their files hold now: such a crate is edited between two cells.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A package in a folder, and what stands for the contents of its files.
pub(crate) type Sources = BTreeMap<String, String>;

/// The packages that these lines, with absolute paths, ask for by path, and those that they in turn ask for by path.
pub(crate) fn read(lines: &[String]) -> Sources {
    let mut sources = Sources::new();
    let mut folders: Vec<PathBuf> = lines
        .iter()
        .filter_map(|line| line.parse::<toml::Table>().ok())
        .flat_map(|table| paths_of(&table))
        .collect();
    let mut seen = Vec::new();
    while let Some(folder) = folders.pop() {
        let folder = folder.canonicalize().unwrap_or(folder);
        if seen.contains(&folder) {
            continue;
        }
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        let manifest: toml::Table = manifest.parse().unwrap_or_default();
        let name = manifest
            .get("package")
            .and_then(|package| package.get("name"));
        if let Some(name) = name.and_then(toml::Value::as_str) {
            let mut hash = Sha256::new();
            add_files(&folder, &mut hash);
            let digest = hash.finalize();
            let text = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            sources.insert(name.to_owned(), text);
        }
        let targets = manifest.get("target").and_then(toml::Value::as_table);
        let targets = targets.into_iter().flat_map(toml::Table::values);
        for table in targets.filter_map(toml::Value::as_table).chain([&manifest]) {
            for section in ["dependencies", "build-dependencies"] {
                let Some(section) = table.get(section).and_then(toml::Value::as_table) else {
                    continue;
                };
                folders.extend(paths_of(section).into_iter().map(|path| folder.join(path)));
                let shared = section.iter().filter(|(_, value)| {
                    value.get("workspace").and_then(toml::Value::as_bool) == Some(true)
                });
                folders.extend(shared.filter_map(|(name, _)| path_in_workspace(&folder, name)));
            }
        }
        seen.push(folder);
    }
    sources
}

fn paths_of(dependencies: &toml::Table) -> Vec<PathBuf> {
    let path = |value: &toml::Value| Some(PathBuf::from(value.get("path")?.as_str()?));
    dependencies.values().filter_map(path).collect()
}

/// Where the workspace that a package is in says that a dependency lies, if in a folder.
fn path_in_workspace(package: &Path, name: &str) -> Option<PathBuf> {
    package.ancestors().find_map(|folder| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
        let manifest: toml::Table = manifest.parse().ok()?;
        let shared = manifest.get("workspace")?.get("dependencies")?.get(name)?;
        Some(folder.join(shared.get("path")?.as_str()?))
    })
}

/// All files below a folder, but for what cargo builds, what is hidden, and other packages, which count by themselves. Folders
/// behind links are not followed: they may lead in a circle.
fn add_files(folder: &Path, hash: &mut Sha256) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some((entry.path(), entry.file_type().ok()?)))
        .collect();
    paths.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (path, kind) in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if kind.is_dir() {
            if !path.join("Cargo.toml").exists() {
                add_files(&path, hash);
            }
        } else if path.is_file()
            && let Ok(content) = std::fs::read(&path)
        {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update(content.len().to_le_bytes());
            hash.update(content);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn write(folder: &Path, name: &str, dependencies: &str, code: &str) {
        std::fs::create_dir_all(folder.join("src")).unwrap();
        let manifest = format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependencies}\n");
        std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        std::fs::write(folder.join("src/lib.rs"), code).unwrap();
    }

    #[test]
    fn an_edit_changes_what_stands_for_the_crate_and_crates_behind_it_count() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        write(&a, "a", "b-crate = { path = \"../b\" }", "");
        write(&b, "b-crate", "", "pub fn b() -> u8 { 1 }");
        let lines = [
            format!("a = {{ path = {:?} }}", a.display().to_string()),
            "either = \"1\"".to_owned(),
        ];
        let first = read(&lines);
        assert_eq!(first.keys().collect::<Vec<_>>(), ["a", "b-crate"]);
        assert_eq!(read(&lines), first);
        write(&b, "b-crate", "", "pub fn b() -> u8 { 2 }");
        let second = read(&lines);
        assert_eq!(second["a"], first["a"]);
        assert_ne!(second["b-crate"], first["b-crate"]);
    }

    #[test]
    fn crates_that_a_workspace_or_a_target_names_count_and_links_lead_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b, c) = (
            folder.path().join("a"),
            folder.path().join("b"),
            folder.path().join("c"),
        );
        let workspace =
            "[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\nb = { path = \"b\" }\n";
        std::fs::write(folder.path().join("Cargo.toml"), workspace).unwrap();
        let target =
            "b.workspace = true\n[target.'cfg(unix)'.dependencies]\nc = { path = \"../c\" }";
        write(&a, "a", target, "");
        write(&b, "b", "", "");
        write(&c, "c", "", "");
        std::os::unix::fs::symlink(folder.path(), a.join("circle")).unwrap();
        let line = format!("a = {{ path = {:?} }}", a.display().to_string());
        let names: Vec<String> = read(&[line]).into_keys().collect();
        assert_eq!(names, ["a", "b", "c"]);
    }
}
