//! [`Estimator`]: what can be fitted, with its settings. One list, so that any of them can be compared, saved and named.

use super::fitted::{Fitted, Model};
use super::{Boost, Forest, Logistic, ModelError, Tree, parallel};
use crate::recipe::Features;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The baseline: everyone is given the share that training rows had. A model that is not better has learnt nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior;

/// An estimator and its settings. Made from any of them: `Logistic::default().into()`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Estimator {
    /// The baseline.
    Prior(Prior),
    /// Logistic regression.
    Logistic(Logistic),
    /// One decision tree.
    Tree(Tree),
    /// A random forest.
    Forest(Forest),
    /// Boosted trees.
    Boost(Boost),
}

macro_rules! estimators {
    ($($name:ident),*) => {
        $(impl From<$name> for Estimator {
            fn from(settings: $name) -> Estimator {
                Estimator::$name(settings)
            }
        })*
    };
}
estimators!(Prior, Logistic, Tree, Forest, Boost);

impl Estimator {
    /// A short name, such as `Forest`.
    pub fn name(&self) -> &'static str {
        match self {
            Estimator::Prior(_) => "Prior",
            Estimator::Logistic(_) => Logistic::NAME,
            Estimator::Tree(_) => Tree::NAME,
            Estimator::Forest(_) => Forest::NAME,
            Estimator::Boost(_) => Boost::NAME,
        }
    }

    /// The settings, in words.
    pub fn settings(&self) -> String {
        match self {
            Estimator::Prior(_) => "the share in training".into(),
            Estimator::Logistic(settings) => settings.settings(),
            Estimator::Tree(settings) => settings.settings(),
            Estimator::Forest(settings) => settings.settings(),
            Estimator::Boost(settings) => settings.settings(),
        }
    }

    /// Fits the estimator on all cores. The result does not depend on how many there are.
    ///
    /// # Errors
    /// When the settings make no sense, the target does not match the features or has only one answer, or fitting fails.
    pub fn fit(&self, features: &Features, target: &[bool]) -> Result<Fitted, ModelError> {
        self.check()?;
        let (rows, width) = (features.rows(), features.width());
        let failed = |reason: String| ModelError::Fit {
            estimator: self.name(),
            rows,
            features: width,
            reason,
        };
        if target.len() != rows {
            return Err(failed(format!("there are {} targets", target.len())));
        }
        let positives = target.iter().filter(|happened| **happened).count();
        if positives == 0 || positives == rows {
            return Err(ModelError::OneSided {
                side: "training",
                rows,
                positives,
                negatives: rows - positives,
            });
        }
        let threads = parallel::cores();
        // smartcore panics where a search does not converge or numbers overflow; a notebook should get an error instead.
        let model = catch_unwind(AssertUnwindSafe(|| match self {
            Estimator::Prior(_) => Ok(Model::Constant(positives as f64 / rows as f64)),
            Estimator::Logistic(settings) => {
                settings.fit(features, target, threads).map(Model::Linear)
            }
            Estimator::Tree(settings) => settings.fit(features, target).map(Model::Trees),
            Estimator::Forest(settings) => {
                settings.fit(features, target, threads).map(Model::Trees)
            }
            Estimator::Boost(settings) => settings.fit(features, target, threads).map(Model::Trees),
        }));
        let model = match model {
            Ok(model) => model.map_err(failed)?,
            Err(panic) => {
                let said = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or(panic.downcast_ref::<&str>().copied());
                return Err(failed(said.unwrap_or("it panicked").to_owned()));
            }
        };
        Ok(Fitted::new(
            self.clone(),
            features.names().to_vec(),
            rows,
            model,
        ))
    }

    fn check(&self) -> Result<(), ModelError> {
        match self {
            Estimator::Prior(_) => Ok(()),
            Estimator::Logistic(settings) => settings.check(),
            Estimator::Tree(settings) => settings.check(),
            Estimator::Forest(settings) => settings.check(),
            Estimator::Boost(settings) => settings.check(),
        }
    }
}

/// A count that must not be below a least.
pub(super) fn at_least(
    estimator: &'static str,
    setting: &'static str,
    found: usize,
    least: usize,
) -> Result<(), ModelError> {
    if found >= least {
        return Ok(());
    }
    Err(ModelError::Setting {
        estimator,
        setting,
        found: found.to_string(),
        wanted: "1 or more",
    })
}

