//! [`compare`]: several estimators on one split, one recipe, one table of scores, and a choice with its reason.

use super::fingerprint::fingerprint;
use super::{
    CalibrationBin, Estimator, Fitted, ModelError, Prior, RocPoint, Scores, Split, SplitSummary,
    ThresholdRow, calibration, importance, roc_auc, roc_curve, threshold_table,
};
use crate::recipe::{Features, FittedRecipe, FittedStep, Recipe};
use crate::work::Work;
use serde_json::Value;
use std::sync::Arc;
use std::time::Instant;

/// Points of a stored ROC curve at most.
const ROC_POINTS: usize = 200;
/// Bands of a stored calibration curve at most.
const CALIBRATION_BINS: usize = 10;
/// Area under the curve above which a single number is suspected to be known only after the fact.
const TOO_GOOD: f64 = 0.95;
/// Training rows looked at for that suspicion.
const LOOKED_AT: usize = 20_000;

/// One fitted estimator and how it did on the test rows.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its name, made distinct if an estimator is compared with itself under other settings.
    pub name: String,
    /// The settings, in words.
    pub settings: String,
    /// The model.
    pub fitted: Fitted,
    /// Its scores on the test rows.
    pub scores: Scores,
    /// Seconds to fit it on the training rows.
    pub fit_seconds: f64,
    /// Seconds to predict the test rows.
    pub predict_seconds: f64,
    /// The probabilities it gave the test rows.
    pub predicted: Vec<f64>,
    /// Its ROC curve on the test rows, at most 200 points.
    pub roc: Vec<RocPoint>,
    /// Its calibration on the test rows, at most ten bands of about equal size.
    pub calibration: Vec<CalibrationBin>,
}

/// How far a comparison has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Estimators done.
    pub done: usize,
    /// Estimators in all.
    pub total: usize,
    /// The one being fitted now; empty at the end.
    pub fitting: String,
}

/// Estimators compared on the same test rows. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Comparison(Arc<Compared>);

#[derive(Debug)]
struct Compared {
    recipe: FittedRecipe,
    summary: SplitSummary,
    test_target: Vec<bool>,
    candidates: Vec<Candidate>,
    training_hash: String,
    example: Option<Value>,
}

/// A candidate that was chosen, with what a card needs to know of the comparison it comes from. It borrows nothing, so that a
/// notebook can keep it from one cell to the next.
#[derive(Debug, Clone)]
pub struct Chosen {
    comparison: Comparison,
    /// Which of the comparison's candidates.
    index: usize,
    reason: String,
}

/// Fits the recipe and then each estimator on the training rows, one after the other, each on all cores, and scores them on the
/// test rows. The baseline ([`Prior`]) is always among them, first if it was not named.
///
/// # Errors
/// When the recipe does not fit the columns, or an estimator's settings make no sense or it cannot be fitted.
pub fn compare(
    split: &Split,
    recipe: &Recipe,
    estimators: impl IntoIterator<Item = Estimator>,
) -> Result<Comparison, ModelError> {
    compare_with(split, recipe, estimators, &mut |_| {})
}

