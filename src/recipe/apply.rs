//! Applying: from cells to features. One function a step does it, for frames and for requests alike: parity by construction.

use super::fit::kind_of;
use super::{Features, FittedRecipe, FittedStep, Problem, RecipeError};
use crate::record::{Column, Columns, Kind};
use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use std::borrow::Cow;
use std::collections::HashMap;
use std::f64::consts::TAU;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const SECONDS_A_DAY: f64 = 86_400.0;
/// Standard deviations beyond which a number says no more; keeps every feature finite whatever a request holds.
const FAR: f64 = 1e9;

impl FittedRecipe {
    /// The features of these rows. Columns that the recipe does not use are ignored.
    ///
    /// A null in a column that had none in training is treated as any other null: the median, no level, no time of day. A record
    /// read through the schema cannot have one.
    ///
    /// # Errors
    /// Every column that is missing or of another type than in training.
    pub fn apply(&self, columns: &Columns) -> Result<Features, RecipeError> {
        let mut problems = Vec::new();
        let mut used = Vec::with_capacity(self.steps().len());
        for (asked, step) in self.recipe().steps().iter().zip(self.steps()) {
            match (
                columns.get(step.column()),
                self.schema().field(step.column()),
            ) {
                (Some(column), Some(field)) if widened(&field.kind) == kind_of(column) => {
                    used.push((step, column))
                }
                (Some(column), field) => problems.push(Problem::Changed {
                    column: step.column().into(),
                    found: column.type_name(),
                    wanted: field
                        .and_then(|field| Column::with_capacity(&field.kind, 0))
                        .map_or("nothing", |column| column.type_name()),
                }),
                (None, _) => problems.push(Problem::Missing {
                    step: asked.name(),
                    column: step.column().into(),
                    present: columns.names().collect::<Vec<_>>().join(", "),
                }),
            }
        }
        let zone = self.recipe().zone().parse::<Tz>();
        if zone.is_err() {
            problems.push(Problem::TimeZone {
                name: self.recipe().zone().into(),
            });
        }
        RecipeError::check(problems)?;
        let zone = zone.unwrap_or(Tz::UTC);

        let (names, sources) = self.feature_names();
        let width = names.len();
        let mut values = vec![0.0; width * columns.rows()];
        let mut offset = 0;
        for (step, column) in used {
            let wide = width_of(step);
            let set = setter(step, column, zone);
            for (row, features) in values.chunks_exact_mut(width).enumerate() {
                set(row, &mut features[offset..offset + wide]);
            }
            offset += wide;
        }
        Features::new(names, sources, values).ok_or_else(|| {
            RecipeError::one(Problem::Inconsistent {
                what: "no features come out of it".into(),
            })
        })
    }

    /// The number of features that [`FittedRecipe::apply`] gives.
    pub fn width(&self) -> usize {
        self.steps().iter().map(width_of).sum()
    }

    /// The names of the features and, for each, the column it comes from.
    pub fn feature_names(&self) -> (Vec<String>, Vec<String>) {
        let mut names = Vec::new();
        let mut sources = Vec::new();
        for step in self.steps() {
            let column = step.column();
            match step {
                FittedStep::Numeric { .. } => names.push(column.to_owned()),
                FittedStep::Category { levels, others, .. } => {
                    names.extend(
                        levels
                            .iter()
                            .map(|level| format!("{column}={}", level.value)),
                    );
                    if *others > 0 {
                        names.push(format!("{column} other"));
                    }
                }
                FittedStep::Clock { .. } => {
                    names.push(format!("{column} hour sin"));
                    names.push(format!("{column} hour cos"));
                    names.extend(WEEKDAYS.iter().map(|day| format!("{column} weekday {day}")));
                }
            }
            if step.nulls() > 0 {
                names.push(format!("{column} missing"));
            }
            sources.resize(names.len(), column.to_owned());
        }
        (names, sources)
    }
}

