//! A comparison of models as a notebook shows it: the scores with the best of each in bold, the choice with its reason, the
//! split they were made on, and what is doubtful; its curves as charts.

use crate::model::{Candidate, Comparison, Period, Split, SplitSummary};

use super::chart::{Chart, count, curves};
use super::table::escape;
use super::{Bundle, Role, Show, mime, send};

impl Show for Comparison {
    fn bundle(&self) -> Bundle {
        Bundle::text(text(self)).with(mime::HTML, html(self))
    }
}

impl Comparison {
    /// The ROC curves of all candidates on the test rows.
    pub fn roc_chart(&self) -> Chart {
        let points = |one: &Candidate| -> Vec<(f64, f64)> {
            one.roc
                .iter()
                .map(|point| (point.false_positive_rate, point.true_positive_rate))
                .collect()
        };
        let named = self.candidates().iter().map(|one| {
            (
                format!("{} (AUC {:.3})", one.name, one.scores.auc),
                points(one),
            )
        });
        curves("false positive rate", "true positive rate", named)
            .percent()
            .x_percent()
            .diagonal("chance")
    }

    /// How often the target happened where each candidate predicted so much: on the diagonal, probabilities are honest.
    pub fn calibration_chart(&self) -> Chart {
        let points = |one: &Candidate| -> Vec<(f64, f64)> {
            one.calibration
                .iter()
                .map(|band| (band.predicted, band.observed))
                .collect()
        };
        let ends = self
            .candidates()
            .iter()
            .flat_map(|one| &one.calibration)
            .map(|band| band.predicted.max(band.observed));
        let end = ends.fold(0.0, f64::max);
        let named = self
            .candidates()
            .iter()
            .map(|one| (one.name.clone(), points(one)))
            .chain([("honest".to_owned(), vec![(0.0, 0.0), (end, end)])]);
        curves("predicted probability", "observed share", named)
            .percent()
            .x_percent()
            .markers()
    }

    /// Shows the comparison under stock evcxr.
    pub fn evcxr_display(&self) {
        send(Role::Result, &self.bundle());
    }
}

impl Show for Split {
    fn bundle(&self) -> Bundle {
        Bundle::text(summary_text(&self.summary))
    }
}

impl Split {
    /// Shows the split under stock evcxr.
    pub fn evcxr_display(&self) {
        send(Role::Result, &self.bundle());
    }
}

const HEADER: [&str; 6] = [
    "model",
    "AUC ↑",
    "log loss ↓",
    "Brier ↓",
    "fit, s",
    "predict, s",
];

/// The name, then the numbers as text.
fn row(one: &Candidate) -> [String; 6] {
    [
        one.name.clone(),
        format!("{:.4}", one.scores.auc),
        format!("{:.4}", one.scores.log_loss),
        format!("{:.4}", one.scores.brier),
        format!("{:.2}", one.fit_seconds),
        format!("{:.2}", one.predict_seconds),
    ]
}

fn html(comparison: &Comparison) -> String {
    let all = comparison.candidates();
    let best = [
        all.iter()
            .map(|one| one.scores.auc)
            .fold(f64::NEG_INFINITY, f64::max),
        all.iter()
            .map(|one| one.scores.log_loss)
            .fold(f64::INFINITY, f64::min),
        all.iter()
            .map(|one| one.scores.brier)
            .fold(f64::INFINITY, f64::min),
    ];
    let mut html = String::from(
        "<div style=\"overflow-x:auto\"><table style=\"border-collapse:collapse\"><thead><tr>",
    );
    for (index, name) in HEADER.iter().enumerate() {
        let align = if index == 0 { "left" } else { "right" };
        html.push_str(&format!(
            "<th style=\"text-align:{align};border-bottom:1px solid currentColor;padding:2px 10px\">{name}</th>"
        ));
    }
    html.push_str("<th style=\"text-align:left;border-bottom:1px solid currentColor;padding:2px 10px\">settings</th></tr></thead><tbody>");
    for one in all {
        let scores = [one.scores.auc, one.scores.log_loss, one.scores.brier];
        html.push_str("<tr>");
        for (index, text) in row(one).iter().enumerate() {
            let align = if index == 0 { "left" } else { "right" };
            let is_best = index
                .checked_sub(1)
                .and_then(|index| Some((scores.get(index)?, best.get(index)?)));
            let text = match is_best {
                Some((score, best)) if score == best => format!("<b>{}</b>", escape(text)),
                _ => escape(text),
            };
            html.push_str(&format!(
                "<td style=\"text-align:{align};padding:2px 10px\">{text}</td>"
            ));
        }
        html.push_str(&format!(
            "<td style=\"text-align:left;padding:2px 10px\"><small>{}</small></td></tr>",
            escape(&one.settings)
        ));
    }
    html.push_str("</tbody></table>");
    html.push_str(&format!(
        "<div><b>Choice:</b> {}</div>",
        escape(comparison.best().reason())
    ));
    html.push_str(&format!(
        "<div style=\"opacity:.8\"><small>{}</small></div></div>",
        escape(&summary_text(comparison.summary())).replace('\n', "<br>")
    ));
    html
}

fn text(comparison: &Comparison) -> String {
    let mut rows = vec![HEADER.map(str::to_owned)];
    rows.extend(comparison.candidates().iter().map(row));
    let widths: Vec<usize> = (0..HEADER.len())
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in &rows {
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            match index {
                0 => text.push_str(&format!("{cell:<width$}")),
                _ => text.push_str(&format!("  {cell:>width$}")),
            }
        }
        text.push('\n');
    }
    format!(
        "{text}Choice: {}\n{}",
        comparison.best().reason(),
        summary_text(comparison.summary())
    )
}

/// The split in words, one fact a line.
fn summary_text(summary: &SplitSummary) -> String {
    let side = |name: &str, rows: usize, positives: usize, period: &Option<Period>| {
        let share = if rows > 0 {
            100.0 * positives as f64 / rows as f64
        } else {
            0.0
        };
        let period = period
            .as_ref()
            .map(|period| format!(", {} to {}", period.first, period.last));
        let period = period.unwrap_or_default();
        format!(
            "{name}: {} rows, {share:.1} % {}{period}",
            count(rows),
            summary.target
        )
    };
    let mut lines = vec![
        format!("Split: {}.", summary.rule),
        side(
            "Training",
            summary.train_rows,
            summary.train_positives,
            &summary.train_period,
        ),
        side(
            "Test",
            summary.test_rows,
            summary.test_positives,
            &summary.test_period,
        ),
    ];
    if summary.dropped > 0 {
        lines.push(format!(
            "{} rows without a target are left out",
            count(summary.dropped)
        ));
    }
    lines.extend(
        summary
            .warnings
            .iter()
            .map(|warning| format!("Warning: {warning}")),
    );
    lines.join("\n")
}
