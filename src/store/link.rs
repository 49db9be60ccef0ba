//! Links: rows that refer to rows or documents which no foreign key can hold, because the other end is in another database or may
//! be missing. They are declared once, in a file, and counted here: how many ends dangle, on both sides.

use super::document::table_of;
use super::relational::postgres_catalogue::quoted_path;
use super::{Documents, Store, StoreError, Tables, quoted};
use crate::runtime;
use bson::{Bson, Document, doc};
use futures_util::TryStreamExt;
use serde::Deserialize;
use sqlx::{AssertSqlSafe, Row, SqlSafeStr, SqlStr};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Dangling ends that are named, of each side.
const NAMED: usize = 10;

/// Why links could not be read or checked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// A file that cannot be read.
    #[error("{path} cannot be read: {source}; give the project's file of links")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file that declares no links.
    #[error("{path} declares no links: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong where.
        source: serde_json::Error,
    },
    /// A rule that makes no key.
    #[error(
        "the rule {rule:?} of link {link} makes no key: {reason}; write columns as {{column}} or, for the hour of an instant, {{column:hour}}"
    )]
    Rule {
        /// The link.
        link: String,
        /// Its rule.
        rule: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A link that could not be checked.
    #[error("link {link} could not be checked: {source}")]
    Store {
        /// The link.
        link: String,
        /// The store's reason.
        source: Box<StoreError>,
    },
}

/// One link as the file declares it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The table whose rows refer.
    pub from: String,
    /// What they refer to.
    pub to: Target,
    /// How a row makes the key that it refers to: text with `{column}` and `{column:hour}` in it, the latter the beginning of an
    /// instant's hour in UTC as `YYYY-MM-DDTHH:00:00Z`. A row with a null in any of them refers to nothing.
    pub key: String,
    /// What may dangle among the rows that refer; none unless it is declared.
    #[serde(default)]
    pub from_may_dangle: Allowed,
    /// What may dangle among what is referred to; none unless it is declared.
    #[serde(default)]
    pub to_may_dangle: Allowed,
}

/// What a link refers to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Target {
    /// Rows, by the text of a column.
    Table {
        /// The table.
        table: String,
        /// Its column.
        column: String,
    },
    /// Documents, by their `_id`.
    Collection {
        /// The collection.
        collection: String,
    },
}

/// How much may dangle, and why that is no fault.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowed {
    /// The largest share of the ends, from 0 to 1.
    pub share: f64,
    /// Why.
    pub because: String,
}

/// All links of a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Links(pub Vec<Link>);

/// One side of a link: its ends, and those that dangle.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ends {
    /// All of them: rows that refer, or rows or documents that can be referred to.
    pub all: u64,
    /// Those that dangle: that refer to nothing, or that nothing refers to.
    pub dangling: u64,
    /// The first ten keys of these, in order.
    pub first: Vec<String>,
    /// What the link's declaration allows.
    pub allowed: Allowed,
}

impl Ends {
    /// The share that dangles; 0 of none.
    pub fn share(&self) -> f64 {
        match self.all {
            0 => 0.0,
            all => self.dangling as f64 / all as f64,
        }
    }

    /// Whether more dangle than the declaration allows.
    pub fn is_problem(&self) -> bool {
        self.share() > self.allowed.share
    }
}

/// What dangles of one link.
#[derive(Debug, Clone, PartialEq)]
pub struct Dangling {
    /// The link's name.
    pub link: String,
    /// The rows that refer.
    pub from: Ends,
    /// What they refer to.
    pub to: Ends,
}

impl Links {
    /// Reads a file of links: a JSON array.
    ///
    /// # Errors
    /// When the file cannot be read, is something else, or a rule makes no key.
    pub fn read(path: impl AsRef<Path>) -> Result<Links, LinkError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| LinkError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let links: Vec<Link> = serde_json::from_str(&text).map_err(|source| LinkError::File {
            path: path.to_owned(),
            source,
        })?;
        for link in &links {
            link.parts()?;
        }
        Ok(Links(links))
    }

    /// Counts the dangling ends of every link, on both sides. The keys that rows make are kept in memory, each once.
    ///
    /// # Errors
    /// When a table or a collection is not there, there is no document store, or a database fails.
    pub fn verify(&self, store: &Store) -> Result<Vec<Dangling>, LinkError> {
        runtime::block_on(self.verify_async(store))
    }

    /// [`Links::verify`] for async code.
    ///
    /// # Errors
    /// As [`Links::verify`].
    pub async fn verify_async(&self, store: &Store) -> Result<Vec<Dangling>, LinkError> {
        let mut all = Vec::new();
        for link in &self.0 {
            all.push(link.verify(store).await?);
        }
        Ok(all)
    }
}

