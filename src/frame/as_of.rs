//! Joining two frames as of an instant: to each row of the left the last row of the right that has the same key and is not later.
//!
//! What is joined is what was there to be known. So the right instant must be the moment from which a row was known, which is
//! not always the one that it tells of: an hour's measurement is there when the hour ends.
//!
//! polars has such a join as well, but with it comes its streaming engine, which would make every cell of a notebook slower to
//! compile.

use chrono::TimeDelta;
use polars::prelude::{
    Column, DataFrame, DataType, IdxCa, IdxSize, NewChunkedArray, PolarsError, TimeUnit, TimeZone,
};
use std::collections::HashMap;
use std::fmt;
use thiserror::Error;

/// What is added to the name of a right column when the left frame has one of that name.
const SUFFIX: &str = "_right";

/// Why two frames cannot be joined as of an instant.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AsOfError {
    /// No such column.
    #[error("the {side} frame has no column {name}; it has: {existing}")]
    NoColumn {
        /// The frame.
        side: Side,
        /// The column asked for.
        name: String,
        /// Those it has.
        existing: String,
    },
    /// An instant that is none, or not in UTC.
    #[error(
        "column {name} of the {side} frame is {found}: an instant in UTC is needed; load it as DateTime<Utc>, or cast it to datetime[μs, UTC]"
    )]
    NotUtc {
        /// The frame.
        side: Side,
        /// The column.
        name: String,
        /// Its type.
        found: String,
    },
    /// A key by which rows cannot be found.
    #[error(
        "column {name} of the left frame is {found}: a key is text or a whole number; cast both to one of these"
    )]
    Key {
        /// The column.
        name: String,
        /// Its type.
        found: String,
    },
    /// Two columns that are compared and are not of one type.
    #[error(
        "{left} of the left frame is {left_type} and {right} of the right frame {right_type}: cast one to the other's type"
    )]
    Differ {
        /// The left column.
        left: String,
        /// Its type.
        left_type: String,
        /// The right column.
        right: String,
        /// Its type.
        right_type: String,
    },
    /// An age that no row can have, or that cannot be counted.
    #[error(
        "rows of at most {age} are asked for: give an age of 0 or more, and less than 292,000 years"
    )]
    Age {
        /// The age asked for.
        age: TimeDelta,
    },
    /// Anything else that polars says, such as two columns of one name in the result.
    #[error(transparent)]
    Polars(#[from] PolarsError),
}

/// One of the two frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The frame whose rows are kept.
    Left,
    /// The frame that is looked into.
    Right,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Left => "left",
            Side::Right => "right",
        })
    }
}

/// A link between two frames in time: which key refers to which, and as of which instant.
///
/// ```
/// use carnet::frame::AsOf;
/// use polars::prelude::*;
///
/// let instant = |minutes: Vec<i64>| {
///     let micros: Vec<i64> = minutes.iter().map(|minute| minute * 60_000_000).collect();
///     let kind = DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC));
///     Column::new("at".into(), micros).cast(&kind)
/// };
/// let asked = df!("station" => ["JFK", "JFK", "LGA"])?.hstack(&[instant(vec![30, 5, 60])?])?;
/// let measured = df!("station" => ["JFK", "JFK"], "wind" => [7.0, 9.0])?.hstack(&[instant(vec![10, 30])?])?;
/// let joined = AsOf::new(["station", "at"], ["station", "at"]).join(&asked, &measured)?;
/// assert_eq!(joined.column("wind")?, &Column::new("wind".into(), [Some(9.0), None, None]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsOf {
    /// The key of the left frame.
    pub left_key: String,
    /// The instant of the left frame as of which rows are looked for.
    pub left_instant: String,
    /// The key of the right frame.
    pub right_key: String,
    /// The instant of the right frame from which a row was known.
    pub right_instant: String,
    /// How much earlier than the left instant a row may have been known at most.
    pub age: Option<TimeDelta>,
}

impl AsOf {
    /// From the key and the instant of each frame, by their columns' names.
    pub fn new(left: [&str; 2], right: [&str; 2]) -> AsOf {
        AsOf {
            left_key: left[0].to_owned(),
            left_instant: left[1].to_owned(),
            right_key: right[0].to_owned(),
            right_instant: right[1].to_owned(),
            age: None,
        }
    }

