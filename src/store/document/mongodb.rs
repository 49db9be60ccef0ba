//! Documents in MongoDB: connecting, its record of migrations, and writing by key.

use super::ListedCollection;
use crate::store::{Migration, StoreError, Upserted};
use bson::raw::RawDocumentBuf;
use bson::{Bson, Document, RawArrayBuf, RawBson, doc, rawdoc};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use mongodb::options::ClientOptions;
use mongodb::{Client, Collection, Database};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a server may take to be found, unless the URL says so.
const FIND: Duration = Duration::from_secs(10);
/// The collection in which applied migrations are kept.
const MIGRATIONS: &str = "carnet_migrations";
/// The server's code for a collection that is there already (NamespaceExists).
const EXISTS: i32 = 48;
/// The server's code for a collection that is not there (NamespaceNotFound).
const NO_COLLECTION: i32 = 26;
/// The server's code for an index that is not there (IndexNotFound).
const NO_INDEX: i32 = 27;
/// The server's code for a command that it does not know (CommandNotFound).
const NO_COMMAND: i32 = 59;
/// The server's code for a key that is there already (DuplicateKey).
const DUPLICATE: i32 = 11_000;
/// The server's code for a view, which has no indexes of its own (CommandNotSupportedOnView).
const VIEW: i32 = 166;
/// Documents and bytes in one command at most; the server takes 100,000 and 48 MB.
const DOCUMENTS_A_COMMAND: usize = 1_000;
const BYTES_A_COMMAND: usize = 16 << 20;

/// What the record of migrations has of one.
#[derive(Debug)]
pub(crate) struct AppliedMigration {
    pub(crate) description: String,
    /// Its commands, or the upgrade.
    pub(crate) text: String,
    pub(crate) applied: Option<DateTime<Utc>>,
}

/// A MongoDB database.
#[derive(Debug, Clone)]
pub(crate) struct Mongo {
    database: Database,
    name: Arc<str>,
}

