//! Scores of probabilities against what happened. `target[i]` is what happened, `predicted[i]` the probability given for it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far from certainty a probability is moved before its logarithm is taken, so that one wrong certainty does not make the
/// whole score infinite.
const CLIP: f64 = 1e-15;

/// Why a score is not defined.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MetricError {
    /// Nothing to score.
    #[error("there are no rows")]
    Empty,
    /// Two lists that do not belong together.
    #[error("{targets} targets but {predictions} predictions")]
    Lengths {
        /// How many targets.
        targets: usize,
        /// How many predictions.
        predictions: usize,
    },
    /// A prediction that is not a probability.
    #[error("prediction {index} is {value}, not a probability from 0 to 1")]
    NotAProbability {
        /// The row.
        index: usize,
        /// The value, as text.
        value: String,
    },
    /// A score that needs both answers to occur.
    #[error("all {rows} targets are {only}: the area under the ROC curve needs both answers")]
    OneClass {
        /// The rows.
        rows: usize,
        /// The answer they all have.
        only: bool,
    },
}

/// The scores by which models are compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Area under the ROC curve: how often a positive is ranked above a negative. 0.5 is chance, 1 is perfect.
    pub auc: f64,
    /// Mean negative log-likelihood in nats; lower is better. A proper score.
    pub log_loss: f64,
    /// Mean squared error of the probabilities; lower is better. A proper score.
    pub brier: f64,
}

impl Scores {
    /// All scores of these predictions.
    ///
    /// # Errors
    /// When one of them is not defined.
    pub fn of(target: &[bool], predicted: &[f64]) -> Result<Scores, MetricError> {
        Ok(Scores {
            auc: roc_auc(target, predicted)?,
            log_loss: log_loss(target, predicted)?,
            brier: brier(target, predicted)?,
        })
    }
}

pub(super) fn check(target: &[bool], predicted: &[f64]) -> Result<(), MetricError> {
    if target.len() != predicted.len() {
        return Err(MetricError::Lengths {
            targets: target.len(),
            predictions: predicted.len(),
        });
    }
    if target.is_empty() {
        return Err(MetricError::Empty);
    }
    match predicted
        .iter()
        .position(|value| !(0.0..=1.0).contains(value))
    {
        Some(index) => Err(MetricError::NotAProbability {
            index,
            value: predicted[index].to_string(),
        }),
        None => Ok(()),
    }
}

/// The rows in order of their prediction, highest first.
pub(super) fn descending(predicted: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..predicted.len()).collect();
    order.sort_by(|a, b| predicted[*b].total_cmp(&predicted[*a]));
    order
}

/// Area under the ROC curve by the rank-sum of Mann and Whitney (1947), as Hanley and McNeil (1982) showed it equal:
/// (R − n₁(n₁ + 1)/2) / (n₁ n₀), where R is the sum of the positives' ranks, ties sharing their mean rank.
///
/// # Errors
/// When the lists do not match, are empty, hold something that is not a probability, or only one answer occurs.
pub fn roc_auc(target: &[bool], predicted: &[f64]) -> Result<f64, MetricError> {
    check(target, predicted)?;
    let positives = target.iter().filter(|happened| **happened).count();
    let negatives = target.len() - positives;
    if positives == 0 || negatives == 0 {
        return Err(MetricError::OneClass {
            rows: target.len(),
            only: positives > 0,
        });
    }
    let order = descending(predicted);
    let mut rank_sum = 0.0;
    let mut before = 0;
    for tied in order.chunk_by(|a, b| predicted[*a] == predicted[*b]) {
        // Ranks count from the lowest prediction; those tied share the mean of the ranks they occupy.
        let highest = target.len() - before;
        let lowest = highest - tied.len() + 1;
        let mean_rank = (highest + lowest) as f64 / 2.0;
        rank_sum += mean_rank * tied.iter().filter(|&&row| target[row]).count() as f64;
        before += tied.len();
    }
    let (n1, n0) = (positives as f64, negatives as f64);
    Ok((rank_sum - n1 * (n1 + 1.0) / 2.0) / (n1 * n0))
}

/// The logarithmic score (Good 1952): the mean of −ln(probability given to what happened), probabilities moved 1e-15 away from
/// 0 and 1.
///
/// # Errors
/// When the lists do not match, are empty, or hold something that is not a probability.
pub fn log_loss(target: &[bool], predicted: &[f64]) -> Result<f64, MetricError> {
    check(target, predicted)?;
    let loss = |(happened, probability): (&bool, &f64)| {
        let probability = probability.clamp(CLIP, 1.0 - CLIP);
        if *happened {
            -probability.ln()
        } else {
            -(-probability).ln_1p()
        }
    };
    Ok(target.iter().zip(predicted).map(loss).sum::<f64>() / target.len() as f64)
}

