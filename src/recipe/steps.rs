//! [`Recipe`] and its steps: what is asked for, before any data was seen.

use super::{Problem, RecipeError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The levels of a category that get a feature of their own unless [`Recipe::category_top`] says otherwise.
pub const DEFAULT_TOP: usize = 20;

/// What to do with one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// A number (booleans count as 0 and 1), standardised by the training mean and standard deviation. A null becomes the
    /// training median; if training had nulls, a second feature says whether the value was missing.
    Numeric {
        /// The column.
        column: String,
    },
    /// One 0/1 feature for each of the most frequent values in training, one for the rest, one for null if training had nulls.
    Category {
        /// The column.
        column: String,
        /// How many values get a feature of their own.
        top: usize,
    },
    /// An instant, as clock and calendar show it in the recipe's time zone: sine and cosine of the time of day, and one 0/1
    /// feature for each weekday. Month and year are left out on purpose: a split by time never tests a month it trained on.
    Clock {
        /// The column.
        column: String,
    },
}

impl Step {
    /// The column the step reads.
    pub fn column(&self) -> &str {
        match self {
            Step::Numeric { column } | Step::Category { column, .. } | Step::Clock { column } => {
                column
            }
        }
    }

    /// What the step is called in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Step::Numeric { .. } => "numeric",
            Step::Category { .. } => "category",
            Step::Clock { .. } => "clock",
        }
    }
}

/// Which columns become features, and how. Order is kept: it is the order of the features.
///
/// ```
/// use carnet::recipe::Recipe;
///
/// let recipe = Recipe::new()
///     .numeric(["distance", "weight"])
///     .category(["depot", "product"])
///     .category_top("product", 30)?
///     .clock("sent")
///     .time_zone("America/New_York")
///     .describe("distance", "Distance by road, miles");
/// assert_eq!(recipe.steps().len(), 5);
/// # Ok::<(), carnet::recipe::RecipeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    steps: Vec<Step>,
    time_zone: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    descriptions: BTreeMap<String, String>,
}

impl Default for Recipe {
    fn default() -> Recipe {
        Recipe {
            steps: Vec::new(),
            time_zone: "UTC".into(),
            descriptions: BTreeMap::new(),
        }
    }
}

impl Recipe {
    /// No steps yet; the time zone is UTC.
    pub fn new() -> Recipe {
        Recipe::default()
    }

    /// Uses these columns as numbers. See [`Step::Numeric`].
    #[must_use]
    pub fn numeric<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Recipe {
        self.steps
            .extend(columns.into_iter().map(|column| Step::Numeric {
                column: column.into(),
            }));
        self
    }

    /// Uses these columns as categories of [`DEFAULT_TOP`] levels. See [`Step::Category`].
    #[must_use]
    pub fn category<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Recipe {
        let steps = columns.into_iter().map(|column| Step::Category {
            column: column.into(),
            top: DEFAULT_TOP,
        });
        self.steps.extend(steps);
        self
    }

    /// Sets how many levels of a category get a feature of their own; adds the category if it is not there yet.
    ///
    /// # Errors
    /// When `top` is zero: a category without levels has nothing to say.
    pub fn category_top(mut self, column: &str, top: usize) -> Result<Recipe, RecipeError> {
        if top == 0 {
            return Err(RecipeError::one(Problem::NoLevels {
                column: column.into(),
            }));
        }
        let declared = self.steps.iter_mut().find_map(|step| match step {
            Step::Category { column: own, top } if own == column => Some(top),
            _ => None,
        });
        match declared {
            Some(own) => *own = top,
            None => self.steps.push(Step::Category {
                column: column.into(),
                top,
            }),
        }
        Ok(self)
    }

    /// Reads this instant as time of day and weekday. See [`Step::Clock`].
    #[must_use]
    pub fn clock(mut self, column: impl Into<String>) -> Recipe {
        self.steps.push(Step::Clock {
            column: column.into(),
        });
        self
    }

    /// The time zone in which clocks are read, by its IANA name, such as `America/New_York`. Checked when the recipe is fitted.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Recipe {
        self.time_zone = name.into();
        self
    }

    /// Says what a column means, with its unit, for whoever has to send it to the service.
    #[must_use]
    pub fn describe(mut self, column: impl Into<String>, meaning: impl Into<String>) -> Recipe {
        self.descriptions.insert(column.into(), meaning.into());
        self
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The IANA name of the time zone in which clocks are read.
    pub fn zone(&self) -> &str {
        &self.time_zone
    }

    /// The columns the recipe reads, each once, in order of first use.
    pub fn columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = Vec::new();
        for step in &self.steps {
            if !columns.contains(&step.column()) {
                columns.push(step.column());
            }
        }
        columns
    }

    /// What a column means, if it was described.
    pub fn description(&self, column: &str) -> Option<&str> {
        self.descriptions.get(column).map(String::as_str)
    }

    /// What is wrong with the recipe whatever the data.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.steps.is_empty() {
            problems.push(Problem::NoSteps);
        }
        if self.time_zone.parse::<chrono_tz::Tz>().is_err() {
            problems.push(Problem::TimeZone {
                name: self.time_zone.clone(),
            });
        }
        for (index, step) in self.steps.iter().enumerate() {
            let same =
                |other: &Step| other.name() == step.name() && other.column() == step.column();
            if self.steps[..index].iter().any(same) {
                problems.push(Problem::Twice {
                    step: step.name(),
                    column: step.column().into(),
                });
            }
        }
        for column in self.descriptions.keys() {
            if !self.steps.iter().any(|step| step.column() == column) {
                problems.push(Problem::DescribedOnly {
                    column: column.clone(),
                });
            }
        }
        problems
    }
}
