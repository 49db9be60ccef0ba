//! The load: five files into four tables and one collection, in one transaction. Whatever stops it, the database is as it
//! was before; a second run finds every row there and changes nothing. Observations in MongoDB are outside the transaction: they
//! are written last, by key, so that a load that stops among them is simply run again.

use crate::airline::Airline;
use crate::airport::{self, Airport};
use crate::flight::Flight;
use crate::month;
use crate::observation::{COLLECTION, Observation};
use crate::plane::Plane;
use crate::progress::Progress;
use crate::report::{Filled, LoadSummary};
use crate::source::{File, Source, SourceError};
use carnet::store::relational::Row;
use carnet::store::{Store, StoreError, Transaction, Upserted};
use std::time::Instant;
use thiserror::Error;

/// Documents written between two signs of progress.
const DOCUMENTS_A_STEP: usize = 5_000;

/// Why a load failed. The database is as it was before.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row that the database does not take.
    #[error("{table} was not filled, and nothing of this load was kept: {source}")]
    Refused {
        /// The table or collection.
        table: &'static str,
        /// The store's reason.
        source: StoreError,
    },
    /// The load was stopped.
    #[error("interrupted: nothing of this load was kept")]
    Interrupted,
    /// The system does not tell of Ctrl-C.
    #[error("nothing was loaded: Ctrl-C cannot be listened for: {source}")]
    Signal {
        /// The system's reason.
        source: std::io::Error,
    },
}

/// Everything there is to write, read and checked before the database is touched.
#[derive(Debug)]
pub struct Records {
    /// Carriers.
    pub airlines: Vec<Airline>,
    /// Airports of the source, then those that only flights name.
    pub airports: Vec<Airport>,
    /// How many of `airports` are the source's.
    pub listed: usize,
    /// Aircraft.
    pub planes: Vec<Plane>,
    /// Scheduled departures.
    pub flights: Vec<Flight>,
    /// Hours of weather.
    pub observations: Vec<Observation>,
    /// What they were read from.
    pub source: String,
}

impl Records {
    /// Reads all five files.
    ///
    /// # Errors
    /// When one cannot be read, or a value in it means nothing.
    pub fn read(source: &Source) -> Result<Records, SourceError> {
        let airlines = Airline::read(&source.read(File::Airlines)?)?;
        let mut airports = Airport::read(&source.read(File::Airports)?)?;
        let planes = Plane::read(&source.read(File::Planes)?)?;
        let observations = Observation::read(&source.read(File::Weather)?)?;
        let rows = source.read(File::Flights)?;
        let listed = airports.len();
        airports.extend(Airport::unlisted(&airports, &rows)?);
        let carriers = airlines
            .iter()
            .map(|airline| airline.carrier.as_str())
            .collect();
        let flights = Flight::read(&rows, &airport::zones(&airports), &carriers)?;
        Ok(Records {
            airlines,
            airports,
            listed,
            planes,
            flights,
            observations,
            source: source.to_string(),
        })
    }
}

/// Fills the store, whose tables must be at [`crate::MIGRATIONS`]. When `stop` ends before everything is written, nothing is
/// kept; from the commit on it is not listened to, so that the answer is always true.
///
/// # Errors
/// When the database refuses a row, or the load is stopped; nothing is changed then.
pub async fn load(
    store: &Store,
    records: &Records,
    progress: &Progress,
    stop: impl Future<Output = std::io::Result<()>>,
) -> Result<LoadSummary, LoadError> {
    let start = Instant::now();
    month::make(store, &records.flights).await?;
    let mut transaction = store.begin().await?;
    let filled = tokio::select! {
        filled = fill_all(&mut transaction, records, progress) => filled?,
        stopped = stop => return Err(match stopped {
            Ok(()) => LoadError::Interrupted,
            Err(source) => LoadError::Signal { source },
        }),
    };
    transaction.commit().await?;
    if let Some(sqlite) = store.sqlite() {
        // Moves the write-ahead log into the file and empties it. Whatever holds that up, the load is done; SQLite does it later.
        let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(sqlite)
            .await;
    }
    Ok(LoadSummary {
        filled,
        unlisted: records
            .airports
            .iter()
            .skip(records.listed)
            .map(|airport| airport.faa.clone())
            .collect(),
        source: records.source.clone(),
        database: store.to_string(),
        bytes: size(store),
        took: start.elapsed(),
    })
}

/// Writes all tables, parents before children, and the documents.
async fn fill_all(
    transaction: &mut Transaction,
    records: &Records,
    progress: &Progress,
) -> Result<Vec<Filled>, LoadError> {
    let airlines = fill("airline", transaction, &records.airlines, progress).await?;
    let airports = Filled {
        read: records.listed,
        ..fill("airport", transaction, &records.airports, progress).await?
    };
    Ok(vec![
        airlines,
        airports,
        fill("plane", transaction, &records.planes, progress).await?,
        fill("flight", transaction, &records.flights, progress).await?,
        fill_observations(transaction, &records.observations, progress).await?,
    ])
}

async fn fill<R: Row>(
    name: &'static str,
    transaction: &mut Transaction,
    rows: &[R],
    progress: &Progress,
) -> Result<Filled, LoadError> {
    let start = Instant::now();
    let mut stage = progress.stage(name, rows.len());
    let written = transaction
        .upsert(rows, |done| stage.at(done))
        .await
        .map_err(|source| LoadError::Refused {
            table: name,
            source,
        })?;
    stage.end();
    Ok(Filled {
        name,
        read: rows.len(),
        written,
        took: start.elapsed(),
    })
}

async fn fill_observations(
    transaction: &mut Transaction,
    observations: &[Observation],
    progress: &Progress,
) -> Result<Filled, LoadError> {
    let start = Instant::now();
    let mut stage = progress.stage(COLLECTION, observations.len());
    let (mut all, mut done) = (Upserted::default(), 0);
    for some in observations.chunks(DOCUMENTS_A_STEP) {
        let documents: Vec<_> = some.iter().map(Observation::document).collect();
        let written = transaction
            .upsert_documents(COLLECTION, &documents)
            .await
            .map_err(|source| LoadError::Refused {
                table: COLLECTION,
                source,
            })?;
        all.new += written.new;
        all.changed += written.changed;
        all.same += written.same;
        done += some.len();
        stage.at(done);
    }
    stage.end();
    Ok(Filled {
        name: COLLECTION,
        read: observations.len(),
        written: all,
        took: start.elapsed(),
    })
}

/// The bytes of the embedded database; none when there is none, or they cannot be asked for.
fn size(store: &Store) -> Option<u64> {
    Some(std::fs::metadata(store.path()?).ok()?.len())
}
