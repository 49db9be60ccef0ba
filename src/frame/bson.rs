//! BSON documents → columns: one walk over the raw bytes takes what the record's paths name; no document is built.

use super::FrameError;
use super::builder::{Builder, has_instant, push_float, push_whole};
use super::output::Output;
use super::report::{Mismatches, Unnamed};
use crate::record::{Field, Kind, decimal_from};
use bson::raw::{RawArray, RawBsonRef, RawDocument};
use polars::prelude::ChunkedBuilder;

/// The record's paths as a tree, so that each document is walked once however many fields there are.
#[derive(Debug)]
pub(super) struct Paths {
    fields: Vec<Field>,
    roots: Vec<Node>,
    /// Which fields the document at hand has had a value for.
    seen: Vec<bool>,
    /// The paths within the subdocuments of a field, or of its lists' items.
    within: Vec<Option<Paths>>,
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
    pub(super) fn of(fields: &[Field]) -> Paths {
        let mut roots = Vec::new();
        for (field, path) in fields.iter().map(|field| &field.path).enumerate() {
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
            seen: vec![false; fields.len()],
            within: fields.iter().map(|field| within(&field.kind)).collect(),
            fields: fields.to_vec(),
        }
    }
}

fn within(kind: &Kind) -> Option<Paths> {
    match kind {
        Kind::Struct(fields) => Some(Paths::of(fields)),
        Kind::List { item, .. } => within(item),
        _ => None,
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
    output: &mut Output<'_>,
    id: &dyn Fn() -> String,
) -> Result<(), bson::error::Error> {
    let mut told = Told {
        mismatches: &mut output.mismatches,
        id,
        above: String::new(),
    };
    fill(document, paths, &mut output.builders, &mut told)?;
    for (missing, seen) in output.missing.iter_mut().zip(&paths.seen) {
        *missing += u64::from(!seen);
    }
    Ok(())
}

/// Where to tell of values that do not fit.
struct Told<'a> {
    mismatches: &'a mut Mismatches,
    id: &'a dyn Fn() -> String,
    /// The fields that the one at hand is within, each with a dot behind.
    above: String,
}

impl Told<'_> {
    fn add(&mut self, field: &str, wanted: &Kind, found: &str) {
        let field = format!("{}{field}", self.above);
        self.mismatches.add(&field, wanted, found, self.id);
    }
}

/// Gives each builder one value of the document.
fn fill(
    document: &RawDocument,
    paths: &mut Paths,
    builders: &mut [Builder],
    told: &mut Told<'_>,
) -> Result<(), bson::error::Error> {
    let Paths {
        fields,
        roots,
        seen,
        within,
    } = paths;
    seen.fill(false);
    let mut take = |at: usize, value: RawBsonRef<'_>| {
        // Of two elements with one name the first counts.
        if std::mem::replace(&mut seen[at], true) {
            return Ok(());
        }
        let field = &fields[at];
        let builder = &mut builders[at];
        if field.nullable && value == RawBsonRef::Null {
            builder.push_null();
        } else if !push(
            builder,
            value,
            field,
            &field.kind,
            within[at].as_mut(),
            told,
        )? {
            builder.push_null();
            told.add(
                &field.name,
                &field.kind,
                &format!("{:?}", value.element_type()),
            );
        }
        Ok(())
    };
    in_document(document, roots, &mut take)?;
    for at in (0..seen.len()).filter(|at| !seen[*at]) {
        builders[at].push_null();
        if !fields[at].nullable {
            told.add(&fields[at].name, &fields[at].kind, "nothing");
        }
    }
    Ok(())
}

/// What takes the value of a field, by the field's place.
type Take<'t, 'a> = &'t mut dyn FnMut(usize, RawBsonRef<'a>) -> Result<(), bson::error::Error>;

