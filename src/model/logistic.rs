//! Logistic regression by smartcore's L-BFGS.
//!
//! smartcore's own `LogisticRegression` takes no limit on iterations or precision: on a quarter of a million rows it runs for
//! half a minute to a gain nobody can see. So the objective is written here, over all rows, on several threads, and
//! smartcore's optimiser is given limits.

use super::estimator::at_least;
use super::{ModelError, parallel};
use crate::recipe::Features;
use serde::{Deserialize, Serialize};
use smartcore::optimization::FunctionOrder;
use smartcore::optimization::first_order::FirstOrderOptimizer;
use smartcore::optimization::first_order::lbfgs::LBFGS;
use smartcore::optimization::line_search::Backtracking;
use std::cell::RefCell;

/// The parts into which the rows are cut for summing: fixed, so that sums are the same at any number of threads.
const PARTS: usize = 32;

/// Logistic regression (Cox 1958) with a ridge penalty (Le Cessie and van Houwelingen 1992).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// The weight of the penalty ½ Σ w², on standardised features, against the sum of losses over rows. Above zero: the levels
    /// of a category add up to one, and only a penalty then decides between equally good coefficients.
    pub ridge: f64,
    /// Iterations of L-BFGS at most.
    pub iterations: usize,
    /// The relative gain in loss below which it stops.
    pub tolerance: f64,
}

impl Default for Logistic {
    fn default() -> Logistic {
        Logistic {
            ridge: 10.0,
            iterations: 100,
            tolerance: 1e-7,
        }
    }
}

/// `sigmoid(intercept + Σ coefficient × feature)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Linear {
    pub(super) intercept: f64,
    pub(super) coefficients: Vec<f64>,
}

impl Linear {
    pub(super) fn predict(&self, features: &Features) -> Vec<f64> {
        (0..features.rows())
            .map(|row| sigmoid(self.intercept + dot(&self.coefficients, features.row(row))))
            .collect()
    }

    pub(super) fn check(&self, width: usize) -> Result<(), ModelError> {
        let finite =
            self.intercept.is_finite() && self.coefficients.iter().all(|value| value.is_finite());
        if self.coefficients.len() == width && finite {
            return Ok(());
        }
        let what = format!(
            "{} coefficients for {width} features, all finite: {finite}",
            self.coefficients.len()
        );
        Err(ModelError::Inconsistent { what })
    }
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Four sums side by side, so that the compiler may use vector instructions; always in the same order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a, b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a
        .remainder()
        .iter()
        .zip(b.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a.zip(b) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

impl Logistic {
    pub(super) const NAME: &'static str = "Logistic";

    pub(super) fn settings(&self) -> String {
        format!(
            "ridge {}, at most {} iterations, tolerance {:e}",
            self.ridge, self.iterations, self.tolerance
        )
    }

    pub(super) fn check(&self) -> Result<(), ModelError> {
        at_least(Self::NAME, "iterations", self.iterations, 1)?;
        for (setting, value) in [("ridge", self.ridge), ("tolerance", self.tolerance)] {
            if !(value.is_finite() && value >= 0.0) {
                let found = value.to_string();
                return Err(ModelError::Setting {
                    estimator: Self::NAME,
                    setting,
                    found,
                    wanted: "zero or more",
                });
            }
        }
        Ok(())
    }

    pub(super) fn fit(
        &self,
        features: &Features,
        target: &[bool],
        threads: usize,
    ) -> Result<Linear, String> {
        let problem = Objective::new(features, target, self.ridge, threads);
        // The value and the gradient at a point are one pass over the rows; L-BFGS asks for them one after the other.
        let last: RefCell<Option<Seen>> = RefCell::new(None);
        let at = |point: &Vec<f64>| {
            let mut last = last.borrow_mut();
            match last.as_ref() {
                Some(seen) if &seen.point == point => (seen.loss, seen.gradient.clone()),
                _ => {
                    let (loss, gradient) = problem.loss_and_gradient(point);
                    *last = Some(Seen {
                        point: point.clone(),
                        loss,
                        gradient: gradient.clone(),
                    });
                    (loss, gradient)
                }
            }
        };
        let optimiser = LBFGS {
            max_iter: self.iterations,
            f_reltol: self.tolerance,
            ..LBFGS::default()
        };
        let search = Backtracking {
            order: FunctionOrder::THIRD,
            ..Backtracking::default()
        };
        let start = problem.start();
        let value = |point: &Vec<f64>| at(point).0;
        let slope =
            |gradient: &mut Vec<f64>, point: &Vec<f64>| gradient.copy_from_slice(&at(point).1);
        let found = optimiser.optimize(&value, &slope, &start, &search);
        let (intercept, coefficients) = problem.unscaled(&found.x);
        if intercept.is_finite() && coefficients.iter().all(|value| value.is_finite()) {
            Ok(Linear {
                intercept,
                coefficients,
            })
        } else {
            Err("the coefficients grew without bound; a larger ridge keeps them finite".into())
        }
    }
}

/// A point that was asked for and what was found there.
struct Seen {
    point: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
}

/// The mean loss over rows as a function of the coefficients of standardised features, the intercept last.
struct Objective<'a> {
    features: &'a Features,
    target: &'a [bool],
    mean: Vec<f64>,
    scale: Vec<f64>,
    /// The ridge a row.
    ridge: f64,
    threads: usize,
}

impl<'a> Objective<'a> {
    fn new(
        features: &'a Features,
        target: &'a [bool],
        ridge: f64,
        threads: usize,
    ) -> Objective<'a> {
        let (rows, width) = (features.rows() as f64, features.width());
        let mut mean = vec![0.0; width];
        for row in features.values().chunks_exact(width) {
            mean.iter_mut()
                .zip(row)
                .for_each(|(mean, value)| *mean += value);
        }
        mean.iter_mut().for_each(|mean| *mean /= rows);
        let mut scale = vec![0.0; width];
        for row in features.values().chunks_exact(width) {
            scale
                .iter_mut()
                .zip(row)
                .zip(&mean)
                .for_each(|((scale, value), mean)| *scale += (value - mean).powi(2));
        }
        for scale in &mut scale {
            *scale = (*scale / rows).sqrt();
            if *scale < 1e-12 {
                *scale = 1.0;
            }
        }
        Objective {
            features,
            target,
            mean,
            scale,
            ridge: ridge / rows,
            threads,
        }
    }

