//! Making and dropping whole databases by URL, which is before and after any [`Store`] is open on them.

use super::document::Mongo;
use super::location::{Location, Tables, nearest_default};
use super::relational::{Opening, Sqlite, postgres_catalogue, sqlite_catalogue};
use super::{DEFAULT_FILE, Documents, Store, StoreError, quoted};
use crate::runtime;
use sqlx::migrate::MigrateDatabase;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::path::PathBuf;
use std::str::FromStr;

/// The databases that URLs, or the environment, name.
#[derive(Debug, Clone)]
pub struct Databases(Location);

/// One database, as its name is asked for before it is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseName {
    /// What it is and where, without the password.
    pub store: String,
    /// Its own name: a database's, or a file's.
    pub name: String,
}

/// What became of a database that was to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The database.
    pub database: DatabaseName,
    /// How it came to be there.
    pub by: MadeBy,
}

/// How a database came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeBy {
    /// It was made now.
    This,
    /// It was there.
    Another,
    /// The server answers, and makes it with its first collection.
    FirstCollection,
}

/// A table or collection and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Its name.
    pub name: String,
    /// Whether it holds documents.
    pub is_collection: bool,
    /// Its rows or documents, counted.
    pub rows: u64,
}

impl Databases {
    /// Those of these URLs; where one is missing, that of `CARNET_DATABASE_URL` or `CARNET_DOCUMENTS_URL`, as [`Store::open`] has
    /// it.
    ///
    /// # Errors
    /// When a URL is of a kind that is not supported.
    pub fn at(tables: Option<&str>, documents: Option<&str>) -> Result<Databases, StoreError> {
        let default = || Ok(nearest_default().unwrap_or_else(|_| PathBuf::from(DEFAULT_FILE)));
        Location::of_urls_or_environment(tables, documents, default).map(Databases)
    }

    /// Opens them.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self) -> Result<Store, StoreError> {
        runtime::block_on(Store::connect(self.0.clone(), Opening::Existing))
    }

    /// Makes those that are not there: the SQLite file, with its folder, or the PostgreSQL database, by the server's own database
    /// `postgres`. MongoDB makes a database with its first collection, so there only the server is asked.
    ///
    /// # Errors
    /// When a server does not answer or refuses, or the file cannot be made.
    pub fn create(&self) -> Result<Vec<Made>, StoreError> {
        let mut made = Vec::new();
        runtime::block_on(async {
            let database = self.tables_name()?;
            let is_new = match &self.0.tables {
                Tables::File(path) => {
                    let is_new = !path.exists();
                    Sqlite::open(path, Opening::Create).await?;
                    is_new
                }
                Tables::Postgres(url) => make_postgres(url, &database).await?,
            };
            let by = match is_new {
                true => MadeBy::This,
                false => MadeBy::Another,
            };
            made.push(Made { database, by });
            if let Some(url) = &self.0.documents {
                let mongo = Mongo::open(url).await?;
                let is_empty = mongo.collections().await?.is_empty();
                made.push(Made {
                    database: mongo_name(&mongo),
                    by: match is_empty {
                        true => MadeBy::FirstCollection,
                        false => MadeBy::Another,
                    },
                });
            }
            Ok(made)
        })
    }

    /// The names of all, the tables' first.
    ///
    /// # Errors
    /// When a URL cannot be read, or the document server does not answer.
    pub fn names(&self) -> Result<Vec<DatabaseName>, StoreError> {
        runtime::block_on(async {
            let mut names = vec![self.tables_name()?];
            if let Some(url) = &self.0.documents {
                names.push(mongo_name(&Mongo::open(url).await?));
            }
            Ok(names)
        })
    }

    /// Drops the databases of these names, with all that is in them. Nothing brings it back.
    ///
    /// # Errors
    /// When a name is none of theirs, which is looked at before anything is dropped, one is not there, or a server refuses: a
    /// PostgreSQL database that somebody is connected to stays.
    pub fn drop(&self, names: &[String]) -> Result<Vec<DatabaseName>, StoreError> {
        let all = self.names()?;
        if let Some(name) = names
            .iter()
            .find(|name| all.iter().all(|database| database.name != **name))
        {
            let known: Vec<&str> = all.iter().map(|database| database.name.as_str()).collect();
            return Err(StoreError::NoDatabase {
                name: name.clone(),
                known: known.join(", "),
            });
        }
        let mut dropped = Vec::new();
        runtime::block_on(async {
            for (place, database) in all.into_iter().enumerate() {
                if !names.contains(&database.name) {
                    continue;
                }
                match (&self.0.tables, &self.0.documents) {
                    (_, Some(url)) if place > 0 => Mongo::open(url).await?.drop().await?,
                    (Tables::File(path), _) => drop_file(path)?,
                    (Tables::Postgres(url), _) => {
                        sqlx::Postgres::drop_database(url).await.map_err(|source| {
                            StoreError::Database {
                                store: database.store.clone(),
                                source,
                            }
                        })?;
                    }
                }
                dropped.push(database);
            }
            Ok(dropped)
        })
    }

    fn tables_name(&self) -> Result<DatabaseName, StoreError> {
        Ok(match &self.0.tables {
            Tables::File(path) => DatabaseName {
                store: path.display().to_string(),
                name: path
                    .file_name()
                    .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            },
            Tables::Postgres(url) => {
                let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Url {
                    form: "postgres://USER:PASSWORD@HOST:PORT/DATABASE",
                })?;
                let name = options.get_database().unwrap_or(options.get_username());
                let (host, port) = (options.get_host(), options.get_port());
                DatabaseName {
                    store: format!("PostgreSQL at {host}:{port}, database {name}"),
                    name: name.to_owned(),
                }
            }
        })
    }
}

