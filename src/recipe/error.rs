//! What can be wrong with a recipe or the columns it is given: all of it at once, each with what to do.

use std::fmt;
use thiserror::Error;

/// Every problem found, never only the first.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct RecipeError {
    problems: Vec<Problem>,
}

impl RecipeError {
    pub(super) fn one(problem: Problem) -> RecipeError {
        RecipeError {
            problems: vec![problem],
        }
    }

    /// `Err` of all problems, or `Ok` when there are none.
    pub(super) fn check(problems: Vec<Problem>) -> Result<(), RecipeError> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(RecipeError { problems })
        }
    }

    /// The problems, in the order of the recipe's steps.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for RecipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => write!(f, "the recipe cannot be used: {problem}"),
            problems => {
                write!(f, "the recipe cannot be used, {} problems:", problems.len())?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  {problem}"))
            }
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A column that the recipe reads and the data lacks.
    #[error("column {column}, used as {step}, is not there; there are: {present}")]
    Missing {
        /// The step that reads it.
        step: &'static str,
        /// The column.
        column: String,
        /// The columns that are there, as a list.
        present: String,
    },
    /// A column of a type the step cannot use.
    #[error("column {column} is {found}; a {step} needs {wanted}: {remedy}")]
    Type {
        /// The step that reads it.
        step: &'static str,
        /// The column.
        column: String,
        /// Its type.
        found: &'static str,
        /// The types that would do.
        wanted: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A column of another type than in training.
    #[error("column {column} is {found} but was {wanted} in training: convert it first")]
    Changed {
        /// The column.
        column: String,
        /// Its type now.
        found: &'static str,
        /// Its type in training.
        wanted: &'static str,
    },
    /// Training rows without a single value.
    #[error(
        "column {column} has no value in any of the {rows} training rows: leave it out of the recipe"
    )]
    Empty {
        /// The column.
        column: String,
        /// The training rows.
        rows: usize,
    },
    /// No training rows.
    #[error("there are no training rows: a recipe learns means and levels from at least one")]
    NoRows,
    /// No steps.
    #[error("it has no steps: add numeric, category or clock")]
    NoSteps,
    /// A category that should have no levels.
    #[error("category {column} asks for the 0 most frequent levels: ask for at least 1")]
    NoLevels {
        /// The column.
        column: String,
    },
    /// A step that appears twice.
    #[error("column {column} is used as {step} twice: once is enough")]
    Twice {
        /// The step.
        step: &'static str,
        /// The column.
        column: String,
    },
    /// A description of a column that no step reads.
    #[error("column {column} is described but no step uses it: check the spelling")]
    DescribedOnly {
        /// The column.
        column: String,
    },
    /// A time zone that is not known.
    #[error("{name} is not an IANA time zone: write a name such as UTC or America/New_York")]
    TimeZone {
        /// The name given.
        name: String,
    },
    /// A fitted recipe that contradicts itself, which only a file made by other means can.
    #[error("the fitted recipe contradicts itself: {what}; fit it again")]
    Inconsistent {
        /// What does not match.
        what: String,
    },
}
