//! Models that answer yes or no with a probability, and how to choose between them honestly: a split by time, a baseline,
//! scores that reward honest probabilities, and one comparison that shows them all.
//!
//! Fitting is smartcore's; what comes out is kept in forms of Carnet's own ([`Fitted`]), so a saved model does not depend on
//! the private layout of another crate's version and can be checked before it is used. Everything is seeded, and the work is
//! cut into parts that do not depend on the number of threads, so the same data gives the same bits anywhere.
//! Nothing here knows files or services. Only [`Split::by_time`] and the comparison's frames need the feature `frame`.

mod boost;
mod chance;
mod compare;
mod curves;
mod error;
mod estimator;
mod fingerprint;
mod fitted;
mod forest;
#[cfg(feature = "frame")]
mod frames;
mod importance;
mod logistic;
mod metrics;
mod parallel;
mod split;
mod trees;

pub use boost::Boost;
pub use compare::{Candidate, Chosen, Comparison, Progress, compare, compare_with};
pub use curves::{CalibrationBin, RocPoint, ThresholdRow, calibration, roc_curve, threshold_table};
pub use error::ModelError;
pub use estimator::{Estimator, Prior};
pub use fitted::Fitted;
pub use forest::{Forest, Tree};
pub use importance::importance;
pub use logistic::Logistic;
pub use metrics::{MetricError, Scores, brier, log_loss, roc_auc};
pub use split::{Period, Split, SplitSummary};
