//! One tree, and many: smartcore's regression trees on a target of 0 and 1, whose leaves are then shares, that is
//! probabilities (smartcore's classifiers give labels only).

use super::chance::{drawn, shuffled};
use super::estimator::{at_least, share};
use super::trees::{Ensemble, FlatTree, GrownTree, bounds, matrix, numbers, read_through};
use super::{ModelError, parallel};
use crate::recipe::Features;
use serde::{Deserialize, Serialize};
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::tree::decision_tree_regressor::{
    DecisionTreeRegressor, DecisionTreeRegressorParameters,
};

/// A single decision tree: what a person can still read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Levels at most, the root's included.
    pub depth: u16,
    /// Training rows a leaf holds at least.
    pub leaf: usize,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree {
            depth: 7,
            leaf: 500,
        }
    }
}

/// A random forest (Breiman 2001). It is grown as `groups` smaller forests with seeds of their own, which is how smartcore's
/// single-threaded forest uses several cores; the number of groups, not of cores, decides the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    /// Trees in all; rounded up to a multiple of `groups`.
    pub trees: usize,
    /// Levels at most in a tree, the root's included.
    pub depth: u16,
    /// Training rows a leaf holds at least.
    pub leaf: usize,
    /// The share of the features tried at a split, in (0, 1].
    pub features: f64,
    /// How many forests it is grown as.
    pub groups: usize,
    /// Training rows each group draws its bootstrap samples from at most, drawn without overlap between groups as long as there
    /// are enough. Trees on few rows differ more, and their average then gains more; they also grow faster.
    pub rows: usize,
    /// The seed of the first group; the others follow.
    pub seed: u64,
}

impl Default for Forest {
    fn default() -> Forest {
        Forest {
            trees: 96,
            depth: 14,
            leaf: 10,
            features: 0.15,
            groups: 16,
            rows: 30_000,
            seed: 2013,
        }
    }
}

/// A forest or a tree as smartcore serialises it.
#[derive(Deserialize)]
struct GrownForest {
    forest_regressor: Option<GrownTrees>,
}
#[derive(Deserialize)]
struct GrownTrees {
    trees: Option<Vec<GrownTree>>,
}
#[derive(Deserialize)]
struct GrownAlone {
    tree_regressor: Option<GrownTree>,
}

impl Tree {
    pub(super) const NAME: &'static str = "Tree";

    pub(super) fn settings(&self) -> String {
        format!("depth {}, leaves of {} rows or more", self.depth, self.leaf)
    }

    pub(super) fn check(&self) -> Result<(), ModelError> {
        at_least(Self::NAME, "depth", self.depth.into(), 1)?;
        at_least(Self::NAME, "leaf", self.leaf, 1)
    }

    pub(super) fn fit(&self, features: &Features, target: &[bool]) -> Result<Ensemble, String> {
        let rows: Vec<usize> = (0..features.rows()).collect();
        let settings = DecisionTreeRegressorParameters {
            max_depth: Some(self.depth),
            min_samples_leaf: self.leaf,
            min_samples_split: 2 * self.leaf,
            seed: Some(0),
        };
        let model = DecisionTreeRegressor::fit(
            &matrix(features, &rows)?,
            &numbers(target, &rows),
            settings,
        )
        .map_err(|error| error.to_string())?;
        let grown: GrownAlone = read_through(&model)?;
        let tree = grown
            .tree_regressor
            .as_ref()
            .ok_or("smartcore fitted no tree")?;
        let (low, high) = bounds(target, self.leaf);
        Ok(Ensemble {
            start: 0.0,
            weight: 1.0,
            low,
            high,
            trees: vec![tree.into()],
        })
    }
}

impl Forest {
    pub(super) const NAME: &'static str = "Forest";

    pub(super) fn settings(&self) -> String {
        format!(
            "{} trees of depth {} in {} groups on {} rows each at most, leaves of {} rows or more, {:.0} % of the features a split, seed {}",
            self.grown(),
            self.depth,
            self.groups,
            self.rows,
            self.leaf,
            self.features * 100.0,
            self.seed
        )
    }

    /// The trees it really grows.
    fn grown(&self) -> usize {
        self.trees.div_ceil(self.groups.max(1)) * self.groups
    }

    pub(super) fn check(&self) -> Result<(), ModelError> {
        at_least(Self::NAME, "trees", self.trees, 1)?;
        at_least(Self::NAME, "depth", self.depth.into(), 1)?;
        at_least(Self::NAME, "leaf", self.leaf, 1)?;
        at_least(Self::NAME, "groups", self.groups, 1)?;
        at_least(Self::NAME, "rows", self.rows, 1)?;
        share(Self::NAME, "features", self.features)
    }