    /// Rows that are older than this are as good as none; one of just this age still counts.
    #[must_use]
    pub fn within(mut self, age: TimeDelta) -> AsOf {
        self.age = Some(age);
        self
    }

    /// The left frame, all of its rows in their order, with the columns of the right frame beside it: of the last right row
    /// with the same key and an instant that is not after the left one, or nulls where there is none.
    ///
    /// Neither frame need be sorted. Of right rows with one key and one instant the last in the frame counts. A null key or a null
    /// instant is equal to nothing and not earlier than anything. The right key is left out, the right instant stays and tells how
    /// old a row is; a right column whose name the left frame has gets `_right` after it.
    ///
    /// # Errors
    /// When a column is missing, the instants are not both of one type in UTC, the keys are not both text or whole numbers of one
    /// type, or the age is negative.
    pub fn join(&self, left: &DataFrame, right: &DataFrame) -> Result<DataFrame, AsOfError> {
        let found = self.rows(left, right)?;
        let mut columns: Vec<Column> = Vec::new();
        for column in right.columns() {
            if column.name().as_str() == self.right_key {
                continue;
            }
            let mut taken = column.take(&found)?;
            if left.get_column_index(column.name()).is_some() {
                taken.rename(format!("{}{SUFFIX}", column.name()).into());
            }
            columns.push(taken);
        }
        Ok(left.hstack(&columns)?)
    }

    /// The right row of each left row.
    fn rows(&self, left: &DataFrame, right: &DataFrame) -> Result<IdxCa, AsOfError> {
        let left_key = column(left, Side::Left, &self.left_key)?;
        let right_key = column(right, Side::Right, &self.right_key)?;
        let left_at = instant(left, Side::Left, &self.left_instant)?;
        let right_at = instant(right, Side::Right, &self.right_instant)?;
        if !matches!(left_key.dtype(), DataType::String) && !is_whole(left_key.dtype()) {
            return Err(AsOfError::Key {
                name: self.left_key.clone(),
                found: left_key.dtype().to_string(),
            });
        }
        same_type(left_key, right_key)?;
        same_type(left_at, right_at)?;
        let age = self.age.map(|age| units(age, left_at.dtype()));
        let age = age.transpose()?;
        let (keys, instants) = (as_text(right_key)?, right_at.to_physical_repr());
        let mut known: HashMap<&str, Vec<(i64, IdxSize)>> = HashMap::new();
        let rows = keys.str()?.iter().zip(instants.i64()?.iter());
        for (row, (key, at)) in (0..).zip(rows) {
            if let (Some(key), Some(at)) = (key, at) {
                known.entry(key).or_default().push((at, row));
            }
        }
        // Of one instant the rows stay in the order of the frame.
        for rows in known.values_mut() {
            rows.sort_by_key(|(at, _)| *at);
        }
        let last = |key: &str, at: i64| {
            let rows = known.get(key)?;
            let (then, row) = *rows.get(
                rows.partition_point(|(then, _)| *then <= at)
                    .checked_sub(1)?,
            )?;
            // Instants that are further apart than numbers go are too old for any age.
            let is_young = |age| at.checked_sub(then).is_some_and(|since| since <= age);
            age.is_none_or(is_young).then_some(row)
        };
        let (keys, instants) = (as_text(left_key)?, left_at.to_physical_repr());
        let asked = keys.str()?.iter().zip(instants.i64()?.iter());
        let rows: Vec<Option<IdxSize>> = asked.map(|(key, at)| last(key?, at?)).collect();
        Ok(IdxCa::from_slice_options("".into(), &rows))
    }
}

/// The key as text, in which whole numbers are as different as they were.
fn as_text(key: &Column) -> Result<Column, AsOfError> {
    Ok(key.cast(&DataType::String)?)
}

fn column<'f>(frame: &'f DataFrame, side: Side, name: &str) -> Result<&'f Column, AsOfError> {
    frame.column(name).map_err(|_| AsOfError::NoColumn {
        side,
        name: name.to_owned(),
        existing: names(frame).join(", "),
    })
}

