//! [`Split`]: training and test rows. By time when rows carry time, because rows of the same day know of each other.

use super::ModelError;
use super::chance::mixed;
use crate::record::{Column, Columns};
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// From the first instant to the last, RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first instant.
    pub first: String,
    /// The last.
    pub last: String,
}

/// What a split did, in numbers and words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSummary {
    /// The target's column.
    pub target: String,
    /// How rows were told apart.
    pub rule: String,
    /// Training rows.
    pub train_rows: usize,
    /// Training rows where the target is true.
    pub train_positives: usize,
    /// Test rows.
    pub test_rows: usize,
    /// Test rows where the target is true.
    pub test_positives: usize,
    /// Rows left out because their target is null.
    pub dropped: usize,
    /// From the first training row to the last, if the split is by time.
    pub train_period: Option<Period>,
    /// From the first test row to the last, if the split is by time.
    pub test_period: Option<Period>,
    /// What is doubtful about it.
    pub warnings: Vec<String>,
}

/// Training and test rows with their targets. The target's column is not among the columns, so no recipe can use it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Split {
    /// Training rows.
    pub train: Columns,
    /// Their targets.
    pub train_target: Vec<bool>,
    /// Test rows.
    pub test: Columns,
    /// Their targets.
    pub test_target: Vec<bool>,
    /// What the split did.
    pub summary: SplitSummary,
}

impl Split {
    /// Splits a frame at an instant: rows before it train, rows from it on test. `first_test` is a day, such as `2013-10-01`
    /// (midnight UTC; see [`Split::by_time_in`] for another zone), or an instant in RFC 3339. Rows without target or time are
    /// left out and counted.
    ///
    /// # Errors
    /// When a column is missing or of the wrong type, the instant cannot be read, or one side lacks one of the answers.
    #[cfg(feature = "frame")]
    pub fn by_time(
        frame: &polars::prelude::DataFrame,
        time: &str,
        first_test: &str,
        target: &str,
    ) -> Result<Split, ModelError> {
        Split::by_time_in(frame, time, first_test, target, "UTC")
    }

    /// [`Split::by_time`] with days counted in a time zone, by its IANA name.
    ///
    /// # Errors
    /// As [`Split::by_time`], and when the zone is not known.
    #[cfg(feature = "frame")]
    pub fn by_time_in(
        frame: &polars::prelude::DataFrame,
        time: &str,
        first_test: &str,
        target: &str,
        zone: &str,
    ) -> Result<Split, ModelError> {
        Split::columns_by_time(
            &crate::frame::columns_of(frame)?,
            time,
            first_test,
            target,
            zone,
        )
    }

    /// [`Split::by_time_in`] for columns instead of a frame.
    ///
    /// # Errors
    /// As [`Split::by_time_in`].
    pub fn columns_by_time(
        columns: &Columns,
        time: &str,
        first_test: &str,
        target: &str,
        zone: &str,
    ) -> Result<Split, ModelError> {
        let zone: Tz = zone
            .parse()
            .map_err(|_| ModelError::TimeZone { name: zone.into() })?;
        let boundary = instant(first_test, zone)?;
        let times = match find(columns, "time", time)? {
            Column::Timestamp(times) => times,
            other => return Err(wrong_type("time", time, other, "a timestamp")),
        };
        let micros = boundary.timestamp_micros();
        let side = |row: usize| times[row].map(|at| at >= micros);
        let rule = format!(
            "{time} before {} trains, from then on tests",
            written(boundary.timestamp_micros())
        );
        let mut split = Split::divide(columns, target, rule, side)?;

        let seen = |columns: &Columns| match columns.get(time) {
            Some(Column::Timestamp(times)) => times.iter().copied().flatten().collect::<Vec<i64>>(),
            _ => Vec::new(),
        };
        let (train, test) = (seen(&split.train), seen(&split.test));
        split.summary.train_period = period(&train);
        split.summary.test_period = period(&test);
        let days = |instants: &[i64]| -> BTreeSet<NaiveDate> {
            let days = instants
                .iter()
                .filter_map(|at| DateTime::from_timestamp_micros(*at));
            days.map(|at| at.with_timezone(&zone).date_naive())
                .collect()
        };
        if let Some(day) = days(&train).intersection(&days(&test)).next() {
            split.summary.warnings.push(format!(
                "{day} ({zone}) is on both sides: rows of one day know of each other, so the scores flatter; split at midnight"
            ));
        }
        Ok(split)
    }

