//! Upgrades of documents: declared steps from one version of a collection's shape to the next, which run the same on documents
//! in MongoDB and on embedded ones. A document says its version in its field `schema`; one without is of version 1. A document
//! that has the version already is left alone, so an upgrade that broke off is simply run again.

use super::{Mongo, table_of, upsert};
use crate::store::{Migration, StoreError, quoted};
use bson::raw::RawDocumentBuf;
use bson::{Bson, Document, doc};
use serde::Deserialize;
use sqlx::{AssertSqlSafe, Row, SqlSafeStr, SqliteConnection};

/// The field that says the version.
const VERSION: &str = "schema";
/// Embedded documents that are read and written at once.
const DOCUMENTS_A_STEP: i64 = 1_000;

/// An upgrade as its file declares it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upgrade {
    collection: String,
    /// The version that documents have afterwards.
    version: i32,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    /// Moves what is at one path to another; nothing where nothing is.
    Rename { rename: String, to: String },
    /// Sets a value, whatever is there.
    Set { set: String, value: Bson },
    /// Sets a value where nothing is.
    Default { default: String, value: Bson },
    /// Takes a value away.
    Remove { remove: String },
}

impl Upgrade {
    /// Reads the JSON of a migration.
    ///
    /// # Errors
    /// When it is no upgrade.
    pub(crate) fn read(migration: &Migration) -> Result<Upgrade, StoreError> {
        serde_json::from_str(&migration.statements).map_err(|error| StoreError::Migration {
            version: migration.version,
            description: migration.description.clone().into_owned(),
            source: Box::new(error),
        })
    }

