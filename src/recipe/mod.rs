//! Recipes: which columns become which features, fitted once on training rows and replayed, the same bits, on one request.
//!
//! A [`Recipe`] is data: it says what to do with each column. Fitting it gives a [`FittedRecipe`], which also holds what
//! training saw (means, levels, ranges) and the [`Schema`](crate::record::Schema) a record must have. Its `apply` is the only
//! way from columns to [`Features`], for a frame of a year and for one JSON record alike, so the two cannot drift apart.
//! Nothing here knows a model, and nothing links polars.

mod apply;
mod describe;
mod error;
mod features;
mod fit;
mod steps;
#[cfg(test)]
mod tests;

pub use error::{Problem, RecipeError};
pub use features::Features;
pub use fit::{FittedRecipe, FittedStep, Level};
pub use steps::{DEFAULT_TOP, Recipe, Step};
