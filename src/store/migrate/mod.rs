//! Migrations: numbered texts, applied once each, in order, and never changed afterwards; undone by a text of their own where
//! there is one. Here are what a project declares and the order of things; [`relational`] and [`mongodb`] do it, each with its
//! own record of what was applied.

mod mongodb;
mod plan;
mod read;
mod relational;
mod status;

pub use read::MigrationsError;
pub use status::{MigrationState, MigrationStatus};

use super::{Documents, Store, StoreError, Tables};
use crate::runtime;
use std::borrow::Cow;

/// One numbered text: from a file by `include_str!` when the program is built, or by [`Migrations::read`] when it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number; they are applied in this order.
    pub version: i64,
    /// What it does, in a few words.
    pub description: Cow<'static, str>,
    /// SQL statements; for MongoDB a JSON array of commands, each a document that `runCommand` takes; for documents of both
    /// stores an upgrade (see [`Migrations::documents`]).
    pub statements: Cow<'static, str>,
    /// What undoes it, of the same kind; none when nothing can.
    pub undo: Option<Cow<'static, str>>,
}

impl Migration {
    /// One that cannot be undone.
    pub const fn new(
        version: i64,
        description: &'static str,
        statements: &'static str,
    ) -> Migration {
        Migration {
            version,
            description: Cow::Borrowed(description),
            statements: Cow::Borrowed(statements),
            undo: None,
        }
    }

    /// One that can be undone.
    pub const fn with_undo(
        version: i64,
        description: &'static str,
        statements: &'static str,
        undo: &'static str,
    ) -> Migration {
        Migration {
            version,
            description: Cow::Borrowed(description),
            statements: Cow::Borrowed(statements),
            undo: Some(Cow::Borrowed(undo)),
        }
    }
}

/// The migrations of each kind of database that a project supports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrations<'a> {
    /// Tables and the tables of embedded documents.
    pub sqlite: Cow<'a, [Migration]>,
    /// Tables.
    pub postgres: Cow<'a, [Migration]>,
    /// Collections, with their validators and indexes.
    pub mongodb: Cow<'a, [Migration]>,
    /// Upgrades of the documents themselves, the same for MongoDB and for embedded ones; their numbers are in one line with
    /// those of `sqlite` and of `mongodb`. Each is a JSON object: `collection`, the `version` that the documents then have in
    /// their field `schema` (one without the field is of version 1), and `steps`, each `{"rename": PATH, "to": PATH}`,
    /// `{"set": PATH, "value": …}`, `{"default": PATH, "value": …}` (where nothing is) or `{"remove": PATH}`.
    pub documents: Cow<'a, [Migration]>,
}

impl Migrations<'_> {
    /// The newest number of any kind; 0 when there is none.
    pub fn newest(&self) -> i64 {
        [&self.sqlite, &self.postgres, &self.mongodb, &self.documents]
            .into_iter()
            .flat_map(|kind| kind.iter())
            .map(|migration| migration.version)
            .max()
            .unwrap_or(0)
    }
}

/// What [`Store::migrate`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations applied now, to both stores.
    pub applied: usize,
    /// Migrations undone now, in both stores.
    pub undone: usize,
    /// Documents brought to a newer version now.
    pub upgraded: u64,
    /// The version the relational store is at.
    pub version: i64,
}

impl Store {
    /// Brings both stores up to these migrations; what is applied already is left alone. Those of SQLite and of PostgreSQL are
    /// applied all or nothing, embedded documents with them, and of two programs that do it at once one waits for the other.
    /// MongoDB has no transaction around such commands: what was applied before one fails stays, each can be repeated, and the
    /// next run goes on from there.
    ///
    /// # Errors
    /// When a database was written by a newer program, an applied migration has changed since, or one fails.
    pub fn migrate(&self, migrations: &Migrations<'_>) -> Result<Migrated, StoreError> {
        runtime::block_on(self.migrate_async(migrations, None))
    }

    /// Brings both stores to this version: newer migrations are undone, the newest first, and older ones that are missing are
    /// applied. All of them are looked at before the first is undone, so that one that cannot be leaves everything as it was.
    ///
    /// # Errors
    /// As [`Store::migrate`], when there is no such version, or when one that would have to be undone cannot be.
    pub fn migrate_to(
        &self,
        migrations: &Migrations<'_>,
        version: i64,
    ) -> Result<Migrated, StoreError> {
        runtime::block_on(self.migrate_async(migrations, Some(version)))
    }

    /// [`Store::migrate`], or with a version [`Store::migrate_to`], for async code.
    ///
    /// # Errors
    /// As those.
    pub async fn migrate_async(
        &self,
        migrations: &Migrations<'_>,
        version: Option<i64>,
    ) -> Result<Migrated, StoreError> {
        let known = migrations.newest();
        if let Some(version) = version.filter(|version| !(0..=known).contains(version)) {
            return Err(StoreError::NoVersion { version, known });
        }
        if let Documents::Mongo(mongo) = &self.documents {
            // Before the tables are touched: both stay as they are when one cannot go there.
            mongodb::plan(mongo, migrations, version).await?;
        }
        let mut migrated = match &self.tables {
            Tables::Sqlite(sqlite) => {
                let has_documents = matches!(self.documents, Documents::Embedded(_));
                relational::of_sqlite(sqlite, has_documents, migrations, version).await?
            }
            Tables::Postgres(postgres) => {
                relational::of_postgres(postgres, &migrations.postgres, version).await?
            }
        };
        if let Documents::Mongo(mongo) = &self.documents {
            let done = mongodb::migrate(mongo, migrations, version).await?;
            migrated.applied += done.applied;
            migrated.undone += done.undone;
            migrated.upgraded += done.upgraded;
        }
        Ok(migrated)
    }
}
