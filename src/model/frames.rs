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
        let of = |value: fn(&super::Candidate) -> f64| {
            self.candidates().iter().map(value).collect::<Vec<f64>>()
        };
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
        let points = || {
            self.candidates()
                .iter()
                .flat_map(|c| c.roc.iter().map(move |point| (c.name.as_str(), point)))
        };
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
        let bands = || {
            self.candidates().iter().flat_map(|c| {
                c.calibration
                    .iter()
                    .map(move |band| (c.name.as_str(), band))
            })
        };
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::{Logistic, Split, Tree, compare};
    use crate::recipe::Recipe;
    use polars::prelude::{DataType, TimeUnit, df};

    #[test]
    fn a_frame_is_split_by_time_compared_and_shown_as_frames() {
        let hours: Vec<i64> = (0..400).map(|hour| hour * 3_600_000_000).collect();
        let wind: Vec<f32> = (0..400).map(|row| ((row * 37) % 100) as f32).collect();
        let late: Vec<bool> = wind
            .iter()
            .enumerate()
            .map(|(row, wind)| *wind > 50.0 || row % 7 == 0)
            .collect();
        let mut frame = df!("at" => hours, "wind" => wind, "late" => late).unwrap();
        let at = frame
            .column("at")
            .unwrap()
            .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
            .unwrap();
        frame.with_column(at).unwrap();
        let split = Split::by_time(&frame, "at", "1970-01-13", "late").unwrap();
        assert_eq!(
            (split.summary.train_rows, split.summary.test_rows),
            (288, 112)
        );
        let recipe = Recipe::new().numeric(["wind"]).clock("at");
        let compared = compare(
            &split,
            &recipe,
            [
                Logistic::default().into(),
                Tree { depth: 3, leaf: 20 }.into(),
            ],
        )
        .unwrap();
        assert_eq!(compared.scores_frame().unwrap().shape(), (3, 9));
        let points: usize = compared.candidates().iter().map(|one| one.roc.len()).sum();
        assert_eq!(compared.roc_frame().unwrap().shape(), (points, 4));
        let bands: usize = compared
            .candidates()
            .iter()
            .map(|one| one.calibration.len())
            .sum();
        assert_eq!(compared.calibration_frame().unwrap().shape(), (bands, 6));
    }
}
