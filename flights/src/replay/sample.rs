//! The sample as the writers need it: read once, and what is long to write made once.

use super::{ReplayError, bts, faa};
use crate::airline::Airline;
use crate::airport::Airport;
use crate::observation::Observation;
use crate::plane::Plane;
use crate::source::{File, Rows, Source, SourceError};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The embedded sample.
#[derive(Debug)]
pub struct Sample {
    pub(super) airlines: Vec<Airline>,
    pub(super) airports: Vec<Airport>,
    pub(super) planes: Vec<Plane>,
    /// In the order of time, then of stations.
    pub(super) observations: Vec<Observation>,
    pub(super) flights: Rows,
    months: OnceLock<BTreeMap<u32, Arc<[u8]>>>,
    registry: OnceLock<Arc<[u8]>>,
}

impl Sample {
    /// Reads the five files.
    ///
    /// # Errors
    /// When one is damaged.
    pub fn read() -> Result<Sample, SourceError> {
        let source = Source::Embedded;
        let mut observations = Observation::read(&source.read(File::Weather)?)?;
        observations
            .sort_by(|one, other| (one.time, &one.station).cmp(&(other.time, &other.station)));
        Ok(Sample {
            airlines: Airline::read(&source.read(File::Airlines)?)?,
            airports: Airport::read(&source.read(File::Airports)?)?,
            planes: Plane::read(&source.read(File::Planes)?)?,
            observations,
            flights: source.read(File::Flights)?,
            months: OnceLock::new(),
            registry: OnceLock::new(),
        })
    }

    /// The zip file of a month, as BTS sends it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn month(&self, month: u32) -> Result<Option<Arc<[u8]>>, ReplayError> {
        let months = match self.months.get() {
            Some(months) => months,
            None => {
                let made = bts::months(&self.flights)?;
                self.months.get_or_init(|| made)
            }
        };
        Ok(months.get(&month).cloned())
    }

    /// The zip file of all aircraft, as the FAA sends it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn registry(&self) -> Result<Arc<[u8]>, ReplayError> {
        if let Some(registry) = self.registry.get() {
            return Ok(registry.clone());
        }
        let made = faa::registry(&self.planes)?;
        Ok(self.registry.get_or_init(|| made).clone())
    }
}
