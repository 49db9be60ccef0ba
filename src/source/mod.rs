//! Where data comes from: HTTP as the owner of a site would wish it asked, with everything that came kept and traceable.
//!
//! A [`Client`] says who it is, obeys robots.txt, waits its turn at each host, slows down with it, tries again when that may
//! help and not when it will not, spends no more than its budget, and never reaches into a private network. Every response is
//! in the archive with its [`Provenance`]; a later run asks only whether it has changed, and can do without the network.
//!
//! ```no_run
//! use carnet::source::{Client, Request, Settings};
//!
//! let client = Client::new(Settings::new("late-flights/0.1", "ops@example.org")?)?;
//! let airports = client.fetch(&Request::new("https://davidmegginson.github.io/ourairports-data/airports.csv")?)?;
//! println!("{} bytes in {}", airports.provenance.bytes, airports.path().display());
//! println!("{}", client.report());
//! # Ok::<(), carnet::source::SourceError>(())
//! ```

mod address;
mod archive;
mod body;
mod client;
mod error;
mod exchange;
mod freshness;
mod pace;
mod pages;
mod provenance;
mod report;
mod request;
mod retry;
mod robots;
mod settings;

pub use client::Client;
pub use error::SourceError;
pub use pages::{Pages, Paging};
pub use provenance::Provenance;
pub use report::{HostReport, RowCounts, RunReport};
pub use request::{Request, Response};
pub use settings::{Budget, Limits, Pace, Retries, Settings};

/// Chooses the TLS implementation of this process, ring, unless one was chosen before. [`Client::new`] does it; a program that
/// makes clients of reqwest itself, which has none built in here, calls it first.
pub fn prepare_tls() {
    // An error says that one was chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
