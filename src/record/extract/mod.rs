//! Typed extraction: the rows of a CSV file ([`Table`]) and the elements of an HTML page ([`Page`]) into records, by
//! declaration. A row or page that does not fit is handed back as [`Rejected`], with the rule it broke and the reason: nothing
//! is guessed and no null is made of what cannot be read.
//!
//! ```
//! use carnet::record::Record;
//! use carnet::record::extract::{Column, Table};
//! use serde::Deserialize;
//!
//! #[derive(Debug, PartialEq, Record, Deserialize)]
//! struct Hop {
//!     origin: String,
//!     delay: Option<i32>,
//! }
//! let hops = Table::<Hop>::new([
//!     Column::new("origin", "Origin"),
//!     Column::new("delay", "ArrDelay").or("ARR_DELAY"),
//! ])?;
//! let text = "Origin,Dest,ARR_DELAY\nJFK,LAX,-3.00\nEWR,SFO,\nLGA,ORD,soon\n";
//! let mut rows = hops.read(text.as_bytes())?;
//! assert_eq!(rows.next().unwrap()?, Ok(Hop { origin: "JFK".into(), delay: Some(-3) }));
//! assert_eq!(rows.next().unwrap()?, Ok(Hop { origin: "EWR".into(), delay: None }));
//! let rejected = rows.next().unwrap()?.unwrap_err();
//! assert_eq!(rejected.place, "line 4");
//! assert!(rejected.rule.contains("ARR_DELAY") && rejected.reason.contains("soon"));
//! assert_eq!(rejected.raw, "LGA,ORD,soon");
//! # Ok::<(), carnet::record::extract::ExtractError>(())
//! ```

mod cell;
mod error;
mod format;
mod kept;
mod page;
mod plan;
mod rejected;
mod table;
#[cfg(test)]
mod tests;

pub use error::ExtractError;
pub use format::Format;
pub use page::{Element, Page, html, text};
pub use rejected::{Extracted, RAW_CHARACTERS, Rejected};
pub use scraper::{ElementRef, Html, Selector};
pub use table::{Column, ROW_BYTES, Rows, Table};
