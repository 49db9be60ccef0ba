//! Migrations: numbered texts, applied once each, in order, and never changed afterwards. For SQL sqlx keeps the record of
//! them; this adds the check for a database of a newer program, which sqlx reports as a missing migration. For MongoDB the
//! record is a collection.

use super::document::Mongo;
use super::relational::{Postgres, Sqlite};
use super::{Documents, Store, StoreError, Tables};
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, MigrateError, Migration as SqlxMigration, MigrationType, Migrator};

/// One numbered text; make it from a file with `include_str!`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its number; they are applied in this order.
    pub version: i64,
    /// What it does, in a few words.
    pub description: &'static str,
    /// SQL statements; for MongoDB a JSON array of commands, each a document that `runCommand` takes.
    pub statements: &'static str,
}

/// The migrations of each kind of database that a project supports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Migrations<'a> {
    /// Tables and embedded documents.
    pub sqlite: &'a [Migration],
    /// Tables.
    pub postgres: &'a [Migration],
    /// Documents.
    pub mongodb: &'a [Migration],
}

/// What [`Store::migrate`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// Migrations applied now, to both stores.
    pub applied: usize,
    /// The version the relational store is at.
    pub version: i64,
}

/// Brings both stores up.
pub(super) async fn migrate(
    store: &Store,
    migrations: &Migrations<'_>,
) -> Result<Migrated, StoreError> {
    let mut migrated = match &store.tables {
        Tables::Sqlite(sqlite) => of_sqlite(sqlite, migrations.sqlite).await?,
        Tables::Postgres(postgres) => of_postgres(postgres, migrations.postgres).await?,
    };
    if let Documents::Mongo(mongo) = &store.documents {
        migrated.applied += of_mongo(mongo, migrations.mongodb).await?;
    }
    Ok(migrated)
}

async fn of_sqlite(sqlite: &Sqlite, migrations: &[Migration]) -> Result<Migrated, StoreError> {
    let name = sqlite.path().display().to_string();
    let error = |source| StoreError::Database {
        store: name.clone(),
        source,
    };
    let mut transaction = sqlite
        .pool()
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(error)?;
    let migrated = apply(&mut *transaction, &name, migrations).await?;
    transaction.commit().await.map_err(error)?;
    Ok(migrated)
}

async fn of_postgres(
    postgres: &Postgres,
    migrations: &[Migration],
) -> Result<Migrated, StoreError> {
    let name = postgres.name().to_owned();
    let error = |source| StoreError::Database {
        store: name.clone(),
        source,
    };
    let mut transaction = postgres.pool().begin().await.map_err(error)?;
    // Two programs that start together must not both apply.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('carnet migrations'))")
        .execute(&mut *transaction)
        .await
        .map_err(error)?;
    let migrated = apply(&mut *transaction, &name, migrations).await?;
    transaction.commit().await.map_err(error)?;
    Ok(migrated)
}

/// The table in which sqlx keeps its record.
const RECORD: &str = "_sqlx_migrations";

/// Applies what is new in the caller's transaction: sqlx begins one for each migration, which within it is a savepoint.
async fn apply<C>(
    connection: &mut C,
    name: &str,
    migrations: &[Migration],
) -> Result<Migrated, StoreError>
where
    C: Migrate,
{
    let failed = |error| migrate_error(error, name, migrations);
    connection
        .ensure_migrations_table(RECORD)
        .await
        .map_err(failed)?;
    let before = connection
        .list_applied_migrations(RECORD)
        .await
        .map_err(failed)?;
    let found = before.iter().map(|applied| applied.version).max();
    let known = check_newer(name, migrations, found.unwrap_or(0))?;
    let mut migrator = Migrator::with_migrations(
        migrations
            .iter()
            .map(|migration| {
                let (text, kind) = (migration.statements.into_sql_str(), MigrationType::Simple);
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
    // sqlx would hold its lock beyond a failure.
    migrator.set_locking(false);
    migrator
        .run_direct(None, connection, false)
        .await
        .map_err(failed)?;
    Ok(Migrated {
        applied: migrations.len().saturating_sub(before.len()),
        version: known,
    })
}

/// The newest known version; an error when the database has a newer one.
fn check_newer(name: &str, migrations: &[Migration], found: i64) -> Result<i64, StoreError> {
    let known = migrations
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    if found > known {
        return Err(StoreError::Newer {
            store: name.to_owned(),
            found,
            known,
        });
    }
    Ok(known)
}

async fn of_mongo(mongo: &Mongo, migrations: &[Migration]) -> Result<usize, StoreError> {
    let applied = mongo.applied_migrations().await?;
    check_newer(
        mongo.name(),
        migrations,
        applied.keys().copied().max().unwrap_or(0),
    )?;
    let mut count = 0;
    for migration in migrations {
        match applied.get(&migration.version) {
            Some(text) if text == migration.statements => {}
            Some(_) => {
                return Err(StoreError::Changed {
                    store: mongo.name().to_owned(),
                    version: migration.version,
                });
            }
            None => {
                mongo.apply(migration).await?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn migrate_error(error: MigrateError, name: &str, migrations: &[Migration]) -> StoreError {
    let store = name.to_owned();
    match error {
        MigrateError::VersionMismatch(version) | MigrateError::VersionMissing(version) => {
            StoreError::Changed { store, version }
        }
        MigrateError::ExecuteMigration(source, version) => StoreError::Migration {
            version,
            description: migrations
                .iter()
                .find(|migration| migration.version == version)
                .map_or_else(String::new, |migration| migration.description.to_owned()),
            source: Box::new(source),
        },
        MigrateError::Execute(source) => StoreError::Database { store, source },
        other => StoreError::Database {
            store,
            source: sqlx::Error::Migrate(Box::new(other)),
        },
    }
}
