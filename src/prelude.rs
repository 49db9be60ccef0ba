//! What a notebook brings in with one line: `use carnet::prelude::*;`.

pub use crate::artefact::{Artefact, ArtefactError, Card, CardNotes};
pub use crate::frame::{
    AsOf, AsOfError, Batches, Cancel, Description, FrameError, Load, LoadReport, Loaded, Param,
    Progress, Query, columns_of, content_hash,
};
pub use crate::model::{
    Boost, Chosen, Comparison, Estimator, Forest, Logistic, ModelError, Prior, Split, Tree,
    compare, compare_with,
};
pub use crate::recipe::Recipe;
pub use crate::record::{Decimal, Kind, Record, Schema};
pub use crate::show::{
    Bundle, Displayed, Limits, Show, chart, clear_output, display, limits, mime, progress,
    progress_of, set_limits, table,
};
pub use crate::source::{
    Client, Pages, Paging, Provenance, Request, Response, RunReport, Settings, SourceError,
};
pub use crate::store::{Snapshot, Store, StoreError};
pub use bson::doc;
pub use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
pub use polars::prelude::*;
