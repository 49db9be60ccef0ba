//! Migrations from files, for programs that learn a project when they run: a folder for each kind of database, a file for each
//! migration, `NNNN_what_it_does.sql` or `.json`, and beside it `NNNN_what_it_does.down.sql` or `.down.json` if it can be undone.

use super::{Migration, Migrations};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a folder's migrations cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MigrationsError {
    /// A file or folder that cannot be read.
    #[error("{path} cannot be read: {source}; give the project's folder of migrations")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A folder without any of the folders that migrations are in.
    #[error("{path} has no migrations: none of the folders {wanted} is in it")]
    None {
        /// The folder.
        path: PathBuf,
        /// The folders looked for.
        wanted: &'static str,
    },
    /// A name that has no number.
    #[error("{path} is not named NNNN_what_it_does.{ending}, with a number from 1")]
    Name {
        /// The file.
        path: PathBuf,
        /// What files of its kind end with.
        ending: &'static str,
    },
    /// A number that two files have.
    #[error("{path} has a number that {other} has too: give the newer one the next number")]
    Twice {
        /// The file.
        path: PathBuf,
        /// What the other one does.
        other: String,
    },
    /// A text that is no JSON.
    #[error("migration {version} ({description}) is no JSON array of commands: {source}")]
    Json {
        /// Its number.
        version: i64,
        /// Its name.
        description: String,
        /// What is wrong where.
        source: serde_json::Error,
    },
    /// A text that undoes nothing.
    #[error("{path} undoes nothing: there is no file of the same name without .down")]
    UndoesNothing {
        /// The file.
        path: PathBuf,
    },
}

impl Migrations<'static> {
    /// Reads a project's migrations: the folders `sqlite`, `postgres`, `mongodb` and `documents` in this one, those that are
    /// there. Other files and folders in it are left alone.
    ///
    /// # Errors
    /// When a folder or a file cannot be read or is named otherwise, or two have the same number in one line.
    pub fn read(folder: impl AsRef<Path>) -> Result<Migrations<'static>, MigrationsError> {
        let folder = folder.as_ref();
        let documents = read(&folder.join("documents"), "json", &[])?;
        let migrations = Migrations {
            sqlite: read(&folder.join("sqlite"), "sql", &documents)?.into(),
            postgres: read(&folder.join("postgres"), "sql", &[])?.into(),
            mongodb: read(&folder.join("mongodb"), "json", &documents)?.into(),
            documents: documents.into(),
        };
        if migrations.newest() == 0 {
            // Tells a wrong path, which may not even be there, from an empty project.
            std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
            return Err(MigrationsError::None {
                path: folder.to_owned(),
                wanted: "sqlite, postgres, mongodb and documents",
            });
        }
        Ok(migrations)
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> MigrationsError {
    MigrationsError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

/// The files of a folder by their numbers; none when there is no such folder. `beside` are in the same line of numbers.
fn read(
    folder: &Path,
    ending: &'static str,
    beside: &[Migration],
) -> Result<Vec<Migration>, MigrationsError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(unreadable(folder, source)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| unreadable(folder, source))?.path();
        if path.extension().is_some_and(|found| found == ending) {
            paths.push(path);
        }
    }
    paths.sort();
    let (mut found, mut undo) = (BTreeMap::<i64, Migration>::new(), Vec::new());
    for path in paths {
        let (version, name, is_undo) = named(&path, ending)?;
        let text = std::fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
        if is_undo {
            undo.push((version, name, text, path));
            continue;
        }
        let other = found
            .get(&version)
            .or_else(|| beside.iter().find(|migration| migration.version == version));
        if let Some(other) = other {
            return Err(MigrationsError::Twice {
                path,
                other: format!("{version:04} {}", other.description),
            });
        }
        let migration = Migration {
            version,
            description: Cow::Owned(name.replace('_', " ")),
            statements: Cow::Owned(text),
            undo: None,
        };
        found.insert(version, migration);
    }
    for (version, name, text, path) in undo {
        match found.get_mut(&version) {
            Some(migration) if migration.description == name.replace('_', " ") => {
                migration.undo = Some(Cow::Owned(text));
            }
            _ => return Err(MigrationsError::UndoesNothing { path }),
        }
    }
    Ok(found.into_values().collect())
}

/// The number, the name, and whether it undoes.
fn named(path: &Path, ending: &'static str) -> Result<(i64, String, bool), MigrationsError> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let parts = stem.and_then(|stem| {
        let (stem, is_undo) = match stem.strip_suffix(".down") {
            Some(stem) => (stem, true),
            None => (stem, false),
        };
        let (number, name) = stem.split_once('_')?;
        let version = number.parse::<i64>().ok().filter(|version| *version > 0)?;
        (!name.is_empty()).then(|| (version, name.to_owned(), is_undo))
    });
    parts.ok_or_else(|| MigrationsError::Name {
        path: path.to_owned(),
        ending,
    })
}
