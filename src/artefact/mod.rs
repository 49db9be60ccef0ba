//! Artefacts: one file that holds schema, fitted recipe, model and card, so that whoever has the file can serve the model and
//! knows what it is.
//!
//! A notebook makes one from a comparison ([`Chosen::artefact`](crate::model::Chosen::artefact)); a service reads it and needs
//! no code of the notebook's. Nothing here knows polars or HTTP.

mod card;
mod error;
mod file;
mod make;
#[cfg(test)]
mod tests;

pub use card::{Card, CardNotes, DataCard, ModelScores, Versions};
pub use error::{ArtefactError, FormatError};
pub use file::FORMAT;

use crate::model::Fitted;
use crate::recipe::FittedRecipe;
use crate::record::{Columns, Schema};

/// A model that can be served: what it asks, how the answer is made, and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Artefact {
    recipe: FittedRecipe,
    model: Fitted,
    card: Card,
}

impl Artefact {
    /// What is known of the model.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The fields a record must have.
    pub fn schema(&self) -> &Schema {
        self.recipe.schema()
    }

    /// The fitted recipe: how records become features, and what training saw of each field.
    pub fn recipe(&self) -> &FittedRecipe {
        &self.recipe
    }

    /// The fitted model.
    pub fn model(&self) -> &Fitted {
        &self.model
    }

    /// The probability of the target for each row, from 0 to 1.
    ///
    /// # Errors
    /// When a column of the schema is missing or of another type.
    pub fn predict(&self, columns: &Columns) -> Result<Vec<f64>, ArtefactError> {
        let features = self.recipe.apply(columns)?;
        Ok(self.model.predict(&features)?)
    }

    /// Whether a probability gets the target's label: whether it reaches the card's threshold.
    pub fn label(&self, probability: f64) -> bool {
        probability >= self.card.threshold
    }
}
