//! BSON documents → columns: one walk over the raw bytes takes what the record's paths name; no document is built.

use super::FrameError;
use super::builder::{Builder, holds, narrows};
use super::load::Output;
use crate::record::Schema;
use bson::raw::{RawArray, RawBsonRef, RawDocument};
use polars::prelude::ChunkedBuilder;

/// The record's paths as a tree, so that each document is walked once however many fields there are.
#[derive(Debug)]
pub(super) struct Paths {
    roots: Vec<Node>,
    /// Which fields the document at hand has had a value for.
    seen: Vec<bool>,
}

/// One part of a path.
#[derive(Debug)]
struct Node {
    name: String,
    /// The name as a place in an array, if it is a number.
    index: Option<usize>,
    /// The fields whose path ends here.
    fields: Vec<usize>,
    below: Vec<Node>,
}

impl Paths {
    pub(super) fn of(schema: &Schema) -> Paths {
        let mut roots = Vec::new();
        for (field, path) in schema.fields.iter().map(|field| &field.path).enumerate() {
            let mut nodes = &mut roots;
            let mut parts = path.split('.').peekable();
            while let Some(part) = parts.next() {
                let at = place(nodes, part);
                if parts.peek().is_none() {
                    nodes[at].fields.push(field);
                }
                nodes = &mut nodes[at].below;
            }
        }
        Paths {
            roots,
            seen: vec![false; schema.fields.len()],
        }
    }
}

/// The place of the node with this name, made if there is none.
fn place(nodes: &mut Vec<Node>, name: &str) -> usize {
    if let Some(at) = nodes.iter().position(|node| node.name == name) {
        return at;
    }
    nodes.push(Node {
        name: name.to_owned(),
        index: name.parse().ok(),
        fields: Vec::new(),
        below: Vec::new(),
    });
    nodes.len() - 1
}

/// Appends one document to the columns; what does not fit becomes a null and is counted. `id` names it in messages.
pub(super) fn append(
    document: &RawDocument,
    paths: &mut Paths,
    schema: &Schema,
    output: &mut Output,
    id: impl Fn() -> String,
) -> Result<(), bson::error::Error> {
    let Paths { roots, seen } = paths;
    seen.fill(false);
    let mut take = |field: usize, value: RawBsonRef<'_>| {
        // Of two elements with one name the first counts.
        if !std::mem::replace(&mut seen[field], true) {
            put(field, Some(value), schema, output, &id);
        }
    };
    in_document(document, roots, &mut take)?;
    for field in (0..seen.len()).filter(|field| !seen[*field]) {
        put(field, None, schema, output, &id);
    }
    Ok(())
}

fn in_document<'a>(
    document: &'a RawDocument,
    nodes: &[Node],
    take: &mut impl FnMut(usize, RawBsonRef<'a>),
) -> Result<(), bson::error::Error> {
    // Documents of one collection mostly have their elements in one order, so the next node is tried first.
    let mut next = 0;
    for element in document.iter_elements() {
        let element = element?;
        let name = element.key().as_str();
        let found = (next..nodes.len())
            .chain(0..next)
            .find(|at| nodes[*at].name == name);
        if let Some(at) = found {
            value_at(element.value()?, &nodes[at], take)?;
            next = (at + 1) % nodes.len();
        }
    }
    Ok(())
}

fn value_at<'a>(
    value: RawBsonRef<'a>,
    node: &Node,
    take: &mut impl FnMut(usize, RawBsonRef<'a>),
) -> Result<(), bson::error::Error> {
    for field in &node.fields {
        take(*field, value);
    }
    match value {
        _ if node.below.is_empty() => Ok(()),
        RawBsonRef::Document(inner) => in_document(inner, &node.below, take),
        RawBsonRef::Array(items) => in_array(items, &node.below, take),
        _ => Ok(()),
    }
}

fn in_array<'a>(
    items: &'a RawArray,
    nodes: &[Node],
    take: &mut impl FnMut(usize, RawBsonRef<'a>),
) -> Result<(), bson::error::Error> {
    let Some(last) = nodes.iter().filter_map(|node| node.index).max() else {
        return Ok(());
    };
    for (index, item) in items.into_iter().enumerate().take(last.saturating_add(1)) {
        let item = item?;
        for node in nodes.iter().filter(|node| node.index == Some(index)) {
            value_at(item, node, take)?;
        }
    }
    Ok(())
}

/// Puts a value, or its absence, into the field's column.
fn put(
    field: usize,
    value: Option<RawBsonRef<'_>>,
    schema: &Schema,
    output: &mut Output,
    id: impl Fn() -> String,
) {
    let builder = &mut output.builders[field];
    let field = &schema.fields[field];
    let found = match value {
        None | Some(RawBsonRef::Null) if field.nullable => {
            builder.push_null();
            return;
        }
        None => "nothing".to_owned(),
        Some(value) if push(builder, value) => return,
        Some(value) => format!("{:?}", value.element_type()),
    };
    builder.push_null();
    output
        .mismatches
        .add(&field.name, &field.kind.to_string(), &found, id);
}

