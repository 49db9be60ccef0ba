//! [`Fitted`]: a model that can predict, be saved, and be checked after it was read.

use super::logistic::Linear;
use super::trees::Ensemble;
use super::{Estimator, ModelError};
use crate::recipe::Features;
use serde::{Deserialize, Serialize};

/// A fitted model and the features it expects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    estimator: Estimator,
    features: Vec<String>,
    rows: usize,
    model: Model,
}

/// What was learnt, in one of three forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Model {
    Constant(f64),
    Linear(Linear),
    Trees(Ensemble),
}

impl Fitted {
    pub(super) fn new(
        estimator: Estimator,
        features: Vec<String>,
        rows: usize,
        model: Model,
    ) -> Fitted {
        Fitted {
            estimator,
            features,
            rows,
            model,
        }
    }

    /// The estimator it comes from, with its settings.
    pub fn estimator(&self) -> &Estimator {
        &self.estimator
    }

    /// The names of the features it expects, in order.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The training rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The probability of the target being true, from 0 to 1, one for each row.
    ///
    /// # Errors
    /// When there are more or fewer features than in training.
    pub fn predict(&self, features: &Features) -> Result<Vec<f64>, ModelError> {
        if features.width() != self.features.len() {
            return Err(ModelError::Width {
                expected: self.features.len(),
                found: features.width(),
            });
        }
        let predicted = match &self.model {
            Model::Constant(share) => vec![*share; features.rows()],
            Model::Linear(linear) => linear.predict(features),
            Model::Trees(trees) => trees.predict(features),
        };
        Ok(predicted
            .into_iter()
            .map(|probability| probability.clamp(0.0, 1.0))
            .collect())
    }

    /// Checks that the parts agree, so that predicting cannot go astray. A model that was fitted always passes; one read from a
    /// file may not.
    ///
    /// # Errors
    /// What does not agree.
    pub fn check(&self) -> Result<(), ModelError> {
        match &self.model {
            Model::Constant(share) if (0.0..=1.0).contains(share) => Ok(()),
            Model::Constant(share) => Err(ModelError::Inconsistent {
                what: format!("its constant is {share}"),
            }),
            Model::Linear(linear) => linear.check(self.features.len()),
            Model::Trees(trees) => trees.check(self.features.len()),
        }
    }
}
