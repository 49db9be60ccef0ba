//! What is at each path of the documents looked at: how many have a value there, and of which types.

use bson::raw::{RawBsonRef, RawDocument};
use bson::spec::ElementType;
use std::collections::HashMap;

/// Documents within documents beyond this depth are not looked into; MongoDB takes 100.
const DEPTH: usize = 100;

/// How often each type was found.
#[derive(Debug, Default)]
pub(super) struct Counts(Vec<(ElementType, usize)>);

impl Counts {
    fn add(&mut self, found: ElementType) {
        match self.0.iter_mut().find(|(known, _)| *known == found) {
            Some((_, count)) => *count += 1,
            None => self.0.push((found, 1)),
        }
    }

    /// Whether only one type was found.
    pub(super) fn is_single(&self) -> bool {
        self.0.len() == 1
    }

    /// The types, the most frequent first; of equally frequent ones the one found first.
    pub(super) fn sorted(&self) -> Vec<(ElementType, usize)> {
        let mut counts = self.0.clone();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

/// One part of a path, and what was found there.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) name: String,
    /// Documents in which it is null.
    pub(super) nulls: usize,
    /// What it is in all others that have it.
    pub(super) types: Counts,
    /// What the items of its arrays are.
    pub(super) items: Counts,
    /// The paths below it.
    pub(super) below: Nodes,
    /// The number of the last document that was counted here.
    last: usize,
}

/// The parts of paths that follow one part, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    nodes: Vec<Node>,
    places: HashMap<String, usize>,
}

impl Nodes {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node of this name, made if there is none.
    fn node(&mut self, name: &str) -> &mut Node {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => {
                self.nodes.push(Node {
                    name: name.to_owned(),
                    ..Node::default()
                });
                self.places.insert(name.to_owned(), self.nodes.len() - 1);
                self.nodes.len() - 1
            }
        };
        &mut self.nodes[place]
    }
}

/// What was found in all documents so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) documents: usize,
    pub(super) paths: Nodes,
}

impl Tally {
    /// Counts one document more.
    ///
    /// # Errors
    /// When the bytes are not valid BSON.
    pub(super) fn add(&mut self, document: &RawDocument) -> Result<(), bson::error::Error> {
        self.documents += 1;
        count(document, &mut self.paths, self.documents, DEPTH)
    }
}

fn count(
    document: &RawDocument,
    nodes: &mut Nodes,
    number: usize,
    depth: usize,
) -> Result<(), bson::error::Error> {
    for element in document.iter_elements() {
        let element = element?;
        let node = nodes.node(element.key().as_str());
        // Of two elements with one name the first counts, as in a load.
        if std::mem::replace(&mut node.last, number) == number {
            continue;
        }
        let value = element.value()?;
        match value {
            RawBsonRef::Null => {
                node.nulls += 1;
                continue;
            }
            RawBsonRef::Document(inner) if depth > 0 => {
                count(inner, &mut node.below, number, depth - 1)?;
            }
            RawBsonRef::Array(items) => {
                for item in items {
                    node.items.add(item?.element_type());
                }
            }
            _ => {}
        }
        node.types.add(value.element_type());
    }
    Ok(())
}
