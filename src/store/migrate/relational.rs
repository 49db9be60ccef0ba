//! Migrations of SQLite and PostgreSQL, in one transaction. sqlx applies and undoes each and keeps the record of them, so that its
//! own tool understands a database made here.

use super::plan::{Plan, Step, in_order};
use super::{Migrated, Migration, Migrations};
use crate::store::StoreError;
use crate::store::document::Upgrade;
use crate::store::relational::{Postgres, Sqlite};
use sqlx::migrate::{Migrate, MigrateError, Migration as SqlxMigration, MigrationType};
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The table in which sqlx keeps its record.
pub(super) const RECORD: &str = "_sqlx_migrations";

/// `has_documents` tells whether documents are in the file too; else upgrades of them are another store's.
pub(super) async fn of_sqlite(
    sqlite: &Sqlite,
    has_documents: bool,
    migrations: &Migrations<'_>,
    to: Option<i64>,
) -> Result<Migrated, StoreError> {
    let name = sqlite.path().display().to_string();
    let error = |source| StoreError::Database {
        store: name.clone(),
        source,
    };
    // The one writer that SQLite allows: another program waits here.
    let mut transaction = sqlite
        .pool()
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(error)?;
    let steps = in_order(&migrations.sqlite, &migrations.documents);
    let mut plan = planned(&mut *transaction, &name, &steps, to).await?;
    plan.up
        .retain(|step| has_documents || matches!(step, Step::Structure(_)));
    let mut migrated = Migrated {
        applied: plan.up.len(),
        undone: plan.down.len(),
        version: plan.version,
        ..Migrated::default()
    };
    for step in &plan.down {
        undo(&mut *transaction, &name, step.migration()).await?;
    }
    for step in &plan.up {
        match step {
            Step::Structure(migration) => apply(&mut *transaction, &name, migration).await?,
            Step::Documents(migration) => {
                let upgrade = Upgrade::read(migration)?;
                migrated.upgraded += upgrade.embedded(&mut transaction).await?;
                transaction
                    .skip(RECORD, &sqlx_migration(migration, MigrationType::Simple))
                    .await
                    .map_err(|error| failed(error, &name, migration))?;
            }
        }
    }
    transaction.commit().await.map_err(error)?;
    Ok(migrated)
}

pub(super) async fn of_postgres(
    postgres: &Postgres,
    migrations: &[Migration],
    to: Option<i64>,
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
    let steps = in_order(migrations, &[]);
    let plan = planned(&mut *transaction, &name, &steps, to).await?;
    for step in &plan.down {
        undo(&mut *transaction, &name, step.migration()).await?;
    }
    for step in &plan.up {
        apply(&mut *transaction, &name, step.migration()).await?;
    }
    transaction.commit().await.map_err(error)?;
    Ok(Migrated {
        applied: plan.up.len(),
        undone: plan.down.len(),
        version: plan.version,
        upgraded: 0,
    })
}

/// What has to be done, in the caller's transaction.
async fn planned<'a, C: Migrate>(
    connection: &mut C,
    name: &str,
    steps: &[Step<'a>],
    to: Option<i64>,
) -> Result<Plan<'a>, StoreError> {
    let unread = |error| database_error(error, name);
    connection
        .ensure_migrations_table(RECORD)
        .await
        .map_err(unread)?;
    let applied: BTreeMap<i64, Cow<'static, [u8]>> = connection
        .list_applied_migrations(RECORD)
        .await
        .map_err(unread)?
        .into_iter()
        .map(|applied| (applied.version, applied.checksum))
        .collect();
    Plan::of(
        name,
        steps,
        &applied,
        |migration, sum| checksum(migration) == *sum,
        to,
    )
}

/// What sqlx keeps of a migration's text.
pub(super) fn checksum(migration: &Migration) -> Cow<'static, [u8]> {
    sqlx_migration(migration, MigrationType::Simple).checksum
}

/// Applies one: sqlx begins a transaction for it, which within the caller's is a savepoint.
async fn apply<C: Migrate>(
    connection: &mut C,
    name: &str,
    migration: &Migration,
) -> Result<(), StoreError> {
    let text = sqlx_migration(migration, MigrationType::Simple);
    connection
        .apply(RECORD, &text)
        .await
        .map_err(|error| failed(error, name, migration))?;
    Ok(())
}

async fn undo<C: Migrate>(
    connection: &mut C,
    name: &str,
    migration: &Migration,
) -> Result<(), StoreError> {
    let text = sqlx_migration(migration, MigrationType::ReversibleDown);
    connection
        .revert(RECORD, &text)
        .await
        .map_err(|error| failed(error, name, migration))?;
    Ok(())
}

/// The migration as sqlx takes it, or the text that undoes it.
fn sqlx_migration(migration: &Migration, kind: MigrationType) -> SqlxMigration {
    let text = match (&kind, &migration.undo) {
        (MigrationType::ReversibleDown, Some(undo)) => undo,
        _ => &migration.statements,
    };
    // A project's own text, written by its makers.
    let text = AssertSqlSafe(text.clone().into_owned()).into_sql_str();
    SqlxMigration::new(
        migration.version,
        migration.description.clone(),
        kind,
        text,
        false,
    )
}

fn failed(error: MigrateError, name: &str, migration: &Migration) -> StoreError {
    match error {
        MigrateError::ExecuteMigration(source, version) => StoreError::Migration {
            version,
            description: migration.description.clone().into_owned(),
            source: Box::new(source),
        },
        other => database_error(other, name),
    }
}

fn database_error(error: MigrateError, name: &str) -> StoreError {
    let store = name.to_owned();
    match error {
        MigrateError::Execute(source) => StoreError::Database { store, source },
        other => StoreError::Database {
            store,
            source: sqlx::Error::Migrate(Box::new(other)),
        },
    }
}
