//! Which columns a model leans on: permutation importance, grouped by column.

use super::chance::{drawn, shuffled};
use super::{Fitted, MetricError, ModelError, log_loss};
use crate::recipe::FittedRecipe;
use crate::record::Columns;

/// Rows looked at: enough for two digits, few enough for a second.
const SAMPLE: usize = 5_000;
/// Shuffles of each column, averaged.
const SHUFFLES: u64 = 3;
/// The seed of the sample and the shuffles.
const SEED: u64 = 1;

/// Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019): for each column of the recipe, how much the log loss
/// rises, in nats, when its values are shuffled among the rows, most important first. All features made from a column move
/// together. Measured on at most 5,000 of the rows, drawn by a fixed seed. A column whose like is also there seems to matter
/// less than it does.
///
/// # Errors
/// When the columns do not fit the recipe, or there are no rows or not one target a row.
pub fn importance(
    fitted: &Fitted,
    recipe: &FittedRecipe,
    columns: &Columns,
    target: &[bool],
) -> Result<Vec<(String, f64)>, ModelError> {
    let all = recipe.apply(columns)?;
    if target.len() != all.rows() {
        return Err(MetricError::Lengths {
            targets: target.len(),
            predictions: all.rows(),
        }
        .into());
    }
    if target.is_empty() {
        return Err(MetricError::Empty.into());
    }
    let rows = drawn(&shuffled(all.rows(), SEED), 0, SAMPLE);
    let features = all.take(&rows);
    let target: Vec<bool> = rows.iter().map(|&row| target[row]).collect();
    let whole = log_loss(&target, &fitted.predict(&features)?)?;
    let width = features.width();
    let mut importances = Vec::new();
    for (place, column) in recipe.recipe().columns().into_iter().enumerate() {
        let own: Vec<usize> = (0..width)
            .filter(|&feature| features.sources()[feature] == column)
            .collect();
        let mut rise = 0.0;
        for shuffle in 0..SHUFFLES {
            let order = shuffled(rows.len(), SEED + 1 + shuffle + place as u64 * SHUFFLES);
            let mut changed = features.clone();
            let values = changed.values_mut();
            for (row, &from) in order.iter().enumerate() {
                for &feature in &own {
                    values[row * width + feature] = features.row(from)[feature];
                }
            }
            rise += log_loss(&target, &fitted.predict(&changed)?)? - whole;
        }
        importances.push((column.to_owned(), rise / SHUFFLES as f64));
    }
    importances.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(importances)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::{Estimator, Tree, estimator::tests::noisy};
    use super::*;
    use crate::recipe::Recipe;
    use crate::record::Column;

    #[test]
    fn columns_that_matter_come_first_and_one_that_does_not_is_near_zero() {
        let (made, target) = noisy(3000, 21);
        let mut columns = Columns::new();
        for (index, name) in made.names().iter().enumerate() {
            let values = (0..made.rows())
                .map(|row| Some(made.row(row)[index]))
                .collect();
            columns.push(name.clone(), Column::Float(values)).unwrap();
        }
        let recipe = Recipe::new()
            .numeric(["c", "b", "a"])
            .fit(&columns)
            .unwrap();
        let tree = Estimator::from(Tree { depth: 5, leaf: 50 })
            .fit(&recipe.apply(&columns).unwrap(), &target)
            .unwrap();
        let found = importance(&tree, &recipe, &columns, &target).unwrap();
        assert_eq!(
            found
                .iter()
                .map(|(name, _)| name.as_str())
                .collect::<Vec<_>>(),
            ["a", "b", "c"]
        );
        assert!(
            found[0].1 > 0.1 && found[1].1 > 0.01 && found[2].1.abs() < 0.02,
            "{found:?}"
        );
        assert_eq!(
            found,
            importance(&tree, &recipe, &columns, &target).unwrap()
        );
        assert!(importance(&tree, &recipe, &columns, &target[1..]).is_err());
    }
}
