//! Charts that judge predictions: the ROC curve and the calibration of probabilities, from a column of answers and one of
//! scores.

use polars::prelude::DataFrame;

use super::build::{Built, note_missing};
use super::columns::numbers;
use super::description::{Axis, Marks, Points};
use super::{Chart, ChartError, number};
use crate::model::{calibration as bands, roc_auc, roc_curve};

/// Points of a ROC curve, at most.
const ROC_POINTS: usize = 200;
/// Bands of a calibration, at most.
const BANDS: usize = 10;

/// The ROC curve of `score` (numbers, higher means more likely) against `truth` (booleans, or numbers of which 0 is no): the
/// share of positives found over the share of negatives wrongly flagged, with the line of chance and the area under the curve
/// in the subtitle. Rows without a value are left out, and said so.
pub fn roc(frame: &DataFrame, truth: &str, score: &str) -> Result<Chart, ChartError> {
    let Judged {
        answers,
        scores,
        notes,
    } = judged(frame, truth, score)?;
    // Only the order of scores counts: any range of numbers becomes one of probabilities.
    let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let width = if high > low { high - low } else { 1.0 };
    let scores: Vec<f64> = scores
        .iter()
        .map(|score| ((score - low) / width).clamp(0.0, 1.0))
        .collect();
    let undefined = |source| ChartError::Undefined {
        chart: "ROC curve",
        truth: truth.to_owned(),
        score: score.to_owned(),
        source,
    };
    let auc = roc_auc(&answers, &scores).map_err(undefined)?;
    let curve = roc_curve(&answers, &scores, ROC_POINTS).map_err(undefined)?;
    let points = curve
        .iter()
        .map(|point| (point.false_positive_rate, point.true_positive_rate))
        .collect();
    let chart = judging(
        score,
        points,
        notes,
        ("false positive rate", "true positive rate"),
    );
    Ok(chart
        .subtitle(format!(
            "{}: area under the curve {auc:.3}",
            score.replace('_', " ")
        ))
        .diagonal("chance")
        .x_range(0.0, 1.0)
        .y_range(0.0, 1.0))
}

/// How often `truth` (booleans, or numbers of which 0 is no) held where `probability` (from 0 to 1) was about so much, in at
/// most ten bands of about as many rows: on the diagonal, probabilities are honest. Rows without a value are left out, and said
/// so.
pub fn calibration(frame: &DataFrame, truth: &str, probability: &str) -> Result<Chart, ChartError> {
    let Judged {
        answers,
        scores: probabilities,
        mut notes,
    } = judged(frame, truth, probability)?;
    let undefined = |source| ChartError::Undefined {
        chart: "calibration",
        truth: truth.to_owned(),
        score: probability.to_owned(),
        source,
    };
    let found = bands(&answers, &probabilities, BANDS).map_err(undefined)?;
    let fewest = found.iter().map(|band| band.rows).min().unwrap_or(0);
    notes.push(format!(
        "{} bands of at least {} rows",
        found.len(),
        number::count(fewest)
    ));
    let points = found
        .iter()
        .map(|band| (band.predicted, band.observed))
        .collect();
    let chart = judging(
        probability,
        points,
        notes,
        ("predicted probability", "observed share"),
    );
    Ok(chart.diagonal("honest").markers())
}

/// The rows that have an answer and a score, with a note on those that have not.
struct Judged {
    answers: Vec<bool>,
    scores: Vec<f64>,
    notes: Vec<String>,
}

fn judged(frame: &DataFrame, truth: &str, score: &str) -> Result<Judged, ChartError> {
    let answers = numbers(frame, truth, "the answers")?;
    let scores = numbers(frame, score, "the scores")?;
    let all = answers.len();
    let (answers, scores): (Vec<bool>, Vec<f64>) = answers
        .into_iter()
        .zip(scores)
        .filter(|(answer, score)| answer.is_finite() && score.is_finite())
        .map(|(answer, score)| (answer != 0.0, score))
        .unzip();
    let mut notes = Vec::new();
    note_missing(&mut notes, all - answers.len(), all);
    Ok(Judged {
        answers,
        scores,
        notes,
    })
}

fn judging(name: &str, points: Vec<(f64, f64)>, notes: Vec<String>, (x, y): (&str, &str)) -> Chart {
    let name = name.replace('_', " ");
    let marks = Marks::Lines(vec![Points { name, points }]);
    let axis = |label: &str| Axis {
        label: label.to_owned(),
        percent: true,
        ..Axis::default()
    };
    let time = false;
    Chart::from_built(Built { marks, notes, time }, axis(x), axis(y))
}