impl Mongo {
    /// Connects, and asks the server once, so that a wrong URL or password is told here.
    pub(crate) async fn open(url: &str) -> Result<Mongo, StoreError> {
        let form = "mongodb://USER:PASSWORD@HOST:PORT/DATABASE?authSource=admin";
        let mut options = ClientOptions::parse(url)
            .await
            .map_err(|_| StoreError::Url { form })?;
        let Some(database) = options.default_database.clone() else {
            return Err(StoreError::Url { form });
        };
        options.app_name.get_or_insert_with(|| "carnet".into());
        options.server_selection_timeout.get_or_insert(FIND);
        let hosts: Vec<String> = options.hosts.iter().map(ToString::to_string).collect();
        let name = format!("MongoDB at {}, database {database}", hosts.join(","));
        let failed = |source: mongodb::error::Error| StoreError::Connect {
            store: name.clone(),
            remedy: remedy(&source),
            source: Box::new(source),
        };
        let client = Client::with_options(options).map_err(failed)?;
        let database = client.database(&database);
        database
            .run_command(doc! { "ping": 1 })
            .await
            .map_err(failed)?;
        Ok(Mongo {
            database,
            name: name.into(),
        })
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The servers and the database, without the password.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The driver's error with the store's name.
    pub(crate) fn error(&self, source: mongodb::error::Error) -> StoreError {
        StoreError::Mongo {
            store: self.name.to_string(),
            source: Box::new(source),
        }
    }

    /// Drops the whole database.
    pub(crate) async fn drop(&self) -> Result<(), StoreError> {
        self.database
            .drop()
            .await
            .map_err(|error| self.error(error))
    }

    /// The names of all collections but our own.
    pub(crate) async fn collections(&self) -> Result<Vec<String>, StoreError> {
        let mut names = self
            .database
            .list_collection_names()
            .await
            .map_err(|error| self.error(error))?;
        names.retain(|name| name != MIGRATIONS && !name.starts_with("system."));
        names.sort();
        Ok(names)
    }

    /// All collections but our own. The server keeps the number of documents itself and reads none for it; after it has crashed,
    /// and with shards, the number may be off.
    pub(crate) async fn list(&self) -> Result<Vec<ListedCollection>, StoreError> {
        let mut listed = Vec::new();
        for name in self.collections().await? {
            let collection = self.database.collection::<Document>(&name);
            listed.push(ListedCollection {
                documents: collection
                    .estimated_document_count()
                    .await
                    .map_err(|error| self.error(error))?,
                indexed: self.indexed_paths(&collection).await?,
                name,
            });
        }
        Ok(listed)
    }

    /// The paths of all indexes of a collection, each once, without the key.
    async fn indexed_paths(
        &self,
        collection: &Collection<Document>,
    ) -> Result<Vec<String>, StoreError> {
        let mut indexes = match collection.list_indexes().await {
            Ok(indexes) => indexes,
            Err(error) if code(&error) == Some(VIEW) => return Ok(Vec::new()),
            Err(error) => return Err(self.error(error)),
        };
        let mut paths: Vec<String> = Vec::new();
        while let Some(index) = indexes
            .try_next()
            .await
            .map_err(|error| self.error(error))?
        {
            for path in index.keys.keys() {
                if path != "_id" && !paths.contains(path) {
                    paths.push(path.clone());
                }
            }
        }
        Ok(paths)
    }

    /// Applied migrations by their version.
    pub(crate) async fn applied_migrations(
        &self,
    ) -> Result<BTreeMap<i64, AppliedMigration>, StoreError> {
        let error = |error| self.error(error);
        let kept = self.database.collection::<Document>(MIGRATIONS);
        let mut found = kept.find(doc! {}).await.map_err(error)?;
        let mut applied = BTreeMap::new();
        while let Some(migration) = found.try_next().await.map_err(error)? {
            if let (Ok(version), Ok(text)) =
                (migration.get_i64("_id"), migration.get_str("commands"))
            {
                let description = migration.get_str("description").unwrap_or_default();
                let when = migration.get_datetime("applied").ok();
                let found = AppliedMigration {
                    description: description.to_owned(),
                    text: text.to_owned(),
                    applied: when.map(|instant| instant.to_chrono()),
                };
                applied.insert(version, found);
            }
        }
        Ok(applied)
    }

    /// Runs the commands of a migration. What is there already, or gone already, is no failure, so that one that broke off can
    /// be run again.
    pub(crate) async fn apply(&self, migration: &Migration) -> Result<(), StoreError> {
        self.run(migration, &migration.statements).await
    }

    /// Undoes a migration and takes it out of the record.
    pub(crate) async fn undo(&self, migration: &Migration) -> Result<(), StoreError> {
        let undo = migration.undo.as_deref().unwrap_or("[]");
        self.run(migration, undo).await?;
        self.database
            .collection::<Document>(MIGRATIONS)
            .delete_one(doc! { "_id": migration.version })
            .await
            .map_err(|error| self.error(error))?;
        Ok(())
    }

    async fn run(&self, migration: &Migration, commands: &str) -> Result<(), StoreError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Migration {
            version: migration.version,
            description: migration.description.clone().into_owned(),
            source,
        };
        let commands: Vec<Document> =
            serde_json::from_str(commands).map_err(|error| failed(error.into()))?;
        for command in commands {
            // Not every server has a code for the drop of what is gone.
            if let Ok(collection) = command.get_str("drop")
                && !self
                    .collections()
                    .await?
                    .iter()
                    .any(|name| name == collection)
            {
                continue;
            }
            // Compatible servers without collMod take validators when a collection is created and hold nothing to them.
            let is_validator = command.contains_key("collMod");
            if let Err(error) = self.database.run_command(command).await {
                match code(&error) {
                    Some(EXISTS | NO_COLLECTION | NO_INDEX) => {}
                    Some(NO_COMMAND) if is_validator => {}
                    _ => return Err(failed(error.into())),
                }
            }
        }
        Ok(())
    }

    /// Records that a migration is applied. Another program that did the same at the same time may have recorded it.
    pub(crate) async fn record_migration(&self, migration: &Migration) -> Result<(), StoreError> {
        let record = doc! {
            "description": &*migration.description,
            "commands": &*migration.statements,
            "applied": bson::DateTime::now(),
        };
        let recorded = self
            .database
            .collection::<Document>(MIGRATIONS)
            .update_one(
                doc! { "_id": migration.version },
                doc! { "$setOnInsert": record },
            )
            .upsert(true)
            .await;
        match recorded {
            // Two that insert at once: the server refuses the later one.
            Err(error) if is_duplicate(&error) => Ok(()),
            Err(error) => Err(self.error(error)),
            Ok(_) => Ok(()),
        }
    }