/// [`compare`], telling how far it has come before each estimator and at the end.
///
/// # Errors
/// As [`compare`].
pub fn compare_with(
    split: &Split,
    recipe: &Recipe,
    estimators: impl IntoIterator<Item = Estimator>,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Comparison, ModelError> {
    let mut estimators: Vec<Estimator> = estimators.into_iter().collect();
    if estimators.is_empty() {
        return Err(ModelError::NoEstimators);
    }
    if !estimators
        .iter()
        .any(|estimator| matches!(estimator, Estimator::Prior(_)))
    {
        estimators.insert(0, Prior.into());
    }
    let fitted_recipe = recipe.fit(&split.train)?;
    let train = fitted_recipe.apply(&split.train)?;
    let test = fitted_recipe.apply(&split.test)?;
    let mut summary = split.summary.clone();
    summary
        .warnings
        .extend(suspects(&fitted_recipe, &train, &split.train_target));

    let mut work = Work::begin("comparing models", Some(estimators.len() as u64));
    let mut candidates: Vec<Candidate> = Vec::new();
    for estimator in &estimators {
        let same = candidates
            .iter()
            .filter(|other| other.fitted.estimator().name() == estimator.name())
            .count();
        let name = if same == 0 {
            estimator.name().to_owned()
        } else {
            format!("{} {}", estimator.name(), same + 1)
        };
        progress(&Progress {
            done: candidates.len(),
            total: estimators.len(),
            fitting: name.clone(),
        });
        work.at(
            candidates.len() as u64,
            format!(
                "fitting {name} ({} of {})",
                candidates.len() + 1,
                estimators.len()
            ),
        );
        let started = Instant::now();
        let fitted = estimator.fit(&train, &split.train_target)?;
        let fit_seconds = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let predicted = fitted.predict(&test)?;
        let predict_seconds = started.elapsed().as_secs_f64();
        candidates.push(Candidate {
            name,
            settings: estimator.settings(),
            scores: Scores::of(&split.test_target, &predicted)?,
            roc: roc_curve(&split.test_target, &predicted, ROC_POINTS)?,
            calibration: calibration(&split.test_target, &predicted, CALIBRATION_BINS)?,
            fitted,
            fit_seconds,
            predict_seconds,
            predicted,
        });
    }
    work.at(candidates.len() as u64, "models compared");
    progress(&Progress {
        done: candidates.len(),
        total: candidates.len(),
        fitting: String::new(),
    });
    let example = fitted_recipe
        .complete_row(&split.test, 0)
        .or(Some(0))
        .and_then(|row| fitted_recipe.record_json(&split.test, row));
    Ok(Comparison(Arc::new(Compared {
        training_hash: fingerprint(&split.train, &recipe.columns(), &split.train_target),
        recipe: fitted_recipe,
        summary,
        test_target: split.test_target.clone(),
        candidates,
        example,
    })))
}

/// Numbers that alone tell the answer almost perfectly: more likely known after the fact than that good.
fn suspects(recipe: &FittedRecipe, train: &Features, target: &[bool]) -> Vec<String> {
    let step = train.rows().div_ceil(LOOKED_AT).max(1);
    let rows: Vec<usize> = (0..train.rows()).step_by(step).collect();
    let answers: Vec<bool> = rows.iter().map(|&row| target[row]).collect();
    let number = |name: &String| {
        recipe
            .steps()
            .iter()
            .any(|step| matches!(step, FittedStep::Numeric { column, .. } if column == name))
    };
    let mut warnings = Vec::new();
    for (index, name) in train
        .names()
        .iter()
        .enumerate()
        .filter(|(_, name)| number(name))
    {
        // Only the order matters here, so any increasing map into 0 to 1 will do.
        let ranked: Vec<f64> = rows
            .iter()
            .map(|&row| 0.5 + train.row(row)[index].atan() / 4.0)
            .collect();
        if let Ok(auc) = roc_auc(&answers, &ranked)
            && auc.max(1.0 - auc) > TOO_GOOD
        {
            warnings.push(format!(
                "{name} alone separates the answers (AUC {:.3}): is it known before the fact?",
                auc.max(1.0 - auc)
            ));
        }
    }
    warnings
}

impl Comparison {
    /// The candidates, in the order compared.
    pub fn candidates(&self) -> &[Candidate] {
        &self.0.candidates
    }

    /// The candidate with this name.
    pub fn candidate(&self, name: &str) -> Option<&Candidate> {
        self.0
            .candidates
            .iter()
            .find(|candidate| candidate.name == name)
    }

    /// The recipe as fitted on the training rows.
    pub fn recipe(&self) -> &FittedRecipe {
        &self.0.recipe
    }

    /// The split they were compared on, with what is doubtful about it.
    pub fn summary(&self) -> &SplitSummary {
        &self.0.summary
    }

    /// What happened in the test rows.
    pub fn test_target(&self) -> &[bool] {
        &self.0.test_target
    }

    /// SHA-256 of the training rows: the recipe's columns and the target.
    pub fn training_hash(&self) -> &str {
        &self.0.training_hash
    }

    /// A test row as a JSON record, complete if there is a complete one.
    pub fn example(&self) -> Option<&Value> {
        self.0.example.as_ref()
    }

    /// The candidate with the lowest log loss on the test rows; of equal ones, that with the lower Brier score, then the first.
    pub fn best(&self) -> Chosen {
        let all = &self.0.candidates;
        let scores = |index: usize| all[index].scores;
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|&a, &b| {
            let by_brier = || scores(a).brier.total_cmp(&scores(b).brier);
            scores(a)
                .log_loss
                .total_cmp(&scores(b).log_loss)
                .then_with(by_brier)
        });
        let (index, best) = (order[0], &all[order[0]]);
        let mut reason = format!(
            "{} has the lowest log loss on the {} test rows, {:.4}",
            best.name, self.0.summary.test_rows, best.scores.log_loss
        );
        if let Some(next) = order.get(1).map(|&next| &all[next]) {
            reason += &format!(" (next: {}, {:.4})", next.name, next.scores.log_loss);
        }
        let is_baseline = |one: &Candidate| matches!(one.fitted.estimator(), Estimator::Prior(_));
        if let Some(baseline) = all.iter().find(|one| is_baseline(one)) {
            if is_baseline(best) {
                reason += ", and that is the baseline: nothing was learnt";
            } else {
                let better = 100.0 * (1.0 - best.scores.log_loss / baseline.scores.log_loss);
                reason += &format!(", {better:.1} % below the baseline");
            }
        }
        reason += ". Log loss decides because it is a proper score: only honest probabilities make it low.";
        Chosen {
            comparison: self.clone(),
            index,
            reason,
        }
    }

    /// A candidate chosen by hand, with the reason for it.
    pub fn choose(&self, name: &str, reason: impl Into<String>) -> Option<Chosen> {
        let index = self
            .0
            .candidates
            .iter()
            .position(|candidate| candidate.name == name)?;
        Some(Chosen {
            comparison: self.clone(),
            index,
            reason: reason.into(),
        })
    }
}