/// A share that must be above 0 and at most 1.
pub(super) fn share(
    estimator: &'static str,
    setting: &'static str,
    found: f64,
) -> Result<(), ModelError> {
    if found > 0.0 && found <= 1.0 {
        return Ok(());
    }
    Err(ModelError::Setting {
        estimator,
        setting,
        found: found.to_string(),
        wanted: "above 0 and at most 1",
    })
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::chance::mixed;
    use super::super::{Scores, roc_auc};
    use super::*;

    /// Three features, of which two matter (one linearly, one by a threshold), and answers with real chance in them.
    pub(crate) fn noisy(rows: usize, seed: u64) -> (Features, Vec<bool>) {
        let uniform = |index: usize| mixed(seed, index as u64) as f64 / u64::MAX as f64;
        let mut values = Vec::new();
        let mut target = Vec::new();
        for row in 0..rows {
            let [a, b, c, chance] = [0, 1, 2, 3].map(|part| uniform(row * 4 + part));
            values.extend([a * 4.0 - 2.0, b, c]);
            let z = 1.5 * (a * 4.0 - 2.0) + if b > 0.6 { 1.5 } else { -0.5 };
            target.push(chance < 1.0 / (1.0 + (-z).exp()));
        }
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        (Features::new(names.clone(), names, values).unwrap(), target)
    }

    fn all() -> [Estimator; 5] {
        [
            Prior.into(),
            Logistic::default().into(),
            Tree {
                leaf: 20,
                ..Tree::default()
            }
            .into(),
            Forest {
                leaf: 5,
                ..Forest::default()
            }
            .into(),
            Boost {
                leaf: 10,
                rows: 500,
                ..Boost::default()
            }
            .into(),
        ]
    }

    #[test]
    fn every_estimator_gives_probabilities_and_beats_the_baseline() {
        let (features, target) = noisy(2000, 11);
        let (unseen, happened) = noisy(1000, 12);
        let mut baseline = None;
        for estimator in all() {
            let predicted = estimator
                .fit(&features, &target)
                .unwrap()
                .predict(&unseen)
                .unwrap();
            assert!(predicted.iter().all(|p| (0.0..=1.0).contains(p)));
            let scores = Scores::of(&happened, &predicted).unwrap();
            let baseline = *baseline.get_or_insert(scores);
            if estimator.name() != "Prior" {
                assert!(
                    scores.auc > 0.8 && scores.log_loss < baseline.log_loss - 0.1,
                    "{} {scores:?}",
                    estimator.name()
                );
            }
        }
    }

    #[test]
    fn fitting_twice_gives_the_same_model() {
        let (features, target) = noisy(500, 13);
        for estimator in all() {
            assert_eq!(
                estimator.fit(&features, &target).unwrap(),
                estimator.fit(&features, &target).unwrap()
            );
        }
    }

    #[test]
    fn settings_without_sense_and_targets_without_both_answers_are_refused() {
        let (features, target) = noisy(50, 14);
        let wrong: [Estimator; 4] = [
            Forest {
                trees: 0,
                ..Forest::default()
            }
            .into(),
            Boost {
                rate: 0.0,
                ..Boost::default()
            }
            .into(),
            Logistic {
                ridge: f64::NAN,
                ..Logistic::default()
            }
            .into(),
            Boost {
                depth: 40,
                ..Boost::default()
            }
            .into(),
        ];
        for estimator in wrong {
            assert!(
                matches!(
                    estimator.fit(&features, &target),
                    Err(ModelError::Setting { .. })
                ),
                "{estimator:?}"
            );
        }
        for estimator in all() {
            assert!(matches!(
                estimator.fit(&features, &[true; 50]),
                Err(ModelError::OneSided { .. })
            ));
            assert!(matches!(
                estimator.fit(&features, &target[1..]),
                Err(ModelError::Fit { .. })
            ));
        }
    }

    #[test]
    fn separable_answers_do_not_break_the_logistic() {
        let (features, _) = noisy(300, 15);
        let target: Vec<bool> = (0..300).map(|row| features.row(row)[0] > 0.0).collect();
        let fitted = Estimator::from(Logistic::default())
            .fit(&features, &target)
            .unwrap();
        assert!(roc_auc(&target, &fitted.predict(&features).unwrap()).unwrap() > 0.99);
    }
}
