//! Fitting: what a recipe learns from training rows, and nothing else is ever learnt from.

use super::apply::{instant_of, level_of, number_of};
use super::{Problem, Recipe, RecipeError, Step};
use crate::record::{Column, Columns, Field, Kind, Place, Schema};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// One value of a category and how many training rows had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The value.
    pub value: String,
    /// The training rows that had it.
    pub rows: usize,
}

/// A step and what training rows taught it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "step")]
pub enum FittedStep {
    /// See [`Step::Numeric`].
    Numeric {
        /// The column.
        column: String,
        /// Mean of the values that were there.
        mean: f64,
        /// Their standard deviation (over n, not n − 1).
        sd: f64,
        /// Their median, which stands in for a null.
        median: f64,
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
        /// Training rows without a value. Above zero, a feature says whether the value is missing.
        nulls: usize,
    },
    /// See [`Step::Category`].
    Category {
        /// The column.
        column: String,
        /// The levels with a feature of their own, most frequent first; equal counts in alphabetical order.
        levels: Vec<Level>,
        /// Training rows of all other values. Above zero, they share a feature, and so does a value never seen; at zero, a
        /// value never seen sets no feature: training could not have learnt what it means.
        others: usize,
        /// Training rows without a value. Above zero, null has a feature of its own; at zero it counts as never seen.
        nulls: usize,
    },
    /// See [`Step::Clock`].
    Clock {
        /// The column.
        column: String,
        /// The first instant, microseconds since 1970-01-01T00:00:00Z.
        first: i64,
        /// The last instant, likewise.
        last: i64,
        /// Training rows without a value. Above zero, a feature says whether the instant is missing. A null sets nothing else.
        nulls: usize,
    },
}

impl FittedStep {
    /// The column the step reads.
    pub fn column(&self) -> &str {
        match self {
            FittedStep::Numeric { column, .. }
            | FittedStep::Category { column, .. }
            | FittedStep::Clock { column, .. } => column,
        }
    }

    /// Training rows without a value.
    pub fn nulls(&self) -> usize {
        match self {
            FittedStep::Numeric { nulls, .. }
            | FittedStep::Category { nulls, .. }
            | FittedStep::Clock { nulls, .. } => *nulls,
        }
    }
}

/// A recipe and what training rows taught it: everything that is needed to turn a record into features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedRecipe {
    recipe: Recipe,
    schema: Schema,
    rows: usize,
    steps: Vec<FittedStep>,
}

impl Recipe {
    /// Learns means, medians, levels and ranges from training rows, and which fields a record must have.
    ///
    /// # Errors
    /// Everything that is wrong with the recipe or the columns, at once.
    pub fn fit(&self, training: &Columns) -> Result<FittedRecipe, RecipeError> {
        let mut problems = self.problems();
        if training.rows() == 0 {
            problems.push(Problem::NoRows);
        }
        let mut steps = Vec::new();
        for step in &self.steps().to_vec() {
            match column_for(step, training) {
                Err(problem) => problems.push(problem),
                Ok(column) if training.rows() > 0 => match fit_step(step, column) {
                    Some(fitted) => steps.push(fitted),
                    None => problems.push(Problem::Empty {
                        column: step.column().into(),
                        rows: training.rows(),
                    }),
                },
                Ok(_) => {}
            }
        }
        RecipeError::check(problems)?;
        let fields = self
            .columns()
            .into_iter()
            .filter_map(|name| {
                let column = training.get(name)?;
                let nulls = steps
                    .iter()
                    .filter(|step| step.column() == name)
                    .map(FittedStep::nulls)
                    .max();
                Some(Field {
                    name: name.into(),
                    kind: kind_of(column),
                    nullable: nulls.unwrap_or(0) > 0,
                    key: false,
                    path: name.into(),
                    description: self.description(name).map(str::to_owned),
                })
            })
            .collect();
        Ok(FittedRecipe {
            recipe: self.clone(),
            schema: Schema {
                place: Place::Inline,
                fields,
            },
            rows: training.rows(),
            steps,
        })
    }
}

impl FittedRecipe {
    /// The recipe it was fitted from.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The fields a record must have. A field may be null only if training rows had nulls in it.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The number of training rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The steps with what they learnt, in order: ranges and levels for documentation.
    pub fn steps(&self) -> &[FittedStep] {
        &self.steps
    }

