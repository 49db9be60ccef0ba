//! What can go wrong between columns and a chosen model.

use super::MetricError;
use crate::recipe::RecipeError;
use crate::record::ColumnsError;
use thiserror::Error;

/// Why a split, a fit or a comparison did not work.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The recipe and the columns do not fit together.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A score that is not defined for the test rows.
    #[error("the test rows cannot be scored: {0}")]
    Metric(#[from] MetricError),
    /// Columns that cannot be put together.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// A frame that cannot become columns.
    #[cfg(feature = "frame")]
    #[error(transparent)]
    Frame(#[from] crate::frame::FrameError),
    /// A column that is not there.
    #[error("column {column}, asked for as the {role}, is not there; there are: {present}")]
    Missing {
        /// What it was to be: target or time.
        role: &'static str,
        /// The column.
        column: String,
        /// The columns that are there, as a list.
        present: String,
    },
    /// A column of the wrong type.
    #[error("column {column}, asked for as the {role}, is {found}; it must be {wanted}")]
    Type {
        /// What it was to be: target or time.
        role: &'static str,
        /// The column.
        column: String,
        /// What it is.
        found: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// An instant that cannot be read.
    #[error(
        "{text:?} is not an instant: write a day such as 2013-10-01, or RFC 3339 such as 2013-10-01T00:00:00-04:00"
    )]
    Instant {
        /// What was given.
        text: String,
    },
    /// A time zone that is not known.
    #[error("{name} is not an IANA time zone: write a name such as UTC or America/New_York")]
    TimeZone {
        /// The name given.
        name: String,
    },
    /// One side of a split has no rows, or only one answer.
    #[error(
        "the {side} rows ({rows}) hold {positives} times true and {negatives} times false; both are needed: move the boundary"
    )]
    OneSided {
        /// `training` or `test`.
        side: &'static str,
        /// Its rows with a known target.
        rows: usize,
        /// Rows where the target is true.
        positives: usize,
        /// Rows where it is false.
        negatives: usize,
    },
    /// Settings that make no sense.
    #[error("{estimator}: {setting} is {found}; it must be {wanted}")]
    Setting {
        /// The estimator.
        estimator: &'static str,
        /// The setting.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What would do.
        wanted: &'static str,
    },
    /// The estimator could not be fitted.
    #[error("{estimator} could not be fitted to {rows} rows of {features} features: {reason}")]
    Fit {
        /// The estimator.
        estimator: &'static str,
        /// The training rows.
        rows: usize,
        /// The features.
        features: usize,
        /// What it said.
        reason: String,
    },
    /// Features of another width than the model was fitted on.
    #[error(
        "the model was fitted on {expected} features and was given {found}: apply the recipe it was fitted with"
    )]
    Width {
        /// Features in training.
        expected: usize,
        /// Features given.
        found: usize,
    },
    /// A model that contradicts itself, which only a file made by other means can hold.
    #[error("the model contradicts itself: {what}")]
    Inconsistent {
        /// What does not match.
        what: String,
    },
    /// A comparison of nothing.
    #[error("there is nothing to compare: name at least one estimator")]
    NoEstimators,
}
