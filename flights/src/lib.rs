//! The reference project: will a flight that leaves New York arrive 15 minutes late or more?
//!
//! It proves the toolkit and never leaks into it. Here are its records, the tables they live in, and the load that turns the
//! sample data ([`source`]) into rows and documents, its clock times into instants ([`mod@clock`]); who publishes such data, and
//! the way from what they send to the records ([`provider`]); the collection
//! from them into both stores ([`mod@collect`]); and a server that plays their part ([`replay`]).

pub mod aircraft_page;
pub mod airline;
pub mod airport;
pub mod airport_page;
pub mod clock;
pub mod collect;
pub mod flight;
pub mod load;
pub mod month;
pub mod observation;
pub mod plane;
pub mod progress;
pub mod provider;
pub mod replay;
pub mod report;
pub mod runway;
pub mod source;

pub use aircraft_page::AircraftPage;
pub use airline::Airline;
pub use airport::Airport;
pub use airport_page::AirportPage;
pub use flight::Flight;
pub use observation::Observation;
pub use plane::Plane;
pub use runway::Runway;

use carnet::store::{Migration, Migrations};
use std::borrow::Cow;

/// The migrations of every database that the project can live in: the files of `migrations`, as they were when this was built.
pub const MIGRATIONS: Migrations<'static> = Migrations {
    sqlite: Cow::Borrowed(&SQLITE),
    postgres: Cow::Borrowed(&POSTGRES),
    mongodb: Cow::Borrowed(&MONGODB),
    documents: Cow::Borrowed(&DOCUMENTS),
};

/// A migration from its file, and from the one beside it that undoes it.
macro_rules! migration {
    ($version:literal, $description:literal, $file:literal, $ending:literal) => {
        Migration::with_undo(
            $version,
            $description,
            include_str!(concat!("../../migrations/", $file, ".", $ending)),
            include_str!(concat!("../../migrations/", $file, ".down.", $ending)),
        )
    };
}

#[rustfmt::skip]
static SQLITE: [Migration; 8] = [
    migration!(1, "airline airport plane", "sqlite/0001_airline_airport_plane", "sql"),
    migration!(2, "flight", "sqlite/0002_flight", "sql"),
    migration!(3, "observation", "sqlite/0003_observation", "sql"),
    migration!(4, "collection", "sqlite/0004_collection", "sql"),
    migration!(5, "provenance runway", "sqlite/0005_provenance_runway", "sql"),
    migration!(6, "flight indexes", "sqlite/0006_flight_indexes", "sql"),
    migration!(7, "pages", "sqlite/0007_pages", "sql"),
    migration!(8, "observation 2", "sqlite/0008_observation_2", "sql"),
];

#[rustfmt::skip]
static POSTGRES: [Migration; 5] = [
    migration!(1, "airline airport plane", "postgres/0001_airline_airport_plane", "sql"),
    migration!(2, "flight", "postgres/0002_flight", "sql"),
    migration!(4, "collection", "postgres/0004_collection", "sql"),
    migration!(5, "provenance runway", "postgres/0005_provenance_runway", "sql"),
    migration!(6, "flight months", "postgres/0006_flight_months", "sql"),
];

#[rustfmt::skip]
static MONGODB: [Migration; 3] = [
    migration!(1, "observation", "mongodb/0001_observation", "json"),
    migration!(7, "pages", "mongodb/0007_pages", "json"),
    migration!(8, "observation 2", "mongodb/0008_observation_2", "json"),
];

static DOCUMENTS: [Migration; 1] = [Migration::new(
    9,
    "observation",
    include_str!("../../migrations/documents/0009_observation.json"),
)];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_program() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");
        assert_eq!(MIGRATIONS, Migrations::read(folder).unwrap());
    }
}
