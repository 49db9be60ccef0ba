//! Months of flights: in PostgreSQL the table of flights is partitioned by them, and each has to be made before its rows come, or
//! they wait with those of other months.

use crate::flight::Flight;
use carnet::store::{Store, StoreError};
use chrono::{DateTime, Datelike, Utc};
use std::collections::BTreeMap;

/// Makes the partitions that these flights need, in a transaction of its own: an empty one does no harm should the load fail. In
/// SQLite there is nothing to do.
///
/// # Errors
/// When the database fails.
pub async fn make(store: &Store, flights: &[Flight]) -> Result<(), StoreError> {
    let Some(postgres) = store.postgres() else {
        return Ok(());
    };
    for instant in months(flights).into_values() {
        sqlx::query("SELECT flight_month($1::timestamptz)")
            .bind(instant.to_rfc3339())
            .execute(postgres)
            .await?;
    }
    Ok(())
}

/// An instant in each month of UTC's calendar in which a flight should leave.
fn months(flights: &[Flight]) -> BTreeMap<(i32, u32), DateTime<Utc>> {
    flights
        .iter()
        .map(|flight| flight.scheduled_departure)
        .map(|instant| ((instant.year(), instant.month()), instant))
        .collect()
}