    /// Replaces each document that passes the filter by what `change` makes of it, and counts them. One that no longer passes
    /// when its turn comes is left alone. What `change` gives must not pass, or this would not end.
    pub(crate) async fn rewrite(
        &self,
        collection: &str,
        filter: &Document,
        change: impl Fn(Document) -> Result<RawDocumentBuf, StoreError>,
    ) -> Result<u64, StoreError> {
        let error = |error| self.error(error);
        let mut done = 0;
        let kept = self.database.collection::<Document>(collection);
        let mut found = kept
            .find(filter.clone())
            .batch_size(1_000)
            .await
            .map_err(error)?;
        let mut updates = RawArrayBuf::new();
        let (mut count, mut bytes) = (0, 0);
        loop {
            let next = found.try_next().await.map_err(error)?;
            let is_end = next.is_none();
            if let Some(document) = next {
                let id = document.get("_id").cloned().unwrap_or(Bson::Null);
                let changed = change(document)?;
                let mut still = doc! { "_id": id };
                still.extend(filter.clone());
                let still =
                    RawDocumentBuf::try_from(&still).map_err(|source| self.error(source.into()))?;
                bytes += changed.as_bytes().len();
                count += 1;
                updates.push(rawdoc! { "q": still, "u": changed });
            }
            if count == DOCUMENTS_A_COMMAND || bytes > BYTES_A_COMMAND || (is_end && count > 0) {
                let full = std::mem::replace(&mut updates, RawArrayBuf::new());
                let command = rawdoc! { "update": collection, "ordered": false, "updates": full };
                let answer = self
                    .database
                    .run_raw_command(command)
                    .await
                    .map_err(error)?;
                refused(collection, &answer, 0)?;
                done += whole(answer.get("nModified")) as u64;
                (count, bytes) = (0, 0);
            }
            if is_end {
                return Ok(done);
            }
        }
    }

    /// Writes documents by their `_id`: new ones are added, those that differ replaced, equal ones left alone. Batches are
    /// unordered, so the server may write them in any order.
    pub(crate) async fn upsert(
        &self,
        collection: &str,
        documents: &[RawDocumentBuf],
    ) -> Result<Upserted, StoreError> {
        let mut done = Upserted::default();
        let mut first = 0;
        while first < documents.len() {
            let (mut updates, mut bytes, mut count) = (RawArrayBuf::new(), 0, 0);
            for document in documents[first..].iter().take(DOCUMENTS_A_COMMAND) {
                bytes += document.as_bytes().len();
                if count > 0 && bytes > BYTES_A_COMMAND {
                    break;
                }
                let id =
                    document
                        .get("_id")
                        .ok()
                        .flatten()
                        .ok_or_else(|| StoreError::Document {
                            collection: collection.to_owned(),
                            position: first + count,
                            reason: "it has no _id".into(),
                        })?;
                updates.push(
                    rawdoc! { "q": { "_id": RawBson::from(id) }, "u": document.clone(), "upsert": true },
                );
                count += 1;
            }
            let command = rawdoc! { "update": collection, "ordered": false, "updates": updates };
            let answer = self
                .database
                .run_raw_command(command)
                .await
                .map_err(|error| self.error(error))?;
            refused(collection, &answer, first)?;
            let new = answer.get_array("upserted").map_or(0, Vec::len);
            let changed = whole(answer.get("nModified"));
            done.new += new as u64;
            done.changed += changed as u64;
            done.same += count.saturating_sub(new + changed) as u64;
            first += count;
        }
        Ok(done)
    }
}

/// The first document of a command that the server refused, if there is one. `first` is the position of the command's first.
fn refused(collection: &str, answer: &Document, first: usize) -> Result<(), StoreError> {
    let error = answer
        .get_array("writeErrors")
        .ok()
        .and_then(|errors| errors.first())
        .and_then(Bson::as_document);
    let Some(error) = error else {
        return Ok(());
    };
    let reason = error.get_str("errmsg").unwrap_or("the server refused it");
    Err(StoreError::Document {
        collection: collection.to_owned(),
        position: first + whole(error.get("index")),
        reason: reason.to_owned(),
    })
}

fn is_duplicate(error: &mongodb::error::Error) -> bool {
    use mongodb::error::{ErrorKind, WriteFailure};
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(error)) => error.code == DUPLICATE,
        ErrorKind::Command(error) => error.code == DUPLICATE,
        _ => false,
    }
}

/// The server's code for why it refused a command.
fn code(error: &mongodb::error::Error) -> Option<i32> {
    match error.kind.as_ref() {
        mongodb::error::ErrorKind::Command(error) => Some(error.code),
        _ => None,
    }
}

fn whole(value: Option<&Bson>) -> usize {
    let number = match value {
        Some(Bson::Int32(number)) => i64::from(*number),
        Some(Bson::Int64(number)) => *number,
        Some(Bson::Double(number)) => *number as i64,
        _ => 0,
    };
    usize::try_from(number).unwrap_or(0)
}

fn remedy(error: &mongodb::error::Error) -> &'static str {
    use mongodb::error::ErrorKind;
    match error.kind.as_ref() {
        ErrorKind::Authentication { .. } => {
            "check the user, the password and authSource in the URL"
        }
        ErrorKind::ServerSelection { .. } | ErrorKind::Io(_) => {
            "check that the server runs and that the host and the port in the URL are its own"
        }
        ErrorKind::DnsResolve { .. } => "check the host in the URL",
        _ => "the server says why",
    }
}