    /// Upgrades embedded documents in the caller's transaction, and counts those that were older.
    ///
    /// # Errors
    /// When there is no such collection, a document cannot be upgraded, or the database fails.
    pub(crate) async fn embedded(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<u64, StoreError> {
        // Tells whether there is such a collection.
        super::indexed_paths(connection, &self.collection).await?;
        let table = quoted(&table_of(&self.collection));
        let (mut done, mut last) = (0, i64::MIN);
        loop {
            let sql = format!(
                "SELECT rowid, body FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT {DOCUMENTS_A_STEP}"
            );
            let rows = sqlx::query(AssertSqlSafe(sql).into_sql_str())
                .bind(last)
                .fetch_all(&mut *connection)
                .await?;
            if rows.is_empty() {
                return Ok(done);
            }
            let mut newer = Vec::new();
            for row in &rows {
                last = row.try_get(0)?;
                let body: Vec<u8> = row.try_get(1)?;
                let unreadable = |error: bson::error::Error| {
                    self.refused(&format!("in row {last}"), &error.to_string())
                };
                let document = Document::from_reader(&body[..]).map_err(unreadable)?;
                if self.is_older(&document) {
                    newer.push(self.raw(document)?);
                }
            }
            done += newer.len() as u64;
            if !newer.is_empty() {
                upsert(connection, &self.collection, &newer).await?;
            }
        }
    }

    /// Upgrades documents in MongoDB, and counts those that were older. Each is replaced only while it is older still, so that
    /// two that run at once do each document once.
    ///
    /// # Errors
    /// When a document cannot be upgraded, or the server fails; those before it are upgraded then.
    pub(crate) async fn mongodb(&self, mongo: &Mongo) -> Result<u64, StoreError> {
        // A null stands for an absent field too.
        let mut versions = vec![Bson::Null];
        versions.extend((1..self.version).map(Bson::Int32));
        let older = doc! { VERSION: { "$in": versions } };
        mongo
            .rewrite(&self.collection, &older, |document| self.raw(document))
            .await
    }

    fn is_older(&self, document: &Document) -> bool {
        let version = match document.get(VERSION) {
            None | Some(Bson::Null) => 1,
            Some(Bson::Int32(version)) => i64::from(*version),
            Some(Bson::Int64(version)) => *version,
            // Written by something else: not ours to change.
            Some(_) => return false,
        };
        (1..i64::from(self.version)).contains(&version)
    }

    fn raw(&self, document: Document) -> Result<RawDocumentBuf, StoreError> {
        let id = document
            .get("_id")
            .map_or_else(String::new, ToString::to_string);
        let refused = |reason: &str| self.refused(&id, reason);
        let upgraded = self.upgraded(document).map_err(|reason| refused(&reason))?;
        RawDocumentBuf::try_from(&upgraded).map_err(|error| refused(&error.to_string()))
    }

    fn refused(&self, id: &str, reason: &str) -> StoreError {
        StoreError::Upgrade {
            collection: self.collection.clone(),
            id: id.to_owned(),
            version: self.version,
            reason: reason.to_owned(),
        }
    }

    /// The document after all steps, its version right after its key.
    fn upgraded(&self, mut document: Document) -> Result<Document, String> {
        for step in &self.steps {
            match step {
                Step::Rename { rename, to } => {
                    if let Some(value) = remove(&mut document, rename) {
                        if exists(&document, to) {
                            return Err(format!("it has both {rename} and {to}"));
                        }
                        set(&mut document, to, value)?;
                    }
                }
                Step::Set { set: path, value } => set(&mut document, path, value.clone())?,
                Step::Default { default, value } => {
                    if !exists(&document, default) {
                        set(&mut document, default, value.clone())?;
                    }
                }
                Step::Remove { remove: path } => {
                    remove(&mut document, path);
                }
            }
        }
        let mut upgraded = Document::new();
        if let Some(id) = document.remove("_id") {
            upgraded.insert("_id", id);
        }
        upgraded.insert(VERSION, self.version);
        document.remove(VERSION);
        upgraded.extend(document);
        Ok(upgraded)
    }
}

/// The document that holds the last part of a path, and that part; none when a part before it is no document.
fn holder<'a, 'p>(
    document: &'a mut Document,
    path: &'p str,
) -> Option<(&'a mut Document, &'p str)> {
    match path.split_once('.') {
        None => Some((document, path)),
        Some((first, rest)) => match document.get_mut(first)? {
            Bson::Document(inner) => holder(inner, rest),
            _ => None,
        },
    }
}

fn exists(document: &Document, path: &str) -> bool {
    match path.split_once('.') {
        None => document.contains_key(path),
        Some((first, rest)) => document
            .get_document(first)
            .is_ok_and(|inner| exists(inner, rest)),
    }
}

fn remove(document: &mut Document, path: &str) -> Option<Bson> {
    let (holder, name) = holder(document, path)?;
    holder.remove(name)
}

/// Sets a value, making the documents on the way to it.
fn set(document: &mut Document, path: &str, value: Bson) -> Result<(), String> {
    let Some((first, rest)) = path.split_once('.') else {
        document.insert(path, value);
        return Ok(());
    };
    if !document.contains_key(first) {
        document.insert(first, Document::new());
    }
    match document.get_mut(first) {
        Some(Bson::Document(inner)) => set(inner, rest, value),
        _ => Err(format!(
            "its {first} is no document, so {path} has no place in it"
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn upgrade(steps: &str) -> Upgrade {
        let text = format!(r#"{{ "collection": "c", "version": 2, "steps": {steps} }}"#);
        let migration = Migration {
            statements: text.into(),
            ..Migration::new(1, "c", "")
        };
        Upgrade::read(&migration).unwrap()
    }

    #[test]
    fn each_step_does_what_it_says_and_the_version_comes_after_the_key() {
        let upgrade = upgrade(
            r#"[{ "rename": "source", "to": "source.name" }, { "rename": "none", "to": "a" }, { "set": "x.y", "value": "z" },
                { "default": "n", "value": 5 }, { "default": "kept", "value": 5 }, { "remove": "x.old" }]"#,
        );
        let before = doc! { "_id": "k", "source": "s", "x": { "old": 1 }, "kept": null };
        let after = doc! {
            "_id": "k", "schema": 2, "x": { "y": "z" }, "kept": null, "source": { "name": "s" }, "n": 5,
        };
        let upgraded = upgrade.upgraded(before).unwrap();
        assert_eq!(upgraded.to_string(), after.to_string());
    }

    #[test]
    fn what_has_no_place_is_told_and_never_dropped() {
        let into_text = upgrade(r#"[{ "set": "a.b", "value": 1 }]"#);
        let error = into_text
            .upgraded(doc! { "_id": "k", "a": "text" })
            .unwrap_err();
        assert!(error.contains("its a is no document"), "{error}");
        let over = upgrade(r#"[{ "rename": "a", "to": "b" }]"#);
        let error = over.upgraded(doc! { "a": 1, "b": 2 }).unwrap_err();
        assert!(error.contains("both a and b"), "{error}");
    }

    #[test]
    fn a_step_that_is_none_is_an_error_of_its_migration() {
        let migration = Migration::new(
            7,
            "odd",
            r#"{ "collection": "c", "version": 2, "steps": [{ "rename": "a" }] }"#,
        );
        let error = Upgrade::read(&migration).unwrap_err();
        assert!(error.to_string().contains("migration 7 (odd)"), "{error}");
    }
}