/// The features that a step makes.
fn width_of(step: &FittedStep) -> usize {
    let own = match step {
        FittedStep::Numeric { .. } => 1,
        FittedStep::Category { levels, others, .. } => levels.len() + usize::from(*others > 0),
        FittedStep::Clock { .. } => 2 + WEEKDAYS.len(),
    };
    own + usize::from(step.nulls() > 0)
}

/// Sets a step's features, all zero before, for one row.
type Setter<'a> = Box<dyn Fn(usize, &mut [f64]) + 'a>;

fn setter<'a>(step: &'a FittedStep, column: &'a Column, zone: Tz) -> Setter<'a> {
    match step {
        FittedStep::Numeric {
            mean,
            sd,
            median,
            nulls,
            ..
        } => {
            // A constant column would divide by zero; it says nothing, so its feature is zero.
            let scale = if *sd > 0.0 { *sd } else { 1.0 };
            Box::new(move |row, out| {
                let value = number_of(column, row);
                out[0] = ((value.unwrap_or(*median) - mean) / scale).clamp(-FAR, FAR);
                if *nulls > 0 && value.is_none() {
                    out[1] = 1.0;
                }
            })
        }
        FittedStep::Category {
            levels,
            others,
            nulls,
            ..
        } => {
            let places: HashMap<&str, usize> = levels
                .iter()
                .enumerate()
                .map(|(place, level)| (level.value.as_str(), place))
                .collect();
            Box::new(move |row, out| match level_of(column, row) {
                None if *nulls > 0 => out[out.len() - 1] = 1.0,
                None if *others > 0 => out[levels.len()] = 1.0,
                None => {}
                Some(value) => match places.get(value.as_ref()) {
                    Some(&place) => out[place] = 1.0,
                    None if *others > 0 => out[levels.len()] = 1.0,
                    None => {}
                },
            })
        }
        FittedStep::Clock { nulls, .. } => Box::new(move |row, out| {
            match instant_of(column, row).and_then(DateTime::from_timestamp_micros) {
                Some(instant) => {
                    let local = instant.with_timezone(&zone);
                    let angle = TAU * f64::from(local.num_seconds_from_midnight()) / SECONDS_A_DAY;
                    (out[0], out[1]) = angle.sin_cos();
                    out[2 + local.weekday().num_days_from_monday() as usize] = 1.0;
                }
                None if *nulls > 0 => out[2 + WEEKDAYS.len()] = 1.0,
                None => {}
            }
        }),
    }
}

/// The kind under which a column of this kind is held.
fn widened(kind: &Kind) -> Kind {
    match kind {
        Kind::Int32 => Kind::Int64,
        Kind::Float32 => Kind::Float64,
        other => other.clone(),
    }
}

/// The cell as a number. What is not a number (NaN, infinity) is a null: no request can hold it either.
pub(super) fn number_of(column: &Column, row: usize) -> Option<f64> {
    match column {
        Column::Bool(values) => values[row].map(|value| f64::from(u8::from(value))),
        Column::Int(values) => values[row].map(|value| value as f64),
        Column::Float(values) => values[row].filter(|value| value.is_finite()),
        Column::Text(_) | Column::Timestamp(_) => None,
    }
}

/// The cell as the name of a level.
pub(super) fn level_of(column: &Column, row: usize) -> Option<Cow<'_, str>> {
    match column {
        Column::Text(values) => values[row].as_deref().map(Cow::Borrowed),
        Column::Int(values) => values[row].map(|value| Cow::Owned(value.to_string())),
        Column::Bool(values) => {
            values[row].map(|value| Cow::Borrowed(if value { "true" } else { "false" }))
        }
        Column::Float(_) | Column::Timestamp(_) => None,
    }
}

/// The cell as an instant, microseconds since 1970; one outside the calendar's range is a null.
pub(super) fn instant_of(column: &Column, row: usize) -> Option<i64> {
    match column {
        Column::Timestamp(values) => {
            values[row].filter(|micros| DateTime::from_timestamp_micros(*micros).is_some())
        }
        _ => None,
    }
}
