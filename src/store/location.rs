//! Where the two stores are: read from URLs and from the environment, never shown with a password.

use super::{DEFAULT_FILE, StoreError};
use std::env::VarError;
use std::path::{Path, PathBuf};

/// Where tables are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tables {
    /// In this SQLite file.
    File(PathBuf),
    /// In the PostgreSQL database at this URL.
    Postgres(String),
}

/// The places of both stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) tables: Tables,
    /// The URL of a MongoDB database. Without one, documents are in the SQLite file beside the tables.
    pub(crate) documents: Option<String>,
}

impl Location {
    /// From the URLs: `sqlite:PATH` or a path, or `postgres://…`; and `mongodb://…`.
    pub(crate) fn of_urls(tables: &str, documents: Option<&str>) -> Result<Location, StoreError> {
        Ok(Location {
            tables: Tables::of_url(tables)?,
            documents: documents.map(documents_of_url).transpose()?,
        })
    }

    /// From the URLs, and for one that is not given from `CARNET_DATABASE_URL` or `CARNET_DOCUMENTS_URL`; the file is `default`
    /// when nothing says where the tables are. A variable that is not needed is not read, so that it may even be wrong.
    pub(crate) fn of_urls_or_environment(
        tables: Option<&str>,
        documents: Option<&str>,
        default: impl FnOnce() -> Result<PathBuf, StoreError>,
    ) -> Result<Location, StoreError> {
        let given = |url: Option<&str>, name| match url {
            Some(url) => Ok(Some(url.to_owned())),
            None => variable(name),
        };
        let documents = given(documents, "CARNET_DOCUMENTS_URL")?;
        Ok(Location {
            tables: match given(tables, "CARNET_DATABASE_URL")? {
                Some(url) => Tables::of_url(&url)?,
                None => Tables::File(default()?),
            },
            documents: documents.as_deref().map(documents_of_url).transpose()?,
        })
    }
}

impl Tables {
    fn of_url(url: &str) -> Result<Tables, StoreError> {
        let supported = "sqlite:PATH or postgres://…";
        match url.split_once(':') {
            Some(("sqlite", path)) => {
                Ok(Tables::File(path.strip_prefix("//").unwrap_or(path).into()))
            }
            Some(("postgres" | "postgresql", _)) => Ok(Tables::Postgres(url.to_owned())),
            Some((scheme, _)) => Err(unsupported(scheme, supported)),
            None if Path::new(url).extension().is_some() || url.contains('/') => {
                Ok(Tables::File(url.into()))
            }
            // A bare word is more likely a URL gone wrong than a file without an extension.
            None => Err(unsupported(url, supported)),
        }
    }
}

fn documents_of_url(url: &str) -> Result<String, StoreError> {
    let (scheme, _) = url.split_once(':').unwrap_or((url, ""));
    if matches!(scheme, "mongodb" | "mongodb+srv") {
        Ok(url.to_owned())
    } else {
        Err(unsupported(scheme, "mongodb://…"))
    }
}

fn unsupported(scheme: &str, supported: &'static str) -> StoreError {
    StoreError::UnsupportedUrl {
        // What stands before the first colon of a mistyped URL may be anything; a scheme is short.
        scheme: scheme.chars().take(20).collect(),
        supported,
    }
}

fn variable(name: &'static str) -> Result<Option<String>, StoreError> {
    match std::env::var(name) {
        Ok(url) if url.is_empty() => Ok(None),
        Ok(url) => Ok(Some(url)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(StoreError::Variable {
            variable: name,
            reason: "it is not UTF-8",
        }),
    }
}

/// `data/carnet.db` here or in the nearest folder above.
pub(crate) fn nearest_default() -> Result<PathBuf, StoreError> {
    let here = std::env::current_dir().map_err(|source| StoreError::Folder {
        path: ".".into(),
        source,
    })?;
    here.ancestors()
        .map(|folder| folder.join(DEFAULT_FILE))
        .find(|file| file.is_file())
        .ok_or_else(|| StoreError::NoFile {
            path: DEFAULT_FILE.into(),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn urls_say_which_database_and_a_bare_path_is_a_file() {
        let tables = |url| Location::of_urls(url, None).unwrap().tables;
        assert_eq!(tables("sqlite:a/b.db"), Tables::File("a/b.db".into()));
        assert_eq!(tables("sqlite:///a/b.db"), Tables::File("/a/b.db".into()));
        assert_eq!(tables("b.db"), Tables::File("b.db".into()));
        let url = "postgres://user:secret@host/db";
        assert_eq!(tables(url), Tables::Postgres(url.into()));
    }

    #[test]
    fn a_url_of_another_kind_is_refused_without_its_password() {
        for (tables, documents) in [
            ("mysql://user:secret@host/db", None),
            ("a.db", Some("postgres://user:secret@host/db")),
            ("postgres", None),
        ] {
            let error = Location::of_urls(tables, documents)
                .unwrap_err()
                .to_string();
            assert!(!error.contains("secret"), "{error}");
            assert!(error.contains("not supported"), "{error}");
        }
    }
}