    /// Splits by chance, `share` of the rows testing. For rows that carry no time and know nothing of each other.
    ///
    /// # Errors
    /// When the target is missing or not a boolean, or one side lacks one of the answers.
    pub fn random(
        columns: &Columns,
        target: &str,
        share: f64,
        seed: u64,
    ) -> Result<Split, ModelError> {
        let rule = format!("by chance, {:.0} % test, seed {seed}", share * 100.0);
        let side = |row: usize| Some((mixed(seed, row as u64) as f64 / u64::MAX as f64) < share);
        let mut split = Split::divide(columns, target, rule, side)?;
        if columns
            .iter()
            .any(|(_, column)| matches!(column, Column::Timestamp(_)))
        {
            split.summary.warnings.push(
                "rows carry time but were split by chance: rows of one day are on both sides, so the scores flatter".into(),
            );
        }
        Ok(split)
    }

    /// Splits by any rule; `rule` says in words what `is_test` does for a row.
    ///
    /// # Errors
    /// When the target is missing or not a boolean, or one side lacks one of the answers.
    pub fn new(
        columns: &Columns,
        target: &str,
        rule: impl Into<String>,
        is_test: impl Fn(usize) -> bool,
    ) -> Result<Split, ModelError> {
        Split::divide(columns, target, rule.into(), |row| Some(is_test(row)))
    }

    fn divide(
        columns: &Columns,
        target: &str,
        rule: String,
        side: impl Fn(usize) -> Option<bool>,
    ) -> Result<Split, ModelError> {
        let answers = match find(columns, "target", target)? {
            Column::Bool(answers) => answers,
            other => {
                return Err(wrong_type(
                    "target",
                    target,
                    other,
                    "a boolean: compare it with something",
                ));
            }
        };
        let (mut train, mut test) = (Vec::new(), Vec::new());
        let (mut train_target, mut test_target) = (Vec::new(), Vec::new());
        for (row, answer) in answers.iter().enumerate() {
            match (answer, side(row)) {
                (Some(answer), Some(true)) => {
                    test.push(row);
                    test_target.push(*answer);
                }
                (Some(answer), Some(false)) => {
                    train.push(row);
                    train_target.push(*answer);
                }
                _ => {}
            }
        }
        let count = |answers: &[bool]| answers.iter().filter(|answer| **answer).count();
        for (side, answers) in [("training", &train_target), ("test", &test_target)] {
            let (rows, positives) = (answers.len(), count(answers));
            if positives == 0 || positives == rows {
                return Err(ModelError::OneSided {
                    side,
                    rows,
                    positives,
                    negatives: rows - positives,
                });
            }
        }
        let summary = SplitSummary {
            target: target.into(),
            rule,
            train_rows: train.len(),
            train_positives: count(&train_target),
            test_rows: test.len(),
            test_positives: count(&test_target),
            dropped: answers.len() - train.len() - test.len(),
            train_period: None,
            test_period: None,
            warnings: Vec::new(),
        };
        let (train, test) = (
            take(columns, &train, target)?,
            take(columns, &test, target)?,
        );
        Ok(Split {
            train,
            train_target,
            test,
            test_target,
            summary,
        })
    }
}

/// These rows of all columns but one.
fn take(columns: &Columns, rows: &[usize], without: &str) -> Result<Columns, ModelError> {
    fn of<T: Clone>(values: &[Option<T>], rows: &[usize]) -> Vec<Option<T>> {
        rows.iter().map(|&row| values[row].clone()).collect()
    }
    let mut taken = Columns::new();
    for (name, column) in columns.iter().filter(|(name, _)| *name != without) {
        let column = match column {
            Column::Bool(values) => Column::Bool(of(values, rows)),
            Column::Int(values) => Column::Int(of(values, rows)),
            Column::Float(values) => Column::Float(of(values, rows)),
            Column::Text(values) => Column::Text(of(values, rows)),
            Column::Timestamp(values) => Column::Timestamp(of(values, rows)),
        };
        taken.push(name, column)?;
    }
    Ok(taken)
}

fn find<'a>(
    columns: &'a Columns,
    role: &'static str,
    name: &str,
) -> Result<&'a Column, ModelError> {
    columns.get(name).ok_or_else(|| ModelError::Missing {
        role,
        column: name.into(),
        present: columns.names().collect::<Vec<_>>().join(", "),
    })
}