fn names(frame: &DataFrame) -> Vec<&str> {
    let columns = frame.columns().iter();
    columns.map(|column| column.name().as_str()).collect()
}

fn instant<'f>(frame: &'f DataFrame, side: Side, name: &str) -> Result<&'f Column, AsOfError> {
    let column = column(frame, side, name)?;
    match column.dtype() {
        DataType::Datetime(_, Some(zone)) if *zone == TimeZone::UTC => Ok(column),
        other => Err(AsOfError::NotUtc {
            side,
            name: name.to_owned(),
            found: other.to_string(),
        }),
    }
}

fn is_whole(kind: &DataType) -> bool {
    kind.is_integer() && !matches!(kind, DataType::Int128 | DataType::UInt128)
}

fn same_type(left: &Column, right: &Column) -> Result<(), AsOfError> {
    if left.dtype() == right.dtype() {
        return Ok(());
    }
    Err(AsOfError::Differ {
        left: left.name().to_string(),
        left_type: left.dtype().to_string(),
        right: right.name().to_string(),
        right_type: right.dtype().to_string(),
    })
}

/// The age in the units of the instants, rounded down, so that no row is older than was allowed.
fn units(age: TimeDelta, kind: &DataType) -> Result<i64, AsOfError> {
    let units = match kind {
        DataType::Datetime(TimeUnit::Nanoseconds, _) => age.num_nanoseconds(),
        DataType::Datetime(TimeUnit::Milliseconds, _) => Some(age.num_milliseconds()),
        _ => age.num_microseconds(),
    };
    units
        .filter(|_| age >= TimeDelta::zero())
        .ok_or(AsOfError::Age { age })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use polars::prelude::{NamedFrom, Series, df};
    use proptest::prelude::*;

    type Row = (Option<i64>, Option<i64>);

    fn utc(unit: TimeUnit) -> DataType {
        DataType::Datetime(unit, Some(TimeZone::UTC))
    }

    /// A frame of a key, an instant in microseconds and the row's number.
    fn frame(rows: &[Row]) -> DataFrame {
        let keys: Vec<_> = rows
            .iter()
            .map(|(key, _)| key.map(|key| format!("k{key}")))
            .collect();
        let at: Vec<_> = rows.iter().map(|(_, at)| *at).collect();
        let at = Series::new("at".into(), at)
            .cast(&utc(TimeUnit::Microseconds))
            .unwrap();
        let number: Vec<i64> = (0..).take(rows.len()).collect();
        df!("key" => keys, "at" => at, "number" => number).unwrap()
    }

    fn as_of() -> AsOf {
        AsOf::new(["key", "at"], ["key", "at"])
    }

    fn found(joined: &DataFrame) -> Vec<Option<i64>> {
        joined
            .column("number_right")
            .unwrap()
            .i64()
            .unwrap()
            .iter()
            .collect()
    }

    /// What a loop finds: of the rows with the key, not after the instant and not too old, the latest, and of those the last.
    fn looked_for(left: &[Row], right: &[Row], age: Option<i64>) -> Vec<Option<i64>> {
        left.iter()
            .map(|(key, at)| {
                let (key, at) = ((*key)?, (*at)?);
                let mut best: Option<(i64, i64)> = None;
                for (number, (other, known)) in (0..).zip(right) {
                    let Some(known) = known.filter(|known| *known <= at) else {
                        continue;
                    };
                    let young = age.is_none_or(|age| at - known <= age);
                    if *other == Some(key)
                        && young
                        && best.is_none_or(|(latest, _)| known >= latest)
                    {
                        best = Some((known, number));
                    }
                }
                best.map(|(_, number)| number)
            })
            .collect()
    }

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let key = proptest::option::weighted(0.9, 0_i64..4);
        let at = proptest::option::weighted(0.9, -20_i64..20);
        proptest::collection::vec((key, at), 0..40)
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_loop_finds(left in rows(), right in rows(), age in proptest::option::of(0_i64..15)) {
            let mut as_of = as_of();
            as_of.age = age.map(TimeDelta::microseconds);
            let joined = as_of.join(&frame(&left), &frame(&right)).unwrap();
            prop_assert_eq!(joined.height(), left.len());
            let numbers: Vec<_> = joined.column("number").unwrap().i64().unwrap().iter().collect();
            prop_assert_eq!(numbers, (0..).take(left.len()).map(Some).collect::<Vec<Option<i64>>>());
            prop_assert_eq!(found(&joined), looked_for(&left, &right, age));
        }
    }

    #[test]
    fn no_row_is_later_than_asked_and_of_one_instant_the_last_in_the_frame_counts() {
        let left = frame(&[
            (Some(1), Some(10)),
            (Some(1), Some(9)),
            (None, Some(10)),
            (Some(1), None),
            (Some(2), Some(99)),
        ]);
        let right = frame(&[
            (Some(1), Some(11)),
            (Some(1), Some(10)),
            (Some(1), Some(10)),
            (None, Some(1)),
            (Some(1), None),
        ]);
        let joined = as_of().join(&left, &right).unwrap();
        assert_eq!(found(&joined), [Some(2), None, None, None, None]);
        assert_eq!(
            names(&joined),
            ["key", "at", "number", "at_right", "number_right"]
        );
        assert_eq!(
            joined.column("at_right").unwrap().dtype(),
            &utc(TimeUnit::Microseconds)
        );
    }

    #[test]
    fn a_row_of_just_the_allowed_age_counts_and_an_older_one_does_not() {
        let (left, right) = (
            frame(&[(Some(1), Some(10)), (Some(1), Some(11))]),
            frame(&[(Some(1), Some(7))]),
        );
        let within = |micros| {
            as_of()
                .within(TimeDelta::microseconds(micros))
                .join(&left, &right)
        };
        assert_eq!(found(&within(3).unwrap()), [Some(0), None]);
        assert!(matches!(within(-1), Err(AsOfError::Age { .. })));
    }

    #[test]
    fn keys_and_instants_of_another_type_are_refused() {
        let whole = frame(&[(Some(1), Some(1))]);
        let with = |name: &str, kind: DataType| {
            let mut frame = whole.clone();
            let cast = frame.column(name).unwrap().cast(&kind).unwrap();
            frame.with_column(cast).unwrap();
            frame
        };
        let plain = with("at", DataType::Datetime(TimeUnit::Microseconds, None));
        let local = with(
            "at",
            DataType::Datetime(
                TimeUnit::Microseconds,
                TimeZone::opt_try_new(Some("America/New_York")).unwrap(),
            ),
        );
        let error = |left: &DataFrame, right: &DataFrame| {
            as_of().join(left, right).unwrap_err().to_string()
        };
        assert!(
            error(&plain, &whole)
                .contains("at of the left frame is datetime[μs]: an instant in UTC")
        );
        assert!(
            error(&whole, &local).contains("of the right frame is datetime[μs, America/New_York]")
        );
        let millis = with("at", utc(TimeUnit::Milliseconds));
        assert!(error(&whole, &millis).contains("cast one to the other's type"));
        let number = with("key", DataType::Float64);
        assert!(error(&number, &number).contains("a key is text or a whole number"));
        let missing = AsOf::new(["kee", "at"], ["key", "at"])
            .join(&whole, &whole)
            .unwrap_err()
            .to_string();
        assert!(
            missing.contains("no column kee; it has: key, at, number"),
            "{missing}"
        );
    }

    #[test]
    fn keys_may_be_whole_numbers_and_frames_empty() {
        let numbered = |rows: &[Row]| {
            let mut numbered = frame(rows);
            let keys: Vec<_> = rows.iter().map(|(key, _)| *key).collect();
            numbered
                .with_column(Column::new("key".into(), keys))
                .unwrap();
            numbered
        };
        let some = numbered(&[(Some(-1), Some(5)), (Some(7), Some(5)), (None, Some(6))]);
        assert_eq!(
            found(&as_of().join(&some, &some).unwrap()),
            [Some(0), Some(1), None]
        );
        let none = numbered(&[]);
        assert_eq!(found(&as_of().join(&some, &none).unwrap()), [None; 3]);
        assert_eq!(as_of().join(&none, &some).unwrap().height(), 0);
    }
}
