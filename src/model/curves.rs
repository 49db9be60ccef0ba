//! Curves behind the scores: ROC, calibration, and what a threshold costs. Plain rows, small enough to draw.

use super::metrics::{MetricError, check, descending};
use serde::{Deserialize, Serialize};

/// One point of a ROC curve (Fawcett 2006): flagging every row whose probability is at least the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// The lowest probability that is flagged; above 1 for the first point, where nothing is.
    pub threshold: f64,
    /// The share of negatives flagged.
    pub false_positive_rate: f64,
    /// The share of positives flagged.
    pub true_positive_rate: f64,
}

/// The rows of one band of predictions, and how often it really happened (Murphy and Winkler 1977).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// The lowest prediction in the band.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// The mean prediction.
    pub predicted: f64,
    /// The share in which it happened.
    pub observed: f64,
    /// The rows.
    pub rows: usize,
}

/// What flagging every row at or above a threshold would do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ThresholdRow {
    /// The lowest probability that is flagged.
    pub threshold: f64,
    /// The share of all rows flagged.
    pub flagged: f64,
    /// Of the rows flagged, the share in which it happened; `None` when none is flagged.
    pub precision: Option<f64>,
    /// Of the rows in which it happened, the share flagged; `None` when it never happened.
    pub recall: Option<f64>,
}

/// The ROC curve from (0, 0) to (1, 1), thinned to at most `points` points evenly spread along it; at least 2.
///
/// # Errors
/// When the lists do not match, are empty, hold something that is not a probability, or only one answer occurs.
pub fn roc_curve(
    target: &[bool],
    predicted: &[f64],
    points: usize,
) -> Result<Vec<RocPoint>, MetricError> {
    check(target, predicted)?;
    let positives = target.iter().filter(|happened| **happened).count();
    let negatives = target.len() - positives;
    if positives == 0 || negatives == 0 {
        return Err(MetricError::OneClass {
            rows: target.len(),
            only: positives > 0,
        });
    }
    let mut curve = vec![RocPoint {
        threshold: f64::INFINITY,
        false_positive_rate: 0.0,
        true_positive_rate: 0.0,
    }];
    let (mut hits, mut alarms) = (0, 0);
    for tied in descending(predicted).chunk_by(|a, b| predicted[*a] == predicted[*b]) {
        let happened = tied.iter().filter(|&&row| target[row]).count();
        hits += happened;
        alarms += tied.len() - happened;
        curve.push(RocPoint {
            threshold: predicted[tied[0]],
            false_positive_rate: alarms as f64 / negatives as f64,
            true_positive_rate: hits as f64 / positives as f64,
        });
    }
    // A finite threshold for the point where nothing is flagged, so that the curve can be written as JSON.
    curve[0].threshold = 1.0 + f64::EPSILON;
    Ok(thin(curve, points.max(2)))
}

/// Keeps the first, the last, and of the rest those nearest to equal steps along the curve (in rates, not in rows).
fn thin(curve: Vec<RocPoint>, points: usize) -> Vec<RocPoint> {
    if curve.len() <= points {
        return curve;
    }
    let along = |point: &RocPoint| (point.false_positive_rate + point.true_positive_rate) / 2.0;
    let last = curve.len() - 1;
    let mut kept = Vec::with_capacity(points);
    let mut wanted = 0;
    for (index, point) in curve.iter().enumerate() {
        let step = wanted as f64 / (points - 1) as f64;
        if index == last || (along(point) >= step && wanted < points - 1) {
            kept.push(*point);
            // Rounding can put a point that reached its step just below it again; each step still takes one point only.
            let reached = (along(point) * (points - 1) as f64).floor() as usize;
            wanted = reached.max(wanted) + 1;
        }
    }
    kept
}

/// Predictions in at most `bins` bands of about equal size, lowest first; equal predictions stay together.
///
/// # Errors
/// When the lists do not match, are empty, or hold something that is not a probability.
pub fn calibration(
    target: &[bool],
    predicted: &[f64],
    bins: usize,
) -> Result<Vec<CalibrationBin>, MetricError> {
    check(target, predicted)?;
    let mut order = descending(predicted);
    order.reverse();
    let bins = bins.clamp(1, order.len());
    let mut bands = Vec::with_capacity(bins);
    let mut start = 0;
    for bin in 1..=bins {
        let mut end = (order.len() * bin / bins).max(start);
        while end > start && end < order.len() && predicted[order[end]] == predicted[order[end - 1]]
        {
            end += 1;
        }
        let band = &order[start..end];
        if let (Some(first), Some(last)) = (band.first(), band.last()) {
            let rows = band.len();
            bands.push(CalibrationBin {
                low: predicted[*first],
                high: predicted[*last],
                predicted: band.iter().map(|&row| predicted[row]).sum::<f64>() / rows as f64,
                observed: band.iter().filter(|&&row| target[row]).count() as f64 / rows as f64,
                rows,
            });
        }
        start = end;
    }
    Ok(bands)
}