    /// Checks that the parts agree. A recipe that was fitted always does; one read from a file may not.
    ///
    /// # Errors
    /// Everything that does not agree.
    pub fn check(&self) -> Result<(), RecipeError> {
        let mut problems = self.recipe.problems();
        let mut wrong = |what: String| problems.push(Problem::Inconsistent { what });
        if self.steps.len() != self.recipe.steps().len() {
            wrong(format!(
                "{} steps, {} of them fitted",
                self.recipe.steps().len(),
                self.steps.len()
            ));
        }
        for (asked, fitted) in self.recipe.steps().iter().zip(&self.steps) {
            let agrees = match (asked, fitted) {
                (
                    Step::Numeric { .. },
                    FittedStep::Numeric {
                        mean, sd, median, ..
                    },
                ) => mean.is_finite() && sd.is_finite() && *sd >= 0.0 && median.is_finite(),
                (Step::Category { top, .. }, FittedStep::Category { levels, .. }) => {
                    levels.len() <= *top
                }
                (Step::Clock { .. }, FittedStep::Clock { .. }) => true,
                _ => false,
            };
            if !agrees || asked.column() != fitted.column() {
                wrong(format!(
                    "step {} of {} was fitted as something else",
                    asked.name(),
                    asked.column()
                ));
            }
            match self.schema.field(fitted.column()) {
                None => wrong(format!("column {} is not in the schema", fitted.column())),
                Some(field) if !wanted(asked).contains(&field.kind) => {
                    wrong(format!(
                        "column {} is {} in the schema, used as {}",
                        field.name,
                        field.kind,
                        asked.name()
                    ));
                }
                Some(_) => {}
            }
        }
        for (index, field) in self.schema.fields.iter().enumerate() {
            if self.schema.fields[..index]
                .iter()
                .any(|other| other.name == field.name)
            {
                wrong(format!("field {} appears twice in the schema", field.name));
            }
            if !self.steps.iter().any(|step| step.column() == field.name) {
                wrong(format!(
                    "field {} is in the schema but no step uses it",
                    field.name
                ));
            }
        }
        RecipeError::check(problems)
    }
}

/// The kinds a step can use.
fn wanted(step: &Step) -> &'static [Kind] {
    match step {
        Step::Numeric { .. } => &[
            Kind::Bool,
            Kind::Int32,
            Kind::Int64,
            Kind::Float32,
            Kind::Float64,
        ],
        Step::Category { .. } => &[Kind::Text, Kind::Bool, Kind::Int32, Kind::Int64],
        Step::Clock { .. } => &[Kind::Timestamp],
    }
}

pub(super) fn kind_of(column: &Column) -> Kind {
    match column {
        Column::Bool(_) => Kind::Bool,
        Column::Int(_) => Kind::Int64,
        Column::Float(_) => Kind::Float64,
        Column::Text(_) => Kind::Text,
        Column::Timestamp(_) => Kind::Timestamp,
    }
}

fn column_for<'a>(step: &Step, columns: &'a Columns) -> Result<&'a Column, Problem> {
    let Some(column) = columns.get(step.column()) else {
        return Err(Problem::Missing {
            step: step.name(),
            column: step.column().into(),
            present: columns.names().collect::<Vec<_>>().join(", "),
        });
    };
    if wanted(step).contains(&kind_of(column)) {
        return Ok(column);
    }
    let (wanted, remedy) = match step {
        Step::Numeric { .. } => (
            "a number or boolean",
            "use it as a category or a clock, or convert it",
        ),
        Step::Category { .. } => (
            "text, whole numbers or booleans",
            "use it as numeric or a clock, or convert it to text",
        ),
        Step::Clock { .. } => ("a timestamp", "parse it into one first"),
    };
    Err(Problem::Type {
        step: step.name(),
        column: step.column().into(),
        found: column.type_name(),
        wanted,
        remedy,
    })
}

/// `None` when the column holds no value at all.
fn fit_step(step: &Step, column: &Column) -> Option<FittedStep> {
    match step {
        Step::Numeric { column: name } => fit_numeric(name, column),
        Step::Category { column: name, top } => fit_category(name, *top, column),
        Step::Clock { column: name } => {
            let known: Vec<i64> = (0..column.len())
                .filter_map(|row| instant_of(column, row))
                .collect();
            Some(FittedStep::Clock {
                column: name.clone(),
                first: *known.iter().min()?,
                last: *known.iter().max()?,
                nulls: column.len() - known.len(),
            })
        }
    }
}

fn fit_numeric(name: &str, column: &Column) -> Option<FittedStep> {
    let mut known: Vec<f64> = (0..column.len())
        .filter_map(|row| number_of(column, row))
        .collect();
    if known.is_empty() {
        return None;
    }
    let count = known.len() as f64;
    let mean = known.iter().sum::<f64>() / count;
    let sd = (known
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / count)
        .sqrt();
    known.sort_unstable_by(f64::total_cmp);
    let median = f64::midpoint(known[(known.len() - 1) / 2], known[known.len() / 2]);
    Some(FittedStep::Numeric {
        column: name.into(),
        mean,
        sd,
        median,
        min: known[0],
        max: known[known.len() - 1],
        nulls: column.len() - known.len(),
    })
}

fn fit_category(name: &str, top: usize, column: &Column) -> Option<FittedStep> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut nulls = 0;
    for row in 0..column.len() {
        match level_of(column, row) {
            None => nulls += 1,
            Some(value) => match counts.get_mut(value.as_ref()) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(value.into_owned(), 1);
                }
            },
        }
    }
    if counts.is_empty() {
        return None;
    }
    let mut levels: Vec<Level> = counts
        .into_iter()
        .map(|(value, rows)| Level { value, rows })
        .collect();
    levels.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.cmp(&b.value)));
    let others = levels.iter().skip(top).map(|level| level.rows).sum();
    levels.truncate(top);
    Some(FittedStep::Category {
        column: name.into(),
        levels,
        others,
        nulls,
    })
}
