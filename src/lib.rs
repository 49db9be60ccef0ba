//! Carnet: typed loaders, charts, recipes, models and artefacts for Rust notebooks.
//!
//! Data flows one way, and so do the modules: source → record → store → frame → recipe → model → artefact → service.
//! A module knows those to its left, never those to its right; `show` sits beside the line and may read any value.
//!
//! A notebook says `use carnet::prelude::*;` and has everything it needs, the re-exported crates included, all of one version.

// The derive macro writes paths that start with `::carnet`; this makes them hold inside the crate too.
extern crate self as carnet;

#[cfg(feature = "artefact")]
pub mod artefact;
#[cfg(feature = "frame")]
pub mod frame;
#[cfg(feature = "model")]
pub mod model;
#[cfg(feature = "show")]
pub mod prelude;
#[cfg(feature = "recipe")]
pub mod recipe;
pub mod record;
#[cfg(any(feature = "source", feature = "store"))]
pub(crate) mod runtime;
#[cfg(feature = "show")]
pub mod show;
#[cfg(feature = "source")]
pub mod source;
#[cfg(any(feature = "source", feature = "store"))]
pub mod stop;
#[cfg(feature = "store")]
pub mod store;

pub mod work;

// The crates that appear in Carnet's own signatures, so that a notebook uses the very versions Carnet was built with.
#[cfg(feature = "store")]
pub use bson;
pub use chrono;
#[cfg(feature = "show")]
pub use plotly;
#[cfg(feature = "frame")]
pub use polars;
#[cfg(feature = "source")]
pub use reqwest;
#[cfg(feature = "source")]
pub use scraper;
pub use serde_json;
#[cfg(feature = "model")]
pub use smartcore;
#[cfg(any(feature = "source", feature = "store"))]
pub use tokio;
