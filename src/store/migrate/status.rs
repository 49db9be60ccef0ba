//! Which migrations a database has, without changing it.

use super::plan::in_order;
use super::relational::{RECORD, checksum};
use super::{Migration, Migrations};
use crate::runtime;
use crate::store::{Documents, Store, StoreError, Tables, quoted};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::collections::BTreeMap;
use std::fmt;

/// How a database and a migration stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationState {
    /// It is applied.
    Applied,
    /// It is not applied yet.
    Pending,
    /// It was applied with another text.
    Changed,
    /// The database has it and this program does not.
    Unknown,
}

impl fmt::Display for MigrationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            MigrationState::Applied => "applied",
            MigrationState::Pending => "pending",
            MigrationState::Changed => "changed",
            MigrationState::Unknown => "newer",
        })
    }
}

/// One migration of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// The database, without its password.
    pub store: String,
    /// The migration's number.
    pub version: i64,
    /// What it does, in a few words.
    pub description: String,
    /// Whether it is applied.
    pub state: MigrationState,
    /// When it was, if the database says so.
    pub applied: Option<DateTime<Utc>>,
    /// Whether it can be undone.
    pub can_be_undone: bool,
}

/// What a database has recorded of a migration.
#[derive(Debug)]
struct Recorded {
    description: String,
    applied: Option<DateTime<Utc>>,
    is_same: bool,
}

impl Store {
    /// The migrations of both stores, those of the tables first: which are applied, and when. Nothing is changed, also not where
    /// none was ever applied.
    ///
    /// # Errors
    /// When a database fails.
    pub fn status(&self, migrations: &Migrations<'_>) -> Result<Vec<MigrationStatus>, StoreError> {
        runtime::block_on(self.status_async(migrations))
    }

    /// [`Store::status`] for async code.
    ///
    /// # Errors
    /// When a database fails.
    pub async fn status_async(
        &self,
        migrations: &Migrations<'_>,
    ) -> Result<Vec<MigrationStatus>, StoreError> {
        let (name, structure, documents) = match &self.tables {
            Tables::Sqlite(sqlite) => (
                sqlite.path().display().to_string(),
                &migrations.sqlite[..],
                &migrations.documents[..],
            ),
            Tables::Postgres(postgres) => (
                postgres.name().to_owned(),
                &migrations.postgres[..],
                &[][..],
            ),
        };
        let known = texts(structure, documents);
        let mut all = listed(&name, &known, self.recorded(&name, &known).await?);
        if let Documents::Mongo(mongo) = &self.documents {
            // Documents are upgraded where they are.
            all.retain(|one| {
                let is_structure = structure.iter().any(|kind| kind.version == one.version);
                is_structure || one.state != MigrationState::Pending
            });
            let known = texts(&migrations.mongodb, &migrations.documents);
            let recorded = mongo.applied_migrations().await?.into_iter();
            let recorded = recorded.map(|(version, found)| {
                let is_same = known
                    .get(&version)
                    .is_some_and(|migration| migration.statements == found.text);
                let recorded = Recorded {
                    description: found.description,
                    applied: found.applied,
                    is_same,
                };
                (version, recorded)
            });
            all.extend(listed(mongo.name(), &known, recorded.collect()));
        }
        Ok(all)
    }

    /// What the record of the tables has; nothing when there is no record.
    async fn recorded(
        &self,
        name: &str,
        known: &BTreeMap<i64, &Migration>,
    ) -> Result<BTreeMap<i64, Recorded>, StoreError> {
        let error = |source| StoreError::Database {
            store: name.to_owned(),
            source,
        };
        let select = |when: &str| {
            let table = quoted(RECORD);
            let sql = format!("SELECT version, description, {when}, checksum FROM {table}");
            AssertSqlSafe(sql).into_sql_str()
        };
        let mut recorded = BTreeMap::new();
        // Without the table nothing was applied yet.
        let rows: Vec<(i64, String, Option<String>, Vec<u8>)> = match &self.tables {
            Tables::Sqlite(sqlite) => {
                let there =
                    "SELECT count(*) > 0 FROM sqlite_schema WHERE name = '_sqlx_migrations'";
                let there = sqlx::query_scalar(there).fetch_one(sqlite.pool());
                match there.await.map_err(error)? {
                    false => Vec::new(),
                    true => {
                        let sql = select("strftime('%Y-%m-%dT%H:%M:%SZ', installed_on)");
                        let rows = sqlx::query_as(sql).fetch_all(sqlite.pool());
                        rows.await.map_err(error)?
                    }
                }
            }
            Tables::Postgres(postgres) => {
                let there = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
                let there = sqlx::query_scalar(there).fetch_one(postgres.pool());
                match there.await.map_err(error)? {
                    false => Vec::new(),
                    true => {
                        let sql = select(
                            "to_char(installed_on AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                        );
                        let rows = sqlx::query_as(sql).fetch_all(postgres.pool());
                        rows.await.map_err(error)?
                    }
                }
            }
        };
        for (version, description, applied, sum) in rows {
            let found = Recorded {
                description,
                applied: applied.and_then(|text| text.parse().ok()),
                is_same: known
                    .get(&version)
                    .is_some_and(|migration| checksum(migration)[..] == sum),
            };
            recorded.insert(version, found);
        }
        Ok(recorded)
    }
}

fn texts<'a>(
    structure: &'a [Migration],
    documents: &'a [Migration],
) -> BTreeMap<i64, &'a Migration> {
    in_order(structure, documents)
        .iter()
        .map(|step| (step.migration().version, step.migration()))
        .collect()
}

/// Every migration that the program or the database has.
fn listed(
    store: &str,
    known: &BTreeMap<i64, &Migration>,
    mut recorded: BTreeMap<i64, Recorded>,
) -> Vec<MigrationStatus> {
    let mut all: Vec<MigrationStatus> = known
        .iter()
        .map(|(version, migration)| {
            let found = recorded.remove(version);
            MigrationStatus {
                store: store.to_owned(),
                version: *version,
                description: migration.description.clone().into_owned(),
                state: match &found {
                    None => MigrationState::Pending,
                    Some(found) if found.is_same => MigrationState::Applied,
                    Some(_) => MigrationState::Changed,
                },
                applied: found.and_then(|found| found.applied),
                can_be_undone: migration.undo.is_some(),
            }
        })
        .collect();
    all.extend(
        recorded
            .into_iter()
            .map(|(version, found)| MigrationStatus {
                store: store.to_owned(),
                version,
                description: found.description,
                state: MigrationState::Unknown,
                applied: found.applied,
                can_be_undone: false,
            }),
    );
    all
}