    /// All coefficients zero and the intercept that gives everyone the training share.
    fn start(&self) -> Vec<f64> {
        let share = self.target.iter().filter(|happened| **happened).count() as f64
            / self.target.len() as f64;
        let share = share.clamp(1e-6, 1.0 - 1e-6);
        let mut point = vec![0.0; self.features.width() + 1];
        point[self.features.width()] = (share / (1.0 - share)).ln();
        point
    }

    /// Intercept and coefficients for features as they are.
    fn unscaled(&self, point: &[f64]) -> (f64, Vec<f64>) {
        let width = self.features.width();
        let coefficients: Vec<f64> = point[..width]
            .iter()
            .zip(&self.scale)
            .map(|(weight, scale)| weight / scale)
            .collect();
        (point[width] - dot(&coefficients, &self.mean), coefficients)
    }

    fn loss_and_gradient(&self, point: &[f64]) -> (f64, Vec<f64>) {
        let (rows, width) = (self.features.rows(), self.features.width());
        let (intercept, coefficients) = self.unscaled(point);
        let size = rows.div_ceil(PARTS);
        let parts = parallel::in_parts(self.threads, PARTS, |part| {
            let (mut loss, mut slope, mut slopes) = (0.0, 0.0, vec![0.0; width]);
            for row in (part * size).min(rows)..((part + 1) * size).min(rows) {
                let values = self.features.row(row);
                let z = intercept + dot(&coefficients, values);
                let happened = f64::from(u8::from(self.target[row]));
                // ln(1 + e^z) − y z, without overflow.
                loss += z.max(0.0) + (-z.abs()).exp().ln_1p() - happened * z;
                let error = sigmoid(z) - happened;
                slope += error;
                slopes
                    .iter_mut()
                    .zip(values)
                    .for_each(|(slope, value)| *slope += error * value);
            }
            (loss, slope, slopes)
        });
        let (mut loss, mut gradient) = (0.0, vec![0.0; width + 1]);
        for (part_loss, part_slope, part_slopes) in parts {
            loss += part_loss;
            gradient[width] += part_slope;
            gradient
                .iter_mut()
                .zip(&part_slopes)
                .for_each(|(slope, part)| *slope += part);
        }
        // By the chain rule through the standardisation, then the mean over rows and the penalty.
        for feature in 0..width {
            gradient[feature] = (gradient[feature] - self.mean[feature] * gradient[width])
                / self.scale[feature]
                / rows as f64
                + self.ridge * point[feature];
        }
        gradient[width] /= rows as f64;
        let penalty = self.ridge / 2.0
            * point[..width]
                .iter()
                .map(|weight| weight * weight)
                .sum::<f64>();
        (loss / rows as f64 + penalty, gradient)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::estimator::tests::noisy;
    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let (features, target) = noisy(200, 1);
        let objective = Objective::new(&features, &target, 3.0, 2);
        let point: Vec<f64> = (0..=features.width())
            .map(|i| 0.3 - 0.2 * i as f64)
            .collect();
        let (_, gradient) = objective.loss_and_gradient(&point);
        for index in 0..point.len() {
            let moved = |by: f64| {
                let mut moved = point.clone();
                moved[index] += by;
                objective.loss_and_gradient(&moved).0
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!(
                (slope - gradient[index]).abs() < 1e-7,
                "{index}: {slope} {}",
                gradient[index]
            );
        }
    }

    #[test]
    fn coefficients_agree_with_smartcores_own_logistic_regression() {
        use smartcore::linalg::basic::arrays::Array;
        use smartcore::linalg::basic::matrix::DenseMatrix;
        use smartcore::linear::logistic_regression::{
            LogisticRegression, LogisticRegressionParameters,
        };
        let (features, target) = noisy(500, 2);
        let ours = Logistic {
            ridge: 0.0,
            iterations: 500,
            tolerance: 0.0,
        }
        .fit(&features, &target, 2)
        .unwrap();
        let x = DenseMatrix::new(500, features.width(), features.values().to_vec(), false).unwrap();
        let y: Vec<u32> = target.iter().map(|happened| u32::from(*happened)).collect();
        let own = LogisticRegression::fit(&x, &y, LogisticRegressionParameters::default()).unwrap();
        assert!((own.intercept().get((0, 0)) - ours.intercept).abs() < 1e-4);
        for (index, coefficient) in ours.coefficients.iter().enumerate() {
            assert!((own.coefficients().get((0, index)) - coefficient).abs() < 1e-4);
        }
    }

    #[test]
    fn the_fit_is_the_same_bits_at_any_number_of_threads() {
        let (features, target) = noisy(300, 5);
        assert_eq!(
            Logistic::default().fit(&features, &target, 1).unwrap(),
            Logistic::default().fit(&features, &target, 3).unwrap()
        );
    }
}