/// The quadratic score of Brier (1950), in its form for two answers: the mean of (probability − what happened)².
///
/// # Errors
/// When the lists do not match, are empty, or hold something that is not a probability.
pub fn brier(target: &[bool], predicted: &[f64]) -> Result<f64, MetricError> {
    check(target, predicted)?;
    let error = |(happened, probability): (&bool, &f64)| {
        (probability - f64::from(u8::from(*happened))).powi(2)
    };
    Ok(target.iter().zip(predicted).map(error).sum::<f64>() / target.len() as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn auc_is_what_counting_by_hand_gives() {
        // Pairs (positive, negative): 0.8 beats 0.4 and 0.5; 0.4 ties with 0.4, loses to 0.5. 2.5 of 4.
        let auc = roc_auc(&[true, false, true, false], &[0.8, 0.4, 0.4, 0.5]).unwrap();
        assert_eq!(auc, 2.5 / 4.0);
        assert_eq!(roc_auc(&[true, false], &[0.3, 0.3]).unwrap(), 0.5);
        assert_eq!(roc_auc(&[false, true], &[0.1, 0.2]).unwrap(), 1.0);
    }

    #[test]
    fn log_loss_is_what_computing_by_hand_gives() {
        let loss = log_loss(&[true, false], &[0.8, 0.4]).unwrap();
        assert!((loss - -(0.8_f64.ln() + 0.6_f64.ln()) / 2.0).abs() < 1e-15);
        // A wrong certainty costs −ln 1e-15 and not infinity.
        assert!((log_loss(&[true], &[0.0]).unwrap() - 34.538_776_394_910_684).abs() < 1e-9);
    }

    #[test]
    fn brier_is_what_computing_by_hand_gives() {
        assert!((brier(&[true, false], &[0.8, 0.4]).unwrap() - (0.04 + 0.16) / 2.0).abs() < 1e-15);
        assert_eq!(brier(&[true, false], &[1.0, 0.0]).unwrap(), 0.0);
    }

    #[test]
    fn what_is_not_defined_is_an_error_and_not_a_number() {
        assert_eq!(roc_auc(&[], &[]), Err(MetricError::Empty));
        assert_eq!(
            brier(&[true], &[]),
            Err(MetricError::Lengths {
                targets: 1,
                predictions: 0
            })
        );
        assert_eq!(
            roc_auc(&[true, true], &[0.1, 0.2]),
            Err(MetricError::OneClass {
                rows: 2,
                only: true
            })
        );
        assert!(matches!(
            log_loss(&[true], &[f64::NAN]),
            Err(MetricError::NotAProbability { index: 0, .. })
        ));
        assert!(matches!(
            brier(&[true, true], &[0.5, 1.5]),
            Err(MetricError::NotAProbability { index: 1, .. })
        ));
    }

    /// Few distinct predictions, so that ties are common; both answers occur.
    fn rows() -> impl Strategy<Value = (Vec<bool>, Vec<f64>)> {
        proptest::collection::vec((any::<bool>(), 0_u8..12), 2..60)
            .prop_map(|rows| {
                rows.into_iter()
                    .map(|(happened, tenth)| (happened, f64::from(tenth) / 11.0))
                    .unzip()
            })
            .prop_filter("both answers", |(target, _): &(Vec<bool>, Vec<f64>)| {
                target.iter().any(|t| *t) && target.iter().any(|t| !*t)
            })
    }

    proptest! {
        #[test]
        fn auc_equals_counting_pairs((target, predicted) in rows()) {
            let (mut won, mut pairs) = (0.0, 0.0);
            for (i, _) in target.iter().enumerate().filter(|(_, t)| **t) {
                for (j, _) in target.iter().enumerate().filter(|(_, t)| !**t) {
                    pairs += 1.0;
                    won += if predicted[i] > predicted[j] { 1.0 } else if predicted[i] == predicted[j] { 0.5 } else { 0.0 };
                }
            }
            prop_assert!((roc_auc(&target, &predicted).unwrap() - won / pairs).abs() < 1e-12);
        }

        #[test]
        fn auc_does_not_change_when_order_does_not((target, predicted) in rows()) {
            let bent: Vec<f64> = predicted.iter().map(|p| p.powi(3) * 0.5 + 0.1).collect();
            prop_assert_eq!(roc_auc(&target, &predicted).unwrap(), roc_auc(&target, &bent).unwrap());
            let turned: Vec<f64> = predicted.iter().map(|p| 1.0 - p).collect();
            let sum = roc_auc(&target, &predicted).unwrap() + roc_auc(&target, &turned).unwrap();
            prop_assert!((sum - 1.0).abs() < 1e-12);
        }

        #[test]
        fn the_true_share_is_the_best_constant((target, _) in rows(), other in 0.01_f64..0.99) {
            let share = target.iter().filter(|t| **t).count() as f64 / target.len() as f64;
            let constant = |p: f64| vec![p; target.len()];
            prop_assert!(log_loss(&target, &constant(share)).unwrap() <= log_loss(&target, &constant(other)).unwrap() + 1e-12);
            prop_assert!(brier(&target, &constant(share)).unwrap() <= brier(&target, &constant(other)).unwrap() + 1e-12);
        }
    }
}
