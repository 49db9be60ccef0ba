//! Gradient boosting: smartcore's `XGRegressor` on a target of 0 and 1.
//!
//! smartcore sorts every feature anew at every node, on one thread, so boosting all rows of a large table takes minutes. Here
//! several boosters are each given a part of the rows of their own and averaged (bagging, Breiman 1996, by disjoint parts):
//! they run side by side, and the average varies less than one booster does.

use super::chance::{drawn, shuffled};
use super::estimator::{at_least, share};
use super::trees::{BoostedTree, Ensemble, FlatTree, bounds, matrix, numbers, read_through};
use super::{ModelError, parallel};
use crate::recipe::Features;
use serde::{Deserialize, Serialize};
use smartcore::xgboost::{XGRegressor, XGRegressorParameters};

/// Levels of splits that can still be read back out of smartcore's nested boxes.
const DEEPEST: u16 = 16;

/// Boosted trees (Chen and Guestrin 2016, squared error), averaged over several boosters on rows of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boost {
    /// Rounds, that is trees, of each booster.
    pub rounds: usize,
    /// Splits at most from the root to a leaf.
    pub depth: u16,
    /// What is kept of each tree's correction, in (0, 1].
    pub rate: f64,
    /// Training rows a leaf holds at least.
    pub leaf: usize,
    /// How many boosters are averaged.
    pub boosters: usize,
    /// Training rows each booster has at most, drawn without overlap between boosters as long as there are enough.
    pub rows: usize,
    /// The share of a booster's rows that each of its trees sees, in (0, 1].
    pub sample: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Boost {
    fn default() -> Boost {
        Boost {
            rounds: 40,
            depth: 6,
            rate: 0.1,
            leaf: 30,
            boosters: 8,
            rows: 15_000,
            sample: 0.15,
            seed: 2013,
        }
    }
}

/// A booster as smartcore serialises it.
#[derive(Deserialize)]
struct Boosted {
    regressors: Option<Vec<BoostedTree>>,
}

impl Boost {
    pub(super) const NAME: &'static str = "Boost";

    pub(super) fn settings(&self) -> String {
        format!(
            "{} boosters on {} rows each at most, {} rounds of depth {}, rate {}, leaves of {} rows or more, {:.0} % of the rows a tree, seed {}",
            self.boosters,
            self.rows,
            self.rounds,
            self.depth,
            self.rate,
            self.leaf,
            self.sample * 100.0,
            self.seed
        )
    }

    pub(super) fn check(&self) -> Result<(), ModelError> {
        at_least(Self::NAME, "rounds", self.rounds, 1)?;
        at_least(Self::NAME, "depth", self.depth.into(), 1)?;
        at_least(Self::NAME, "leaf", self.leaf, 1)?;
        at_least(Self::NAME, "boosters", self.boosters, 1)?;
        at_least(Self::NAME, "rows", self.rows, 1)?;
        share(Self::NAME, "rate", self.rate)?;
        share(Self::NAME, "sample", self.sample)?;
        if self.depth > DEEPEST {
            return Err(ModelError::Setting {
                estimator: Self::NAME,
                setting: "depth",
                found: self.depth.to_string(),
                wanted: "at most 16",
            });
        }
        Ok(())
    }

    pub(super) fn fit(
        &self,
        features: &Features,
        target: &[bool],
        threads: usize,
    ) -> Result<Ensemble, String> {
        // Every booster starts from the same share, so that their sum is one ensemble.
        let share =
            target.iter().filter(|happened| **happened).count() as f64 / target.len() as f64;
        let order = shuffled(features.rows(), self.seed);
        let boosters = parallel::in_parts(
            threads,
            self.boosters,
            |booster| -> Result<Vec<FlatTree>, String> {
                let rows = drawn(&order, booster * self.rows, self.rows);
                let settings = XGRegressorParameters::default()
                    .with_n_estimators(self.rounds)
                    .with_max_depth(self.depth)
                    .with_learning_rate(self.rate)
                    .with_min_child_weight(self.leaf)
                    .with_base_score(share)
                    .with_subsample(self.sample)
                    .with_seed(self.seed.wrapping_add(booster as u64));
                let model =
                    XGRegressor::fit(&matrix(features, &rows)?, &numbers(target, &rows), settings)
                        .map_err(|error| error.to_string())?;
                let boosted: Boosted = read_through(&model)?;
                let trees = boosted.regressors.ok_or("smartcore fitted no trees")?;
                Ok(trees.iter().map(FlatTree::from).collect())
            },
        );
        let trees = boosters
            .into_iter()
            .collect::<Result<Vec<_>, String>>()?
            .concat();
        let (low, high) = bounds(target, self.leaf);
        Ok(Ensemble {
            start: share,
            weight: self.rate / self.boosters as f64,
            low,
            high,
            trees,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::estimator::tests::noisy;
    use super::*;

    #[test]
    fn the_saved_booster_answers_as_smartcores_own() {
        let (features, target) = noisy(500, 3);
        let rows: Vec<usize> = (0..500).collect();
        let boost = Boost {
            rounds: 9,
            boosters: 1,
            rows: 500,
            leaf: 5,
            sample: 0.5,
            ..Boost::default()
        };
        let ours = boost.fit(&features, &target, 1).unwrap().predict(&features);
        let share = target.iter().filter(|t| **t).count() as f64 / 500.0;
        let settings = XGRegressorParameters::default()
            .with_n_estimators(9)
            .with_max_depth(6)
            .with_learning_rate(0.1)
            .with_min_child_weight(5)
            .with_base_score(share)
            .with_subsample(0.5)
            .with_seed(2013);
        let x = matrix(&features, &rows).unwrap();
        let own = XGRegressor::fit(&x, &numbers(&target, &rows), settings)
            .unwrap()
            .predict(&x)
            .unwrap();
        let (low, high) = bounds(&target, 5);
        for (own, ours) in own.iter().zip(&ours) {
            assert!((f64::from(*own).clamp(low, high) - ours).abs() < 1e-6);
        }
    }

    #[test]
    fn boosters_are_the_same_at_any_number_of_threads() {
        let (features, target) = noisy(300, 4);
        let boost = Boost {
            rounds: 3,
            boosters: 3,
            rows: 120,
            leaf: 5,
            ..Boost::default()
        };
        assert_eq!(
            boost.fit(&features, &target, 1).unwrap(),
            boost.fit(&features, &target, 3).unwrap()
        );
    }

    #[test]
    fn a_shuffle_holds_every_row_once_and_depends_on_the_seed() {
        let mut order = shuffled(1000, 1);
        assert_ne!(order, shuffled(1000, 2));
        assert_eq!(order, shuffled(1000, 1));
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }
}