/// Appends the value; false when it does not fit. Widening is lossless: int32 to int64, and integers to floats that hold
/// them exactly.
fn push(builder: &mut Builder, value: RawBsonRef<'_>) -> bool {
    let whole = value.as_i64().or(value.as_i32().map(i64::from));
    match (builder, value) {
        (Builder::Bool(builder), RawBsonRef::Boolean(value)) => builder.append_value(value),
        (Builder::Int32(builder), RawBsonRef::Int32(value)) => builder.append_value(value),
        (Builder::Int64(builder), _) => match whole {
            Some(value) => builder.append_value(value),
            None => return false,
        },
        (Builder::Float64(builder), RawBsonRef::Double(value)) => builder.append_value(value),
        (Builder::Float32(builder), RawBsonRef::Double(value)) if narrows(value) => {
            builder.append_value(value as f32)
        }
        (Builder::Float64(builder), _) => {
            match whole.filter(|value| holds(f64::MANTISSA_DIGITS, *value)) {
                Some(value) => builder.append_value(value as f64),
                None => return false,
            }
        }
        (Builder::Float32(builder), _) => {
            match whole.filter(|value| holds(f32::MANTISSA_DIGITS, *value)) {
                Some(value) => builder.append_value(value as f32),
                None => return false,
            }
        }
        (Builder::Text(builder), RawBsonRef::String(value)) => builder.append_value(value),
        (Builder::Text(builder), RawBsonRef::ObjectId(value)) => {
            builder.append_value(value.to_hex())
        }
        (Builder::Timestamp(builder), RawBsonRef::DateTime(value)) => {
            match value.timestamp_millis().checked_mul(1000) {
                Some(micros) => builder.append_value(micros),
                None => return false,
            }
        }
        _ => return false,
    }
    true
}

/// A stored document that is not valid BSON.
pub(super) fn damaged(collection: &str, id: String, reason: String) -> FrameError {
    FrameError::Damaged {
        collection: collection.to_owned(),
        id,
        reason,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::frame::report::Mismatches;
    use crate::record::{Field, Kind, Place};
    use crate::store::document::lookup;
    use bson::Bson;
    use proptest::prelude::*;

    const PATHS: [&str; 7] = ["a", "a.b", "a.b.c", "b.1", "b.1.a", "c.0.0", "b"];

    fn schema() -> Schema {
        let field = |path: &str| Field {
            name: path.into(),
            kind: Kind::Int32,
            nullable: true,
            key: false,
            path: path.into(),
            description: None,
        };
        Schema {
            place: Place::Collection("any".into()),
            fields: PATHS.map(field).into(),
        }
    }

    fn value() -> impl Strategy<Value = Bson> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Bson::Int32),
            Just(Bson::Null),
            "[a-c]{0,2}".prop_map(Bson::String),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Bson::Array),
                prop::collection::vec(("[a-c01]", inner), 0..4)
                    .prop_map(|items| Bson::Document(items.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn one_walk_takes_what_looking_up_each_path_finds(items in prop::collection::vec(("[a-c]", value()), 0..4)) {
            let document: bson::Document = items.into_iter().collect();
            let raw = bson::raw::RawDocumentBuf::try_from(&document).unwrap();
            let schema = schema();
            let mut output = Output {
                builders: schema.fields.iter().map(Builder::new).collect(),
                mismatches: Mismatches::default(),
            };
            append(&raw, &mut Paths::of(&schema), &schema, &mut output, String::new).unwrap();
            let misfits = output.mismatches.into_inner();
            for (path, builder) in PATHS.iter().zip(output.builders) {
                let column = builder.finish();
                prop_assert_eq!(column.len(), 1);
                let found = lookup(&raw, path).unwrap();
                let whole = found.and_then(|value| value.as_i32());
                prop_assert_eq!(column.i32().unwrap().get(0), whole, "{} in {}", path, document);
                let misfit = found.is_some_and(|value| value.as_i32().is_none() && value != RawBsonRef::Null);
                prop_assert_eq!(misfits.iter().any(|one| one.field == *path), misfit);
            }
        }

        #[test]
        fn hostile_bytes_are_an_error_or_a_document_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let mut framed = i32::try_from(bytes.len() + 5).unwrap().to_le_bytes().to_vec();
            framed.extend(bytes);
            framed.push(0);
            let schema = schema();
            let mut output = Output {
                builders: schema.fields.iter().map(Builder::new).collect(),
                mismatches: Mismatches::default(),
            };
            if let Ok(document) = RawDocument::from_bytes(&framed) {
                let _ = append(document, &mut Paths::of(&schema), &schema, &mut output, String::new);
            }
        }
    }
}
