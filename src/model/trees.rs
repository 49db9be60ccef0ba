//! Regression trees as smartcore grew them, in a form that can be saved, checked and walked fast.
//!
//! smartcore keeps its trees private and walks them one boxed iterator a row; what it serialises is the one public view of
//! them. So a fitted model is read through that view once, straight after fitting, into arrays of nodes.

use super::{ModelError, parallel};
use crate::recipe::Features;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use smartcore::linalg::basic::matrix::DenseMatrix;

/// Rows predicted as one part of the work.
const BLOCK: usize = 4096;

/// One node: `(feature, left, number)`. A split goes left when the feature (as a 32-bit float, as in training) is at most
/// `number`, else to `left + 1`; a leaf has `left` 0 and answers `number`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Node(u32, u32, f64);

/// A tree; the root is the first node and children come after their parent, so a walk always ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FlatTree(Vec<Node>);

/// The sum of some trees: `start + weight × Σ tree`, kept between two bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ensemble {
    pub(super) start: f64,
    pub(super) weight: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) trees: Vec<FlatTree>,
}

impl FlatTree {
    fn answer(&self, row: &[f64]) -> f64 {
        let mut node = self.0[0];
        while node.1 != 0 {
            let goes_left = f64::from(row[node.0 as usize] as f32) <= node.2;
            node = self.0[node.1 as usize + usize::from(!goes_left)];
        }
        node.2
    }

    fn check(&self, width: usize) -> Result<(), String> {
        if self.0.is_empty() {
            return Err("a tree has no nodes".into());
        }
        for (index, Node(feature, left, number)) in self.0.iter().enumerate() {
            let (feature, left) = (*feature as usize, *left as usize);
            if !number.is_finite() {
                return Err(format!("node {index} holds {number}"));
            }
            if left != 0 && (left <= index || left + 1 >= self.0.len() || feature >= width) {
                return Err(format!(
                    "node {index} splits on feature {feature} into {left}"
                ));
            }
        }
        Ok(())
    }
}

impl Ensemble {
    pub(super) fn predict(&self, features: &Features) -> Vec<f64> {
        let blocks = features.rows().div_ceil(BLOCK);
        let answer = |row: &[f64]| {
            let sum: f64 = self.trees.iter().map(|tree| tree.answer(row)).sum();
            (self.start + self.weight * sum).clamp(self.low, self.high)
        };
        let blocks = parallel::in_parts(parallel::cores(), blocks, |block| {
            let rows = block * BLOCK..((block + 1) * BLOCK).min(features.rows());
            rows.map(|row| answer(features.row(row)))
                .collect::<Vec<f64>>()
        });
        blocks.concat()
    }

    pub(super) fn check(&self, width: usize) -> Result<(), ModelError> {
        let wrong = |what| ModelError::Inconsistent { what };
        let bounded = 0.0 <= self.low && self.low <= self.high && self.high <= 1.0;
        if !self.start.is_finite() || !self.weight.is_finite() || !bounded {
            return Err(wrong(
                "the weights of its trees are not finite, or its bounds are no probabilities"
                    .into(),
            ));
        }
        self.trees
            .iter()
            .try_for_each(|tree| tree.check(width))
            .map_err(wrong)
    }
}

/// The lowest and the highest probability that leaves of so many rows can support, for a target of which `share` is true: the
/// m-estimate (Cestnik 1990; m = 2, as in Laplace's rule of succession) of a leaf in which it never, or always, happened.
/// Without it one small pure leaf would claim certainty, and a sum of corrections could leave 0 to 1.
pub(super) fn bounds(target: &[bool], leaf: usize) -> (f64, f64) {
    let share = target.iter().filter(|happened| **happened).count() as f64 / target.len() as f64;
    let weight = 2.0 / (leaf as f64 + 2.0);
    (share * weight, 1.0 - (1.0 - share) * weight)
}

/// Some rows of the features as smartcore wants them: 32-bit, column by column, because trees read one column at a time.
pub(super) fn matrix(features: &Features, rows: &[usize]) -> Result<DenseMatrix<f32>, String> {
    let width = features.width();
    let mut values = vec![0.0_f32; rows.len() * width];
    for (place, &row) in rows.iter().enumerate() {
        for (column, value) in features.row(row).iter().enumerate() {
            values[column * rows.len() + place] = *value as f32;
        }
    }
    DenseMatrix::new(rows.len(), width, values, true).map_err(|error| error.to_string())
}