impl Chosen {
    /// The comparison it was chosen from.
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    /// The candidate.
    pub fn candidate(&self) -> &Candidate {
        &self.comparison.0.candidates[self.index]
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.candidate().name
    }

    /// Its scores on the test rows.
    pub fn scores(&self) -> Scores {
        self.candidate().scores
    }

    /// Why it was chosen, as a sentence.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What flagging at each of these thresholds would do in the test rows.
    ///
    /// # Errors
    /// Never for a comparison that was made: its predictions are probabilities.
    pub fn thresholds(&self, thresholds: &[f64]) -> Result<Vec<ThresholdRow>, ModelError> {
        Ok(threshold_table(
            &self.comparison.0.test_target,
            &self.candidate().predicted,
            thresholds,
        )?)
    }

    /// How much each column matters to it: see [`importance`].
    ///
    /// # Errors
    /// When the split is not the one that was compared on.
    pub fn importance(&self, split: &Split) -> Result<Vec<(String, f64)>, ModelError> {
        importance(
            &self.candidate().fitted,
            &self.comparison.0.recipe,
            &split.test,
            &split.test_target,
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::{Logistic, Tree, estimator::tests::noisy};
    use super::*;
    use crate::record::{Column, Columns};

    /// The noisy rows with names, one of them a column that is only known after the fact.
    fn split() -> Split {
        let (made, target) = noisy(2000, 31);
        let mut columns = Columns::new();
        for (index, name) in made.names().iter().enumerate() {
            let values = (0..made.rows())
                .map(|row| Some(made.row(row)[index]))
                .collect();
            columns.push(name.clone(), Column::Float(values)).unwrap();
        }
        let after = |late: &bool| Some(if *late { 20.0 } else { -5.0 });
        columns
            .push("delay", Column::Float(target.iter().map(after).collect()))
            .unwrap();
        columns
            .push("late", Column::Bool(target.into_iter().map(Some).collect()))
            .unwrap();
        Split::new(&columns, "late", "every fourth row tests", |row| {
            row % 4 == 0
        })
        .unwrap()
    }

    fn estimators() -> [Estimator; 3] {
        [
            Tree { depth: 3, leaf: 20 }.into(),
            Logistic::default().into(),
            Tree { depth: 4, leaf: 20 }.into(),
        ]
    }

    #[test]
    fn the_baseline_is_always_compared_and_the_lowest_log_loss_is_chosen_with_its_reason() {
        let split = split();
        let recipe = Recipe::new().numeric(["a", "b", "c"]);
        let mut told = Vec::new();
        let compared = compare_with(&split, &recipe, estimators(), &mut |at| {
            told.push((at.done, at.fitting.clone()))
        })
        .unwrap();
        let names: Vec<&str> = compared
            .candidates()
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(names, ["Prior", "Tree", "Logistic", "Tree 2"]);
        assert_eq!(
            (told.len(), &told[3], told[4].0),
            (5, &(3, "Tree 2".to_owned()), 4)
        );
        let best = compared.best();
        for one in compared.candidates() {
            assert!(best.scores().log_loss <= one.scores.log_loss);
            assert_eq!(one.predicted.len(), 500);
            assert_eq!(
                one.scores,
                Scores::of(&split.test_target, &one.predicted).unwrap()
            );
        }
        for part in [
            best.name(),
            "500 test rows",
            "below the baseline",
            "proper score",
        ] {
            assert!(best.reason().contains(part), "{}", best.reason());
        }
        assert!(compared.summary().warnings.is_empty());
        assert!(compared.example().unwrap()["a"].is_f64());
    }

    #[test]
    fn a_column_known_only_after_the_fact_is_suspected() {
        let recipe = Recipe::new().numeric(["a", "delay"]);
        let compared = compare(&split(), &recipe, [Estimator::from(Prior)]).unwrap();
        assert!(
            compared.summary().warnings[0].starts_with("delay alone"),
            "{:?}",
            compared.summary().warnings
        );
        assert!(compared.best().reason().contains("nothing was learnt"));
    }

    #[test]
    fn nothing_to_compare_and_columns_that_are_not_there_are_errors() {
        let recipe = Recipe::new().numeric(["a"]);
        assert!(matches!(
            compare(&split(), &recipe, []),
            Err(ModelError::NoEstimators)
        ));
        let error = compare(&split(), &Recipe::new().numeric(["gust"]), estimators()).unwrap_err();
        assert!(error.to_string().contains("gust"));
        assert!(
            Recipe::new().numeric(["late"]).fit(&split().train).is_err(),
            "the target is no feature"
        );
    }
}
