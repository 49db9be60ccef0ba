//! [`Card`]: what somebody who did not train the model needs to know of it (after Mitchell and others, "Model Cards for Model
//! Reporting", 2019).

use crate::model::{Period, Scores};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is known of a model. Serialised as it stands wherever a card is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// What the model is called, such as `parcel-late`.
    pub name: String,
    /// Twelve hexadecimal digits that follow from schema, recipe and model: the same training gives the same version.
    pub version: String,
    /// When the artefact was made, RFC 3339 in UTC.
    pub created: String,
    /// What the probability is the probability of, in words.
    pub target: String,
    /// The probability from which on the label is given.
    pub threshold: f64,
    /// The data it was trained and tested on.
    pub data: DataCard,
    /// The name of the chosen candidate, one of `scores`.
    pub chosen: String,
    /// Why it was chosen.
    pub chosen_because: String,
    /// Every candidate's scores on the test rows, the baseline's too.
    pub scores: Vec<ModelScores>,
    /// For what it should not be used, and what it does not know.
    pub limits: Vec<String>,
    /// A record it can be asked about, from the test rows.
    pub example: Value,
    /// What it was made with.
    pub versions: Versions,
}

impl Card {
    /// The scores of the chosen candidate.
    pub fn scores_of_chosen(&self) -> Option<&ModelScores> {
        self.scores.iter().find(|scores| scores.name == self.chosen)
    }
}

/// The rows a model was trained and tested on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataCard {
    /// Where they come from.
    pub source: String,
    /// Under what licence.
    pub licence: String,
    /// The column that is predicted.
    pub target_column: String,
    /// How training and test rows were told apart.
    pub split: String,
    /// Training rows.
    pub train_rows: usize,
    /// Training rows in which the target is true.
    pub train_positives: usize,
    /// From the first training row to the last, if rows carry time.
    pub train_period: Option<Period>,
    /// Test rows.
    pub test_rows: usize,
    /// Test rows in which the target is true.
    pub test_positives: usize,
    /// From the first test row to the last, if rows carry time.
    pub test_period: Option<Period>,
    /// Rows left out because their target is not known.
    pub dropped_rows: usize,
    /// SHA-256 of the training rows: the recipe's columns and the target.
    pub training_sha256: String,
    /// What is doubtful about the split or the columns.
    pub warnings: Vec<String>,
}

/// One candidate's scores on the test rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelScores {
    /// The candidate.
    pub name: String,
    /// Its settings, in words.
    pub settings: String,
    /// Its scores.
    #[serde(flatten)]
    pub scores: Scores,
    /// Seconds to fit it.
    pub fit_seconds: f64,
    /// Seconds to predict all test rows.
    pub predict_seconds: f64,
}

/// What an artefact was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The version of this library.
    pub carnet: String,
    /// The version of smartcore, which fitted the model.
    pub smartcore: String,
    /// The version of the file format.
    pub format: u32,
}

impl Versions {
    /// The smartcore this library is pinned to.
    const SMARTCORE: &'static str = "0.7.0";

    /// Those of this build.
    pub fn current() -> Versions {
        Versions {
            carnet: env!("CARGO_PKG_VERSION").into(),
            smartcore: Self::SMARTCORE.into(),
            format: super::FORMAT,
        }
    }
}

/// What only a person can say about a model; the rest of its card follows from the comparison.
///
/// ```
/// use carnet::artefact::CardNotes;
///
/// let notes = CardNotes::new("parcel-late")
///     .target("the parcel arrives a day late or more")
///     .threshold(0.3)
///     .source("deliveries 2024, export of May")
///     .licence("CC-BY-4.0")
///     .limit("Trained on one country's parcels");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CardNotes {
    pub(super) name: String,
    pub(super) target: Option<String>,
    pub(super) threshold: f64,
    pub(super) source: String,
    pub(super) licence: String,
    pub(super) limits: Vec<String>,
}

impl CardNotes {
    /// Notes with nothing but a name; the threshold is 0.5.
    pub fn new(name: impl Into<String>) -> CardNotes {
        CardNotes {
            name: name.into(),
            target: None,
            threshold: 0.5,
            source: "not stated".into(),
            licence: "not stated".into(),
            limits: Vec::new(),
        }
    }

    /// What the probability is the probability of; the target's column if it is not said.
    #[must_use]
    pub fn target(mut self, meaning: impl Into<String>) -> CardNotes {
        self.target = Some(meaning.into());
        self
    }

    /// The probability from which on the label is given, from 0 to 1.
    #[must_use]
    pub fn threshold(mut self, probability: f64) -> CardNotes {
        self.threshold = probability;
        self
    }

    /// Where the data come from.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> CardNotes {
        self.source = source.into();
        self
    }

    /// The licence of the data.
    #[must_use]
    pub fn licence(mut self, licence: impl Into<String>) -> CardNotes {
        self.licence = licence.into();
        self
    }

    /// Adds something the model should not be used for, or does not know.
    #[must_use]
    pub fn limit(mut self, limit: impl Into<String>) -> CardNotes {
        self.limits.push(limit.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smartcore_named_on_cards_is_the_one_that_is_built_in() {
        let lock = include_str!("../../Cargo.lock");
        let entry = format!(
            "name = \"smartcore\"\nversion = \"{}\"",
            Versions::SMARTCORE
        );
        assert!(
            lock.contains(&entry),
            "Cargo.lock has another smartcore than {}",
            Versions::SMARTCORE
        );
    }
}
