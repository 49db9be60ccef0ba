//! A comparison as frames, for charts and tables in a notebook.

use super::Comparison;
use polars::prelude::{DataFrame, PolarsResult, df};

impl Comparison {
    /// One row a candidate: `model`, `settings`, `auc`, `log_loss` (nats), `brier`, `fit_seconds`, `predict_seconds`,
    /// `train_rows`, `test_rows`.
    ///
    /// # Errors
    /// Never for a comparison that was made: its columns are equally long.
    pub fn scores_frame(&self) -> PolarsResult<DataFrame> {
        let of = |value: fn(&super::Candidate) -> f64| self.candidates().iter().map(value).collect::<Vec<f64>>();
        let count = self.candidates().len();
        df!(
            "model" => self.candidates().iter().map(|candidate| candidate.name.as_str()).collect::<Vec<_>>(),
            "settings" => self.candidates().iter().map(|candidate| candidate.settings.as_str()).collect::<Vec<_>>(),
            "auc" => of(|candidate| candidate.scores.auc),
            "log_loss" => of(|candidate| candidate.scores.log_loss),
            "brier" => of(|candidate| candidate.scores.brier),
            "fit_seconds" => of(|candidate| candidate.fit_seconds),
            "predict_seconds" => of(|candidate| candidate.predict_seconds),
            "train_rows" => vec![self.summary().train_rows as i64; count],
            "test_rows" => vec![self.summary().test_rows as i64; count],
        )
    }

    /// The ROC curves: `model`, `threshold`, `false_positive_rate`, `true_positive_rate`, at most 200 rows a model.
    ///
    /// # Errors
    /// Never for a comparison that was made: its columns are equally long.
    pub fn roc_frame(&self) -> PolarsResult<DataFrame> {
        let points = || self.candidates().iter().flat_map(|c| c.roc.iter().map(move |point| (c.name.as_str(), point)));
        df!(
            "model" => points().map(|(name, _)| name).collect::<Vec<_>>(),
            "threshold" => points().map(|(_, point)| point.threshold).collect::<Vec<_>>(),
            "false_positive_rate" => points().map(|(_, point)| point.false_positive_rate).collect::<Vec<_>>(),
            "true_positive_rate" => points().map(|(_, point)| point.true_positive_rate).collect::<Vec<_>>(),
        )
    }

    /// The calibration curves: `model`, `low`, `high`, `predicted`, `observed`, `rows`, at most ten rows a model.
    ///
    /// # Errors
    /// Never for a comparison that was made: its columns are equally long.
    pub fn calibration_frame(&self) -> PolarsResult<DataFrame> {
        let bands = || self.candidates().iter().flat_map(|c| c.calibration.iter().map(move |band| (c.name.as_str(), band)));
        df!(
            "model" => bands().map(|(name, _)| name).collect::<Vec<_>>(),
            "low" => bands().map(|(_, band)| band.low).collect::<Vec<_>>(),
            "high" => bands().map(|(_, band)| band.high).collect::<Vec<_>>(),
            "predicted" => bands().map(|(_, band)| band.predicted).collect::<Vec<_>>(),
            "observed" => bands().map(|(_, band)| band.observed).collect::<Vec<_>>(),
            "rows" => bands().map(|(_, band)| band.rows as i64).collect::<Vec<_>>(),
        )
    }
}