fn in_document<'a>(
    document: &'a RawDocument,
    nodes: &[Node],
    take: Take<'_, 'a>,
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
    take: Take<'_, 'a>,
) -> Result<(), bson::error::Error> {
    for field in &node.fields {
        take(*field, value)?;
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
    take: Take<'_, 'a>,
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

/// Appends the value; false when it does not fit. Widening is lossless: int32 to int64, integers to floats and decimals that
/// hold them exactly.
fn push(
    builder: &mut Builder,
    value: RawBsonRef<'_>,
    field: &Field,
    kind: &Kind,
    within: Option<&mut Paths>,
    told: &mut Told<'_>,
) -> Result<bool, bson::error::Error> {
    match (builder, value) {
        (Builder::Bool(builder), RawBsonRef::Boolean(value)) => builder.append_value(value),
        (builder, RawBsonRef::Double(value)) => return Ok(push_float(builder, value)),
        // A whole number of 64 bits is one of 32 only by chance, so a collection that has one wants i64.
        (Builder::Int32(_), RawBsonRef::Int64(_)) => return Ok(false),
        (builder, RawBsonRef::Int32(value)) => return Ok(push_whole(builder, value.into())),
        (builder, RawBsonRef::Int64(value)) => return Ok(push_whole(builder, value)),
        (Builder::Decimal(builder, scale), RawBsonRef::Decimal128(value)) => {
            match decimal_from(&value.to_string(), *scale) {
                Some(number) => builder.append_value(number),
                None => return Ok(false),
            }
        }
        (Builder::Float64(builder), RawBsonRef::Decimal128(value)) => {
            match value.to_string().parse::<f64>() {
                Ok(number) if number.is_finite() => builder.append_value(number),
                _ => return Ok(false),
            }
        }
        (Builder::Text(builder), RawBsonRef::Decimal128(value)) => {
            builder.append_value(value.to_string())
        }
        (Builder::Text(builder), RawBsonRef::String(value)) => builder.append_value(value),
        (Builder::Text(builder), RawBsonRef::ObjectId(value)) => {
            builder.append_value(value.to_hex())
        }
        (Builder::Bytes(builder), RawBsonRef::Binary(value)) => builder.append_value(value.bytes),
        (Builder::Timestamp(builder), RawBsonRef::DateTime(value)) => {
            let micros = value.timestamp_millis().checked_mul(1000);
            match micros.filter(|micros| has_instant(*micros)) {
                Some(micros) => builder.append_value(micros),
                None => return Ok(false),
            }
        }
        (Builder::List(list), RawBsonRef::Array(items)) => {
            let Kind::List {
                item: kind,
                nullable,
            } = kind
            else {
                return Ok(false);
            };
            let mut within = within;
            for item in items {
                let item = item?;
                list.items += 1;
                if *nullable && item == RawBsonRef::Null {
                    list.item.push_null();
                } else if !push(
                    &mut list.item,
                    item,
                    field,
                    kind,
                    within.as_deref_mut(),
                    told,
                )? {
                    list.item.push_null();
                    let found = format!("{:?} in a list", item.element_type());
                    told.add(&field.name, kind, &found);
                }
            }
            list.close(true);
        }
        (Builder::Struct(builder), RawBsonRef::Document(inner)) => {
            let Some(paths) = within else {
                return Ok(false);
            };
            let above = told.above.len();
            told.above.push_str(&field.name);
            told.above.push('.');
            fill(inner, paths, &mut builder.fields, told)?;
            told.above.truncate(above);
            builder.close();
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Notes the paths of a document that no field names; the key is known to be there.
pub(super) fn search(
    document: &RawDocument,
    paths: &Paths,
    unnamed: &mut Unnamed,
) -> Result<(), bson::error::Error> {
    unnamed.searched += 1;
    search_below(document, &paths.roots, "", unnamed)
}

fn search_below(
    document: &RawDocument,
    nodes: &[Node],
    above: &str,
    unnamed: &mut Unnamed,
) -> Result<(), bson::error::Error> {
    for element in document.iter_elements() {
        let element = element?;
        let name = element.key().as_str();
        match nodes.iter().find(|node| node.name == name) {
            Some(node) => {
                if let (true, RawBsonRef::Document(inner)) =
                    (node.fields.is_empty(), element.value()?)
                {
                    search_below(inner, &node.below, &format!("{above}{name}."), unnamed)?;
                }
            }
            None if above.is_empty() && name == "_id" => {}
            None => unnamed.add(format!("{above}{name}")),
        }
    }
    Ok(())
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
    use crate::frame::Policy;
    use crate::frame::watch::Watch;
    use crate::store::document::lookup;
    use bson::Bson;
    use proptest::prelude::*;

    const PATHS: [&str; 7] = ["a", "a.b", "a.b.c", "b.1", "b.1.a", "c.0.0", "b"];

    fn fields() -> Vec<Field> {
        let field = |path: &str| Field {
            name: path.into(),
            kind: Kind::Int32,
            nullable: true,
            key: false,
            path: path.into(),
            description: None,
        };
        PATHS.map(field).into()
    }

    /// The columns of one document, and what did not fit.
    fn columns(
        document: &RawDocument,
    ) -> Result<(Vec<polars::prelude::Column>, Vec<crate::frame::Mismatch>), bson::error::Error>
    {
        let watch = Watch::default();
        let mut sink = |_| Ok(());
        let mut output = Output::new("any".into(), Policy::Null, 10, &mut sink, &watch);
        output.begin(&fields());
        append(
            document,
            &mut Paths::of(&fields()),
            &mut output,
            &String::new,
        )?;
        let columns = output
            .builders
            .into_iter()
            .map(|builder| builder.finish().unwrap());
        Ok((columns.collect(), output.mismatches.into_inner()))
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
            let (columns, misfits) = columns(&raw).unwrap();
            for (path, column) in PATHS.iter().zip(columns) {
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
            if let Ok(document) = RawDocument::from_bytes(&framed) {
                let _ = columns(document);
            }
        }
    }
}