/// For each threshold, the share flagged, precision and recall.
///
/// # Errors
/// When the lists do not match, are empty, or hold something that is not a probability.
pub fn threshold_table(
    target: &[bool],
    predicted: &[f64],
    thresholds: &[f64],
) -> Result<Vec<ThresholdRow>, MetricError> {
    check(target, predicted)?;
    let positives = target.iter().filter(|happened| **happened).count();
    let row = |&threshold: &f64| {
        let (mut flagged, mut hits) = (0, 0);
        for (happened, probability) in target.iter().zip(predicted) {
            if *probability >= threshold {
                flagged += 1;
                hits += usize::from(*happened);
            }
        }
        ThresholdRow {
            threshold,
            flagged: f64::from(flagged) / target.len() as f64,
            precision: (flagged > 0).then(|| hits as f64 / f64::from(flagged)),
            recall: (positives > 0).then(|| hits as f64 / positives as f64),
        }
    };
    Ok(thresholds.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::roc_auc;
    use super::*;
    use proptest::prelude::*;

    const TARGET: [bool; 4] = [true, false, true, false];
    const PREDICTED: [f64; 4] = [0.8, 0.4, 0.4, 0.5];

    #[test]
    fn the_roc_curve_goes_through_the_points_counted_by_hand() {
        let rates: Vec<(f64, f64)> = roc_curve(&TARGET, &PREDICTED, 100)
            .unwrap()
            .iter()
            .map(|point| (point.false_positive_rate, point.true_positive_rate))
            .collect();
        assert_eq!(rates, [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (1.0, 1.0)]);
    }

    #[test]
    fn calibration_keeps_ties_together_and_counts_every_row() {
        let bands = calibration(&TARGET, &PREDICTED, 4).unwrap();
        assert_eq!(
            bands.iter().map(|band| band.rows).collect::<Vec<_>>(),
            [2, 1, 1]
        );
        assert_eq!((bands[0].predicted, bands[0].observed), (0.4, 0.5));
        assert_eq!((bands[2].predicted, bands[2].observed), (0.8, 1.0));
        assert_eq!(calibration(&TARGET, &[0.2; 4], 10).unwrap().len(), 1);
    }

    #[test]
    fn thresholds_tell_share_precision_and_recall() {
        let table = threshold_table(&TARGET, &PREDICTED, &[0.45, 0.9]).unwrap();
        assert_eq!(
            table[0],
            ThresholdRow {
                threshold: 0.45,
                flagged: 0.5,
                precision: Some(0.5),
                recall: Some(0.5)
            }
        );
        assert_eq!(
            table[1],
            ThresholdRow {
                threshold: 0.9,
                flagged: 0.0,
                precision: None,
                recall: Some(0.0)
            }
        );
    }

    proptest! {
        #[test]
        fn the_area_under_the_full_curve_is_the_auc_and_a_thinned_one_stays_close(
            rows in proptest::collection::vec((any::<bool>(), 0.0_f64..1.0), 50..400),
        ) {
            let (target, predicted): (Vec<bool>, Vec<f64>) = rows.into_iter().unzip();
            prop_assume!(target.iter().any(|t| *t) && target.iter().any(|t| !*t));
            let auc = roc_auc(&target, &predicted).unwrap();
            let area = |points: usize| {
                let curve = roc_curve(&target, &predicted, points).unwrap();
                assert!(curve.len() <= points);
                assert_eq!(curve.last().unwrap().true_positive_rate, 1.0);
                let trapezium = |pair: &[RocPoint]| {
                    (pair[1].false_positive_rate - pair[0].false_positive_rate)
                        * (pair[1].true_positive_rate + pair[0].true_positive_rate) / 2.0
                };
                curve.windows(2).map(trapezium).sum::<f64>()
            };
            prop_assert!((area(10_000) - auc).abs() < 1e-9);
            prop_assert!((area(40) - auc).abs() < 0.05);
        }
    }
}