/// A part of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
    /// The beginning of the hour of an instant.
    Hour(String),
}

/// A row that refers: how many do, and whether what they refer to was found.
#[derive(Debug, Default)]
struct Referred {
    rows: u64,
    is_found: bool,
}

impl Link {
    /// The columns that its rule names, in order.
    ///
    /// # Errors
    /// When the rule makes no key.
    pub fn columns(&self) -> Result<Vec<String>, LinkError> {
        let parts = self.parts()?.into_iter();
        Ok(parts
            .filter_map(|part| match part {
                Part::Text(_) => None,
                Part::Column(name) | Part::Hour(name) => Some(name),
            })
            .collect())
    }

    fn parts(&self) -> Result<Vec<Part>, LinkError> {
        let wrong = |reason: &str| LinkError::Rule {
            link: self.name.clone(),
            rule: self.key.clone(),
            reason: reason.to_owned(),
        };
        let (mut parts, mut rest) = (Vec::new(), self.key.as_str());
        while let Some((text, after)) = rest.split_once('{') {
            let (place, after) = after
                .split_once('}')
                .ok_or_else(|| wrong("a { is not closed"))?;
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            parts.push(match place.split_once(':') {
                None if place.is_empty() => return Err(wrong("a {} names no column")),
                None => Part::Column(place.to_owned()),
                Some((column, "hour")) => Part::Hour(column.to_owned()),
                Some((_, other)) => return Err(wrong(&format!("{other} is not known"))),
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if parts.iter().all(|part| matches!(part, Part::Text(_))) {
            return Err(wrong("it names no column"));
        }
        Ok(parts)
    }

    async fn verify(&self, store: &Store) -> Result<Dangling, LinkError> {
        let parts = self.parts()?;
        let failed = |source| LinkError::Store {
            link: self.name.clone(),
            source: Box::new(source),
        };
        let mut keys = store.keys_made(&self.from, &parts).await.map_err(failed)?;
        let mut to = Ends {
            allowed: self.to_may_dangle.clone(),
            ..Ends::default()
        };
        let mut unreferred = BTreeSet::new();
        let meet = |key: String| {
            to.all += 1;
            match keys.get_mut(&key) {
                Some(referred) => referred.is_found = true,
                None => {
                    to.dangling += 1;
                    unreferred.insert(key);
                    if unreferred.len() > NAMED {
                        unreferred.pop_last();
                    }
                }
            }
        };
        match &self.to {
            Target::Table { table, column } => store.each_key_of_table(table, column, meet).await,
            Target::Collection { collection } => store.each_key_of(collection, meet).await,
        }
        .map_err(failed)?;
        to.first = unreferred.into_iter().collect();
        let dangling = keys.iter().filter(|(_, referred)| !referred.is_found);
        Ok(Dangling {
            link: self.name.clone(),
            from: Ends {
                all: keys.values().map(|referred| referred.rows).sum(),
                dangling: dangling.clone().map(|(_, referred)| referred.rows).sum(),
                first: dangling.take(NAMED).map(|(key, _)| key.clone()).collect(),
                allowed: self.from_may_dangle.clone(),
            },
            to,
        })
    }
}

impl Store {
    /// The keys that the rows of a table make, each with how many do. Rows that make none are left out.
    async fn keys_made(
        &self,
        table: &str,
        parts: &[Part],
    ) -> Result<BTreeMap<String, Referred>, StoreError> {
        let statement = |table: &str, part: fn(&Part) -> String| {
            let parts: Vec<String> = parts.iter().map(part).collect();
            sql(format!(
                "SELECT made, count(*) FROM (SELECT {} AS made FROM {table} AS row_of) AS rows_that_refer \
                 WHERE made IS NOT NULL GROUP BY made",
                parts.join(" || ")
            ))
        };
        let mut keys = BTreeMap::new();
        let mut add = |key: String, rows: i64| {
            let rows = rows.unsigned_abs();
            keys.insert(
                key,
                Referred {
                    rows,
                    is_found: false,
                },
            );
        };
        match &self.tables {
            Tables::Sqlite(sqlite) => {
                let statement = statement(&quoted(table), sqlite_part);
                let mut rows = sqlx::query(statement).fetch(sqlite.pool());
                while let Some(row) = rows.try_next().await? {
                    add(row.try_get(0)?, row.try_get(1)?);
                }
            }
            Tables::Postgres(postgres) => {
                let statement = statement(&quoted_path(table), postgres_part);
                let mut rows = sqlx::query(statement).fetch(postgres.pool());
                while let Some(row) = rows.try_next().await? {
                    add(row.try_get(0)?, row.try_get(1)?);
                }
            }
        }
        Ok(keys)
    }

    async fn each_key_of_table(
        &self,
        table: &str,
        column: &str,
        meet: impl FnMut(String),
    ) -> Result<(), StoreError> {
        let column = Part::Column(column.to_owned());
        match &self.tables {
            Tables::Sqlite(sqlite) => {
                let (key, table) = (sqlite_part(&column), quoted(table));
                let statement = sql(format!("SELECT {key} AS found FROM {table} AS row_of"));
                each(sqlx::query_scalar(statement).fetch(sqlite.pool()), meet).await
            }
            Tables::Postgres(postgres) => {
                let (key, table) = (postgres_part(&column), quoted_path(table));
                let statement = sql(format!("SELECT {key} AS found FROM {table} AS row_of"));
                each(sqlx::query_scalar(statement).fetch(postgres.pool()), meet).await
            }
        }
    }

    async fn each_key_of(
        &self,
        collection: &str,
        mut meet: impl FnMut(String),
    ) -> Result<(), StoreError> {
        match &self.documents {
            Documents::Embedded(sqlite) => {
                let mut connection = sqlite.pool().acquire().await?;
                super::document::indexed_paths(&mut connection, collection).await?;
                let table = quoted(&table_of(collection));
                let statement = sql(format!("SELECT id FROM {table}"));
                each(sqlx::query_scalar(statement).fetch(&mut *connection), meet).await
            }
            Documents::Mongo(mongo) => {
                let error = |error| mongo.error(error);
                let found = mongo.database().collection::<Document>(collection);
                let mut found = found
                    .find(doc! {})
                    .projection(doc! { "_id": 1 })
                    .await
                    .map_err(error)?;
                while let Some(document) = found.try_next().await.map_err(error)? {
                    match document.get("_id") {
                        Some(Bson::String(key)) => meet(key.clone()),
                        // Nothing refers to a key that is no text.
                        Some(other) => meet(other.to_string()),
                        None => {}
                    }
                }
                Ok(())
            }
            Documents::Nowhere => Err(StoreError::NoDocuments {
                collection: collection.to_owned(),
            }),
        }
    }
}

async fn each(
    mut keys: impl futures_util::Stream<Item = Result<Option<String>, sqlx::Error>> + Unpin,
    mut meet: impl FnMut(String),
) -> Result<(), StoreError> {
    while let Some(key) = keys.try_next().await? {
        key.into_iter().for_each(&mut meet);
    }
    Ok(())
}

/// Only names and texts of the project's own declaration are in it, quoted.
fn sql(text: String) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// With its row before it: SQLite takes a quoted name that is no column for a text.
fn column(name: &str) -> String {
    format!("row_of.{}", quoted(name))
}

fn sqlite_part(part: &Part) -> String {
    match part {
        Part::Text(text) => text_literal(text),
        Part::Column(name) => format!("CAST({} AS TEXT)", column(name)),
        // Instants are stored as this text.
        Part::Hour(name) => format!("substr({}, 1, 13) || ':00:00Z'", column(name)),
    }
}

fn postgres_part(part: &Part) -> String {
    match part {
        Part::Text(text) => text_literal(text),
        Part::Column(name) => format!("{}::text", column(name)),
        Part::Hour(name) => format!(
            "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24') || ':00:00Z'",
            column(name)
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn link(key: &str) -> Link {
        Link {
            name: "l".into(),
            description: "d".into(),
            from: "f".into(),
            to: Target::Collection {
                collection: "c".into(),
            },
            key: key.into(),
            from_may_dangle: Allowed::default(),
            to_may_dangle: Allowed::default(),
        }
    }

    #[test]
    fn a_rule_is_columns_hours_and_the_text_between() {
        let parts = link("{origin}/{left:hour}!").parts().unwrap();
        assert_eq!(
            parts,
            [
                Part::Column("origin".into()),
                Part::Text("/".into()),
                Part::Hour("left".into()),
                Part::Text("!".into())
            ]
        );
        assert_eq!(link("{a}-{b}").columns().unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_rule_that_makes_no_key_says_why() {
        for (rule, reason) in [
            ("origin", "names no column"),
            ("{origin", "not closed"),
            ("{}", "names no column"),
            ("{left:day}", "day is not known"),
        ] {
            let error = link(rule).parts().unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains(rule), "{error}");
        }
    }
}
