//! Migrations of MongoDB, which has no transaction around such commands: each is written so that it can be repeated, and is
//! recorded when all of it is done, so that a run that broke off, or two runs at once, end the same.

use super::plan::{Plan, Step, in_order};
use super::{Migrated, Migrations};
use crate::store::StoreError;
use crate::store::document::{Mongo, Upgrade};

/// What has to be done.
///
/// # Errors
/// When it cannot be.
pub(super) async fn plan<'a>(
    mongo: &Mongo,
    migrations: &'a Migrations<'_>,
    to: Option<i64>,
) -> Result<Plan<'a>, StoreError> {
    let applied = mongo.applied_migrations().await?;
    let steps = in_order(&migrations.mongodb, &migrations.documents);
    Plan::of(
        mongo.name(),
        &steps,
        &applied,
        |migration, found| migration.statements == found.text,
        to,
    )
}

pub(super) async fn migrate(
    mongo: &Mongo,
    migrations: &Migrations<'_>,
    to: Option<i64>,
) -> Result<Migrated, StoreError> {
    let plan = plan(mongo, migrations, to).await?;
    let mut migrated = Migrated::default();
    for step in &plan.down {
        mongo.undo(step.migration()).await?;
        migrated.undone += 1;
    }
    for step in &plan.up {
        match step {
            Step::Structure(migration) => mongo.apply(migration).await?,
            Step::Documents(migration) => {
                let upgrade = Upgrade::read(migration)?;
                migrated.upgraded += upgrade.mongodb(mongo).await?;
            }
        }
        mongo.record_migration(step.migration()).await?;
        migrated.applied += 1;
    }
    Ok(migrated)
}
