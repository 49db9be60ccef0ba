//! From a chosen candidate to an artefact. These methods are written here and not in `model`: a model knows nothing of files.

use super::file::content;
use super::{Artefact, ArtefactError, Card, CardNotes, DataCard, ModelScores, Versions};
use crate::model::{Chosen, ModelError};
use chrono::{SecondsFormat, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Hexadecimal digits of a version.
const VERSION_DIGITS: usize = 12;

impl Chosen {
    /// The chosen model with its recipe and its card.
    ///
    /// # Errors
    /// When the name is empty or the threshold is no probability.
    pub fn artefact(&self, notes: CardNotes) -> Result<Artefact, ArtefactError> {
        if notes.name.trim().is_empty() {
            return Err(ArtefactError::Name);
        }
        if !(0.0..=1.0).contains(&notes.threshold) {
            return Err(ArtefactError::Threshold {
                found: notes.threshold,
            });
        }
        let compared = self.comparison();
        let (recipe, model) = (compared.recipe().clone(), self.candidate().fitted.clone());
        recipe.check()?;
        model.check()?;
        let summary = compared.summary();
        let scores = compared.candidates().iter().map(|candidate| ModelScores {
            name: candidate.name.clone(),
            settings: candidate.settings.clone(),
            scores: candidate.scores,
            fit_seconds: candidate.fit_seconds,
            predict_seconds: candidate.predict_seconds,
        });
        let example = compared.example().cloned().unwrap_or(Value::Null);
        let mut hash = Sha256::new();
        for part in content(&recipe, &model)? {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let version: String = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let card = Card {
            name: notes.name,
            version: version[..VERSION_DIGITS].to_owned(),
            created: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
            target: notes.target.unwrap_or_else(|| summary.target.clone()),
            threshold: notes.threshold,
            data: DataCard {
                source: notes.source,
                licence: notes.licence,
                target_column: summary.target.clone(),
                split: summary.rule.clone(),
                train_rows: summary.train_rows,
                train_positives: summary.train_positives,
                train_period: summary.train_period.clone(),
                test_rows: summary.test_rows,
                test_positives: summary.test_positives,
                test_period: summary.test_period.clone(),
                dropped_rows: summary.dropped,
                training_sha256: compared.training_hash().to_owned(),
                warnings: summary.warnings.clone(),
            },
            chosen: self.name().to_owned(),
            chosen_because: self.reason().to_owned(),
            scores: scores.collect(),
            limits: notes.limits,
            example,
            versions: Versions::current(),
        };
        if model.features().len() != recipe.width() {
            return Err(ModelError::Width {
                expected: model.features().len(),
                found: recipe.width(),
            }
            .into());
        }
        Ok(Artefact {
            recipe,
            model,
            card,
        })
    }

    /// Writes the artefact under the file's name as the model's name, with nothing on its card that the comparison does not
    /// know. [`Chosen::artefact`] takes notes on target, licence and limits.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<Artefact, ArtefactError> {
        let path = path.as_ref();
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let artefact = self.artefact(CardNotes::new(name))?;
        artefact.write(path)?;
        Ok(artefact)
    }
}
