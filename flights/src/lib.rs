//! The reference project: will a flight that leaves New York arrive 15 minutes late or more?
//!
//! It proves the toolkit and never leaks into it. Here are its records, the tables they live in, and the load that turns the
//! sample data ([`source`]) into rows and documents, its clock times into instants ([`mod@clock`]).

pub mod airline;
pub mod airport;
pub mod clock;
pub mod flight;
pub mod load;
pub mod observation;
pub mod plane;
pub mod progress;
pub mod report;
pub mod source;

pub use airline::Airline;
pub use airport::Airport;
pub use flight::Flight;
pub use observation::Observation;
pub use plane::Plane;

use carnet::store::{Migration, Migrations};

/// The migrations of every database that the project can live in; the files are in `migrations`.
pub const MIGRATIONS: Migrations<'static> = Migrations {
    sqlite: &SQLITE,
    postgres: &POSTGRES,
    mongodb: &MONGODB,
};

const SQLITE: [Migration; 3] = [
    Migration {
        version: 1,
        description: "airline, airport and plane",
        statements: include_str!("../../migrations/sqlite/0001_airline_airport_plane.sql"),
    },
    Migration {
        version: 2,
        description: "flight",
        statements: include_str!("../../migrations/sqlite/0002_flight.sql"),
    },
    Migration {
        version: 3,
        description: "observation",
        statements: include_str!("../../migrations/sqlite/0003_observation.sql"),
    },
];

const POSTGRES: [Migration; 2] = [
    Migration {
        version: 1,
        description: "airline, airport and plane",
        statements: include_str!("../../migrations/postgres/0001_airline_airport_plane.sql"),
    },
    Migration {
        version: 2,
        description: "flight",
        statements: include_str!("../../migrations/postgres/0002_flight.sql"),
    },
];

const MONGODB: [Migration; 1] = [Migration {
    version: 1,
    description: "observation",
    statements: include_str!("../../migrations/mongodb/0001_observation.json"),
}];