fn mongo_name(mongo: &Mongo) -> DatabaseName {
    DatabaseName {
        store: mongo.name().to_owned(),
        name: mongo.database().name().to_owned(),
    }
}

/// Whether it was made now.
async fn make_postgres(url: &str, database: &DatabaseName) -> Result<bool, StoreError> {
    let failed = |source: sqlx::Error| StoreError::Connect {
        store: database.store.clone(),
        source: Box::new(source),
        remedy: "check that the server runs, and that the user in the URL may make databases",
    };
    if sqlx::Postgres::database_exists(url).await.map_err(failed)? {
        return Ok(false);
    }
    match sqlx::Postgres::create_database(url).await {
        Ok(()) => Ok(true),
        // Another program made it meanwhile (duplicate_database, or two at the very same time).
        Err(sqlx::Error::Database(error))
            if matches!(error.code().as_deref(), Some("42P04" | "23505")) =>
        {
            Ok(false)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Removes an SQLite file with its log and the memory that its readers share.
fn drop_file(path: &std::path::Path) -> Result<(), StoreError> {
    if !path.exists() {
        return Err(StoreError::NoFile {
            path: path.to_path_buf(),
        });
    }
    for ending in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        match std::fs::remove_file(&file) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Folder {
                    path: file.into(),
                    source,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

impl Store {
    /// Every table and collection with its rows or documents, counted. Partitions are counted as their table.
    ///
    /// # Errors
    /// When a database fails.
    pub fn contents(&self) -> Result<Vec<Contents>, StoreError> {
        runtime::block_on(self.contents_async())
    }

    /// [`Store::contents`] for async code.
    ///
    /// # Errors
    /// When a database fails.
    pub async fn contents_async(&self) -> Result<Vec<Contents>, StoreError> {
        let mut all = Vec::new();
        let count =
            |table: &str| AssertSqlSafe(format!("SELECT count(*) FROM {table}")).into_sql_str();
        match &self.tables {
            super::Tables::Sqlite(sqlite) => {
                let mut connection = sqlite.pool().acquire().await?;
                let collections = super::document::collections(&mut connection).await?;
                for table in sqlite_catalogue::tables(&mut connection).await? {
                    let collection = table
                        .strip_prefix("document_")
                        .filter(|name| collections.iter().any(|found| found == name));
                    let rows: i64 = sqlx::query_scalar(count(&quoted(&table)))
                        .fetch_one(&mut *connection)
                        .await?;
                    // Documents are MongoDB's when there is one; what the file has of them is nobody's.
                    if collection.is_some() && matches!(self.documents, Documents::Mongo(_)) {
                        continue;
                    }
                    all.push(Contents {
                        is_collection: collection.is_some(),
                        name: collection.unwrap_or(&table).to_owned(),
                        rows: rows.unsigned_abs(),
                    });
                }
            }
            super::Tables::Postgres(postgres) => {
                let mut connection = postgres.pool().acquire().await?;
                for table in postgres_catalogue::whole_tables(&mut connection).await? {
                    let rows: i64 =
                        sqlx::query_scalar(count(&postgres_catalogue::quoted_path(&table)))
                            .fetch_one(&mut *connection)
                            .await?;
                    all.push(Contents {
                        name: table,
                        is_collection: false,
                        rows: rows.unsigned_abs(),
                    });
                }
            }
        }
        if let Documents::Mongo(mongo) = &self.documents {
            all.extend(mongo.list().await?.into_iter().map(|listed| Contents {
                name: listed.name,
                is_collection: true,
                rows: listed.documents,
            }));
        }
        Ok(all)
    }
}