/// The target of some rows as numbers.
pub(super) fn numbers(target: &[bool], rows: &[usize]) -> Vec<f32> {
    rows.iter()
        .map(|&row| f32::from(u8::from(target[row])))
        .collect()
}

/// Reads a fitted smartcore model through what it serialises.
pub(super) fn read_through<T: DeserializeOwned>(model: &impl Serialize) -> Result<T, String> {
    let mut bytes = Vec::new();
    ciborium::into_writer(model, &mut bytes).map_err(|error| error.to_string())?;
    ciborium::from_reader(bytes.as_slice())
        .map_err(|error| format!("smartcore's model has another form than expected: {error}"))
}

/// A tree of smartcore's `tree` module as it serialises itself; fields that are not needed are skipped.
#[derive(Deserialize)]
pub(super) struct GrownTree {
    nodes: Vec<GrownNode>,
}

#[derive(Deserialize)]
struct GrownNode {
    output: f64,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

/// A tree of smartcore's `xgboost` module as it serialises itself.
#[derive(Deserialize)]
pub(super) struct BoostedTree {
    left: Option<Box<BoostedTree>>,
    right: Option<Box<BoostedTree>>,
    value: f64,
    threshold: f64,
    split_feature_idx: usize,
}

/// What flattening asks of a node: its leaf value, or its feature, threshold and children.
enum Shape<N> {
    Leaf(f64),
    Split {
        feature: usize,
        threshold: f64,
        left: N,
        right: N,
    },
}

fn flatten<N>(root: N, shape: impl Fn(N) -> Shape<N>) -> FlatTree {
    let mut nodes = vec![Node(0, 0, 0.0)];
    let mut open = vec![(0, root)];
    while let Some((place, node)) = open.pop() {
        match shape(node) {
            Shape::Leaf(value) => nodes[place] = Node(0, 0, value),
            Shape::Split {
                feature,
                threshold,
                left,
                right,
            } => {
                let first = nodes.len();
                nodes.extend([Node(0, 0, 0.0); 2]);
                nodes[place] = Node(feature as u32, first as u32, threshold);
                open.push((first + 1, right));
                open.push((first, left));
            }
        }
    }
    FlatTree(nodes)
}

impl From<&GrownTree> for FlatTree {
    fn from(tree: &GrownTree) -> FlatTree {
        flatten(0, |index: usize| {
            let node = &tree.nodes[index];
            match (node.true_child, node.false_child, node.split_value) {
                (Some(left), Some(right), Some(threshold)) => Shape::Split {
                    feature: node.split_feature,
                    threshold,
                    left,
                    right,
                },
                _ => Shape::Leaf(node.output),
            }
        })
    }
}

impl From<&BoostedTree> for FlatTree {
    fn from(tree: &BoostedTree) -> FlatTree {
        flatten(tree, |node: &BoostedTree| match (&node.left, &node.right) {
            (Some(left), Some(right)) => Shape::Split {
                feature: node.split_feature_idx,
                threshold: node.threshold,
                left,
                right,
            },
            _ => Shape::Leaf(node.value),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_tree_that_could_loop_or_read_past_its_end_fails_its_check() {
        let good = FlatTree(vec![Node(1, 1, 0.5), Node(0, 0, 0.1), Node(0, 0, 0.9)]);
        assert!(good.check(2).is_ok());
        assert_eq!(
            (good.answer(&[0.0, 0.5]), good.answer(&[0.0, 0.6])),
            (0.1, 0.9)
        );
        let broken = [
            vec![],
            vec![Node(2, 1, 0.5), Node(0, 0, 0.1), Node(0, 0, 0.9)],
            vec![Node(1, 2, 0.5), Node(0, 0, 0.1), Node(0, 0, 0.9)],
            vec![Node(1, 1, 0.5), Node(0, 1, 0.1), Node(0, 0, 0.9)],
            vec![Node(1, 1, f64::NAN), Node(0, 0, 0.1), Node(0, 0, 0.9)],
        ];
        for tree in broken {
            assert!(FlatTree(tree.clone()).check(2).is_err(), "{tree:?}");
        }
    }
}
