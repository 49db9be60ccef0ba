//! Migrations: numbered SQL texts, applied once each, in order, in one transaction, and never changed afterwards. sqlx keeps
//! the record of them; this adds the check for a file of a newer program, which sqlx reports as a missing migration.

use super::Database;
use crate::store::StoreError;
use sqlx::migrate::{MigrateError, Migration as SqlxMigration, MigrationType, Migrator};
use sqlx::{Row, SqlSafeStr};

/// One numbered SQL text; make it from a file with `include_str!`.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; they are applied in this order.
    pub version: i64,
    /// What it does, in a few words.
    pub description: &'static str,
    /// The statements.
    pub sql: &'static str,
}

/// What [`crate::store::Store::migrate`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations applied now.
    pub applied: usize,
    /// The version the database is at.
    pub version: i64,
}

impl Database {
    pub(crate) async fn migrate(&self, migrations: &[Migration]) -> Result<Migrated, StoreError> {
        let known = migrations
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or(0);
        let (before, found) = self.applied().await?;
        if found > known {
            return Err(StoreError::Newer {
                path: self.path().to_owned(),
                found,
                known,
            });
        }
        let migrator = Migrator::with_migrations(
            migrations
                .iter()
                .map(|migration| {
                    let (text, kind) = (migration.sql.into_sql_str(), MigrationType::Simple);
                    SqlxMigration::new(
                        migration.version,
                        migration.description.into(),
                        kind,
                        text,
                        false,
                    )
                })
                .collect(),
        );
        // sqlx begins a transaction for each migration, which within this one is a savepoint: all are applied, or none.
        let error = |source| StoreError::Database {
            path: self.path().to_owned(),
            source,
        };
        let mut transaction = self
            .pool()
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(error)?;
        migrator
            .run(&mut *transaction)
            .await
            .map_err(|error| self.migrate_error(error, migrations))?;
        transaction.commit().await.map_err(error)?;
        Ok(Migrated {
            applied: migrations.len().saturating_sub(before),
            version: known,
        })
    }

    /// How many migrations the database has, and the newest one's number; zeros if it has none.
    async fn applied(&self) -> Result<(usize, i64), StoreError> {
        let error = |source| StoreError::Database {
            path: self.path().to_owned(),
            source,
        };
        let has_record = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_optional(self.pool())
            .await
            .map_err(error)?
            .is_some();
        if !has_record {
            return Ok((0, 0));
        }
        let row = sqlx::query(
            "SELECT count(*), coalesce(max(version), 0) FROM _sqlx_migrations WHERE success",
        )
        .fetch_one(self.pool())
        .await
        .map_err(error)?;
        let count: i64 = row.try_get(0).map_err(error)?;
        Ok((
            usize::try_from(count).unwrap_or(0),
            row.try_get(1).map_err(error)?,
        ))
    }

    fn migrate_error(&self, error: MigrateError, migrations: &[Migration]) -> StoreError {
        let path = self.path().to_owned();
        match error {
            MigrateError::VersionMismatch(version) | MigrateError::VersionMissing(version) => {
                StoreError::Changed { path, version }
            }
            MigrateError::ExecuteMigration(source, version) => {
                let description = migrations
                    .iter()
                    .find(|migration| migration.version == version)
                    .map_or_else(String::new, |migration| migration.description.to_owned());
                StoreError::Migration {
                    version,
                    description,
                    source,
                }
            }
            MigrateError::Execute(source) => StoreError::Database { path, source },
            other => StoreError::Database {
                path,
                source: sqlx::Error::Migrate(Box::new(other)),
            },
        }
    }
}