fn wrong_type(role: &'static str, name: &str, column: &Column, wanted: &'static str) -> ModelError {
    ModelError::Type {
        role,
        column: name.into(),
        found: column.type_name().into(),
        wanted,
    }
}

/// A day at its first moment in the zone, or an instant with an offset.
fn instant(text: &str, zone: Tz) -> Result<DateTime<Utc>, ModelError> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant.to_utc());
    }
    let day = text
        .parse::<NaiveDate>()
        .map_err(|_| ModelError::Instant { text: text.into() })?;
    // Where clocks go forward at midnight the day begins later; the first moment that exists is its beginning.
    let midnight = day.and_time(NaiveTime::MIN);
    (0..24)
        .find_map(|hours| {
            zone.from_local_datetime(&(midnight + chrono::Duration::hours(hours)))
                .earliest()
        })
        .map(|moment| moment.to_utc())
        .ok_or_else(|| ModelError::Instant { text: text.into() })
}

fn written(micros: i64) -> String {
    let instant = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn period(instants: &[i64]) -> Option<Period> {
    Some(Period {
        first: written(*instants.iter().min()?),
        last: written(*instants.iter().max()?),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    /// One row each six hours from 2013-09-29T00:00Z, the answer true every third row, null in the last.
    fn rows() -> Columns {
        let start = 1_380_412_800_000_000;
        let mut columns = Columns::new();
        columns
            .push(
                "at",
                Column::Timestamp((0..16).map(|i| Some(start + i * 21_600_000_000)).collect()),
            )
            .unwrap();
        columns
            .push(
                "late",
                Column::Bool((0..16).map(|i| (i < 15).then_some(i % 3 == 0)).collect()),
            )
            .unwrap();
        columns
    }

    #[test]
    fn rows_before_the_instant_train_and_rows_without_target_are_counted() {
        let split = Split::columns_by_time(&rows(), "at", "2013-10-01", "late", "UTC").unwrap();
        assert_eq!(
            (split.train.rows(), split.test.rows(), split.summary.dropped),
            (8, 7, 1)
        );
        assert_eq!(
            split.summary.test_period.as_ref().unwrap().first,
            "2013-10-01T00:00:00Z"
        );
        assert_eq!(
            split.summary.train_period.as_ref().unwrap().last,
            "2013-09-30T18:00:00Z"
        );
        assert!(split.summary.warnings.is_empty());
        assert!(
            split.train.get("late").is_none(),
            "the target is no feature"
        );
        assert_eq!(split.train_target.len(), 8);
    }

    #[test]
    fn a_day_is_read_in_the_zone_and_a_day_on_both_sides_is_told() {
        let local = Split::columns_by_time(&rows(), "at", "2013-10-01", "late", "America/New_York")
            .unwrap();
        assert_eq!(
            local.summary.test_period.as_ref().unwrap().first,
            "2013-10-01T06:00:00Z"
        );
        assert!(local.summary.warnings.is_empty());
        let at = "2013-10-01T00:00:00Z";
        let shared = Split::columns_by_time(&rows(), "at", at, "late", "America/New_York").unwrap();
        assert!(
            shared.summary.warnings[0].contains("2013-09-30"),
            "{:?}",
            shared.summary.warnings
        );
    }

    #[test]
    fn a_random_split_of_rows_with_time_warns_and_is_the_same_each_time() {
        let split = Split::random(&rows(), "late", 0.5, 3).unwrap();
        assert_eq!(split.summary.warnings.len(), 1);
        assert_eq!(split, Split::random(&rows(), "late", 0.5, 3).unwrap());
    }

    #[test]
    fn what_cannot_be_split_says_why() {
        let told = |time: &str, at: &str, target: &str, zone: &str| {
            Split::columns_by_time(&rows(), time, at, target, zone)
                .unwrap_err()
                .to_string()
        };
        assert!(told("when", "2013-10-01", "late", "UTC").contains("there are: at, late"));
        assert!(told("at", "2013-10-01", "at", "UTC").contains("is timestamp"));
        assert!(told("late", "2013-10-01", "late", "UTC").contains("must be a timestamp"));
        assert!(told("at", "1 October", "late", "UTC").contains("is not an instant"));
        assert!(told("at", "2013-10-01", "late", "New York").contains("IANA"));
        assert!(told("at", "2030-01-01", "late", "UTC").contains("the test rows (0)"));
    }
}
