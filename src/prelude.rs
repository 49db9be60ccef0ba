//! What a notebook brings in with one line: `use carnet::prelude::*;`.

pub use crate::artefact::Artefact;
pub use crate::frame::{FrameError, Load, LoadReport, Loaded, Param, columns_of, content_hash};
pub use crate::model::*;
pub use crate::recipe::Recipe;
pub use crate::record::{Kind, Record, Schema};
pub use crate::show::*;
pub use crate::store::{Store, StoreError};
pub use bson::doc;
pub use chrono::{DateTime, Utc};
pub use polars::prelude::*;