    pub(super) fn fit(
        &self,
        features: &Features,
        target: &[bool],
        threads: usize,
    ) -> Result<Ensemble, String> {
        let each = self.rows.min(features.rows());
        let order = shuffled(features.rows(), self.seed);
        let tried =
            ((features.width() as f64 * self.features).round() as usize).clamp(1, features.width());
        let groups = parallel::in_parts(
            threads,
            self.groups,
            |group| -> Result<Vec<FlatTree>, String> {
                let settings = RandomForestRegressorParameters {
                    max_depth: Some(self.depth),
                    min_samples_leaf: self.leaf,
                    min_samples_split: 2 * self.leaf,
                    n_trees: self.trees.div_ceil(self.groups),
                    m: Some(tried),
                    keep_samples: false,
                    // Inside a group smartcore gives tree i the seed + i, so groups start far apart.
                    seed: self.seed.wrapping_add(group as u64 * 1_000_003),
                };
                let rows = drawn(&order, group * each, each);
                let (x, y) = (matrix(features, &rows)?, numbers(target, &rows));
                let model = RandomForestRegressor::fit(&x, &y, settings)
                    .map_err(|error| error.to_string())?;
                let grown: GrownForest = read_through(&model)?;
                let trees = grown
                    .forest_regressor
                    .and_then(|forest| forest.trees)
                    .ok_or("smartcore fitted no forest")?;
                Ok(trees.iter().map(FlatTree::from).collect())
            },
        );
        let trees = groups
            .into_iter()
            .collect::<Result<Vec<_>, String>>()?
            .concat();
        let (low, high) = bounds(target, self.leaf);
        Ok(Ensemble {
            start: 0.0,
            weight: 1.0 / trees.len() as f64,
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
    fn the_saved_tree_answers_as_smartcores_own() {
        let (features, target) = noisy(600, 7);
        let rows: Vec<usize> = (0..600).collect();
        let x = matrix(&features, &rows).unwrap();
        let settings = DecisionTreeRegressorParameters {
            max_depth: Some(6),
            min_samples_leaf: 5,
            min_samples_split: 10,
            seed: Some(0),
        };
        let own = DecisionTreeRegressor::fit(&x, &numbers(&target, &rows), settings)
            .unwrap()
            .predict(&x)
            .unwrap();
        let ours = Tree { depth: 6, leaf: 5 }
            .fit(&features, &target)
            .unwrap()
            .predict(&features);
        let distinct: std::collections::BTreeSet<u64> = ours.iter().map(|p| p.to_bits()).collect();
        assert!(distinct.len() > 5, "a tree of some size");
        let (low, high) = bounds(&target, 5);
        for (own, ours) in own.iter().zip(&ours) {
            assert!((f64::from(*own).clamp(low, high) - ours).abs() < 1e-6);
        }
    }

    #[test]
    fn the_saved_forest_answers_as_smartcores_own_groups_do_on_average() {
        let (features, target) = noisy(400, 8);
        let rows: Vec<usize> = (0..400).collect();
        let forest = Forest {
            trees: 6,
            depth: 6,
            leaf: 4,
            features: 1.0,
            groups: 2,
            rows: 400,
            seed: 5,
        };
        let ours = forest
            .fit(&features, &target, 2)
            .unwrap()
            .predict(&features);
        let x = matrix(&features, &rows).unwrap();
        let group = |seed| {
            let settings = RandomForestRegressorParameters {
                max_depth: Some(6),
                min_samples_leaf: 4,
                min_samples_split: 8,
                n_trees: 3,
                m: Some(features.width()),
                keep_samples: false,
                seed,
            };
            RandomForestRegressor::fit(&x, &numbers(&target, &rows), settings)
                .unwrap()
                .predict(&x)
                .unwrap()
        };
        let (low, high) = bounds(&target, 4);
        for ((a, b), ours) in group(5).iter().zip(&group(1_000_008)).zip(&ours) {
            assert!(((f64::from(*a + *b) / 2.0).clamp(low, high) - ours).abs() < 1e-6);
        }
    }

    #[test]
    fn a_forest_is_the_same_at_any_number_of_threads() {
        let (features, target) = noisy(300, 9);
        let forest = Forest {
            trees: 7,
            groups: 3,
            ..Forest::default()
        };
        let alone = forest.fit(&features, &target, 1).unwrap();
        assert_eq!(alone.trees.len(), 9);
        assert_eq!(alone, forest.fit(&features, &target, 3).unwrap());
    }
}
