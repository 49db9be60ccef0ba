//! What was found at each path → the field of a record, and how sure it is.
//!
//! Types that one Rust type holds go together: int32 and int64 are an `i64`, integers and doubles an `f64`, strings and ObjectIds
//! a `String`. Of others the most frequent one is taken, and the rest would not fit when loaded. A path that all documents of a
//! random sample of n have is missing in at most 3/n of all documents, with 95 % confidence: were more without it, n documents
//! that have it would be drawn less than once in twenty times (the rule of three, Hanley and Lippman-Hand 1983).

use super::sample::{Choice, Sample};
use super::tally::Node;
use super::{DescribedField, Description, name};
use crate::frame::check;
use crate::record::{Kind, Place};
use bson::spec::ElementType;

/// Fields described at most: a collection with data for keys would have no end.
const FIELDS: usize = 500;

/// What the documents looked at say of a collection's record.
pub(super) fn collection(collection: &str, sample: &Sample) -> Description {
    let mut found = Vec::new();
    let mut all = 0;
    let (key, others): (Vec<&Node>, Vec<&Node>) = sample
        .tally
        .paths
        .iter()
        .partition(|node| node.name == "_id");
    for node in key.into_iter().chain(others) {
        walk(node, &mut Vec::new(), &mut found, &mut all);
    }
    let named: Vec<Vec<&str>> = found
        .iter()
        .map(|(path, _)| match path.as_slice() {
            ["_id"] => vec!["id"],
            path => path.to_vec(),
        })
        .collect();
    let fields = found.iter().zip(name::fields(&named));
    Description {
        place: Place::Collection(collection.to_owned()),
        name: name::structure(collection),
        basis: basis(collection, sample, all),
        fields: fields
            .map(|((path, node), name)| field(path.join("."), name, node, sample))
            .collect(),
    }
}

/// Collects the paths with values of their own; documents that have fields are there by those.
fn walk<'a>(
    node: &'a Node,
    path: &mut Vec<&'a str>,
    found: &mut Vec<(Vec<&'a str>, &'a Node)>,
    all: &mut usize,
) {
    path.push(&node.name);
    let types = node.types.sorted();
    let is_document = matches!(types.as_slice(), [(ElementType::EmbeddedDocument, _)]);
    if !is_document || node.below.is_empty() {
        *all += 1;
        if found.len() < FIELDS {
            found.push((path.clone(), node));
        }
    }
    for node in node.below.iter() {
        walk(node, path, found, all);
    }
    path.pop();
}

/// The comment above the struct.
fn basis(collection: &str, sample: &Sample, all: usize) -> String {
    let (looked_at, of) = (counted(sample.tally.documents), counted(sample.of));
    let chosen = match sample.choice {
        Choice::All if sample.of == 0 => "it has no documents yet, so nothing is known".to_owned(),
        Choice::All => format!("all its documents were looked at, {of}"),
        Choice::Random => format!("{looked_at} documents of {of} were looked at, drawn at random"),
        Choice::First => format!(
            "the first {looked_at} documents of {of} were looked at, since the server draws none at random; the rest may differ"
        ),
    };
    let cut = if all > FIELDS {
        format!(" Of {} paths the first {FIELDS} are here.", counted(all))
    } else {
        String::new()
    };
    format!("Collection {collection}: {chosen}.{cut}")
}

fn field(path: String, name: String, node: &Node, sample: &Sample) -> DescribedField {
    let types = node.types.sorted();
    let present: usize = types.iter().map(|(_, count)| count).sum();
    let chosen = chosen(&types);
    let kind = chosen.and_then(|chosen| kind(chosen, &types, Some(node)));
    let (fit, misfit): (Vec<_>, Vec<_>) = types
        .iter()
        .partition(|(found, _)| chosen == Some(family(*found)));
    let told = |types: &[(ElementType, usize)]| {
        let told: Vec<String> = types
            .iter()
            .map(|(found, count)| match type_name(*found, node) {
                name if node.types.is_single() => name,
                name => format!("{name} {}", counted(*count)),
            })
            .collect();
        told.join(", ")
    };
    let mut note = share(present, node.nulls, sample);
    note.push_str("; ");
    match &kind {
        Some(_) => {
            note.push_str(&told(&fit));
            if has(&fit, ElementType::Int64) && has(&fit, ElementType::Double) {
                note.push_str(" (an int64 beyond 2^53 would not fit)");
            }
            if !misfit.is_empty() {
                note.push_str(&format!("; {} would not fit", told(&misfit)));
            }
        }
        None if types.is_empty() => note.push_str("no value tells its type"),
        None => note.push_str(&format!("{}; not a field yet", told(&types))),
    }
    DescribedField {
        key: path == "_id" && kind.is_some(),
        name,
        rust_type: kind.map(|kind| check::spelt(&kind, present < sample.tally.documents)),
        path,
        note,
    }
}

/// How many documents have the path, and what that says of the others.
fn share(present: usize, nulls: usize, sample: &Sample) -> String {
    let looked_at = sample.tally.documents;
    let documents = match sample.choice {
        Choice::All => counted(looked_at),
        Choice::Random => format!("{} sampled", counted(looked_at)),
        Choice::First => format!("the first {}", counted(looked_at)),
    };
    if present < looked_at {
        let nulls = if nulls > 0 {
            format!(", null in {}", counted(nulls))
        } else {
            String::new()
        };
        return format!("in {} of {documents}{nulls}", counted(present));
    }
    match sample.choice {
        Choice::All => format!("in all {documents}"),
        Choice::Random => format!(
            "in all {documents}, so at most {} lack it (95 % confidence)",
            percent(3.0 / looked_at as f64)
        ),
        Choice::First => format!("in all of {documents}"),
    }
}

/// Types that one Rust type holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Text,
    Other(ElementType),
}

fn family(found: ElementType) -> Family {
    match found {
        ElementType::Int32 | ElementType::Int64 | ElementType::Double => Family::Number,
        ElementType::String | ElementType::ObjectId => Family::Text,
        other => Family::Other(other),
    }
}

/// The family found most often; the types are sorted, so of equal ones it is the one with the most frequent type.
fn chosen(types: &[(ElementType, usize)]) -> Option<Family> {
    let mut families: Vec<(Family, usize)> = Vec::new();
    for (found, count) in types {
        let family = family(*found);
        match families.iter_mut().find(|(known, _)| *known == family) {
            Some((_, sum)) => *sum += count,
            None => families.push((family, *count)),
        }
    }
    families.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    families.first().map(|(family, _)| *family)
}

/// The kind that holds all types of the family that were found; none when a record has no such kind.
fn kind(family: Family, types: &[(ElementType, usize)], node: Option<&Node>) -> Option<Kind> {
    match family {
        Family::Number if has(types, ElementType::Double) => Some(Kind::Float64),
        Family::Number if has(types, ElementType::Int64) => Some(Kind::Int64),
        Family::Number => Some(Kind::Int32),
        Family::Text => Some(Kind::Text),
        Family::Other(ElementType::Boolean) => Some(Kind::Bool),
        Family::Other(ElementType::DateTime) => Some(Kind::Timestamp),
        Family::Other(ElementType::Binary) => Some(Kind::Bytes),
        // Places after the point differ from value to value; text has all digits.
        Family::Other(ElementType::Decimal128) => Some(Kind::Text),
        Family::Other(ElementType::Array) => list(&node?.items.sorted()),
        Family::Other(_) => None,
    }
}

/// A list whose items are all of one family; none for lists of lists and of documents, which want a record of their own.
fn list(items: &[(ElementType, usize)]) -> Option<Kind> {
    let (nulls, values): (Vec<(ElementType, usize)>, Vec<_>) = items
        .iter()
        .copied()
        .partition(|(found, _)| *found == ElementType::Null);
    let (first, others) = values.split_first()?;
    let of = family(first.0);
    if others.iter().any(|(found, _)| family(*found) != of) {
        return None;
    }
    Some(Kind::List {
        item: Box::new(kind(of, &values, None)?),
        nullable: !nulls.is_empty(),
    })
}

fn has(types: &[(ElementType, usize)], wanted: ElementType) -> bool {
    types.iter().any(|(found, _)| *found == wanted)
}

/// The type as `docs/TYPES.md` has it; of an array with the types of its items.
fn type_name(found: ElementType, node: &Node) -> String {
    let name = match found {
        ElementType::Array => {
            let items: Vec<String> = node
                .items
                .sorted()
                .iter()
                .map(|(item, count)| format!("{} {}", item_name(*item), counted(*count)))
                .collect();
            return if items.is_empty() {
                "array without items".to_owned()
            } else {
                format!("array of {}", items.join(" and "))
            };
        }
        ElementType::EmbeddedDocument if node.below.is_empty() => "document without fields",
        other => item_name(other),
    };
    name.to_owned()
}

fn item_name(found: ElementType) -> &'static str {
    match found {
        ElementType::Double => "double",
        ElementType::String => "string",
        ElementType::EmbeddedDocument => "document",
        ElementType::Array => "array",
        ElementType::Binary => "binary",
        ElementType::Undefined => "undefined",
        ElementType::ObjectId => "ObjectId",
        ElementType::Boolean => "boolean",
        ElementType::DateTime => "date",
        ElementType::Null => "null",
        ElementType::RegularExpression => "regular expression",
        ElementType::DbPointer => "DBPointer",
        ElementType::JavaScriptCode | ElementType::JavaScriptCodeWithScope => "JavaScript",
        ElementType::Symbol => "symbol",
        ElementType::Int32 => "int32",
        ElementType::Timestamp => "timestamp",
        ElementType::Int64 => "int64",
        ElementType::Decimal128 => "Decimal128",
        ElementType::MaxKey => "MaxKey",
        ElementType::MinKey => "MinKey",
    }
}

/// A count with groups of three digits: 327,346.
fn counted(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as `0.3 %`.
fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::{Bson, Decimal128, doc};

    /// Documents of which the first has the first value at `a`, and so on; no value, no path.
    fn described(values: &[Option<Bson>], choice: Choice, of: usize) -> Description {
        let mut sample = Sample {
            choice,
            of,
            ..Sample::default()
        };
        for value in values {
            let mut document = doc! { "_id": "x" };
            if let Some(value) = value {
                document.insert("a", value.clone());
            }
            let raw = bson::raw::RawDocumentBuf::try_from(&document).unwrap();
            sample.tally.add(&raw).unwrap();
        }
        collection("reading", &sample)
    }

    /// The type and the note of `a`.
    fn found(values: &[Option<Bson>]) -> (Option<String>, String) {
        let fields = described(values, Choice::All, values.len()).fields;
        let field = fields.into_iter().find(|field| field.path == "a").unwrap();
        (field.rust_type, field.note)
    }

    fn expect(values: &[Option<Bson>], rust_type: Option<&str>, note: &str) {
        let (found_type, found_note) = found(values);
        assert_eq!(
            (found_type.as_deref(), found_note.as_str()),
            (rust_type, note)
        );
    }

    #[test]
    fn numbers_widen_to_what_holds_them_all() {
        let (int, long, double) = (
            || Some(Bson::Int32(1)),
            || Some(Bson::Int64(1)),
            || Some(Bson::Double(1.0)),
        );
        expect(&[int(), int()], Some("i32"), "in all 2; int32");
        expect(&[int(), long()], Some("i64"), "in all 2; int32 1, int64 1");
        expect(
            &[int(), double(), double()],
            Some("f64"),
            "in all 3; double 2, int32 1",
        );
        expect(
            &[long(), double(), None],
            Some("Option<f64>"),
            "in 2 of 3; int64 1, double 1 (an int64 beyond 2^53 would not fit)",
        );
    }

    #[test]
    fn of_types_that_do_not_go_together_the_most_frequent_is_taken() {
        let (int, double, text) = (
            || Some(Bson::Int32(1)),
            || Some(Bson::Double(1.0)),
            || Some(Bson::from("x")),
        );
        // Numbers are more than texts, though neither int32 nor double is.
        expect(
            &[text(), text(), int(), int(), double()],
            Some("f64"),
            "in all 5; int32 2, double 1; string 2 would not fit",
        );
        expect(
            &[
                text(),
                Some(Bson::ObjectId(bson::oid::ObjectId::from_bytes([0; 12]))),
                int(),
            ],
            Some("String"),
            "in all 3; string 1, ObjectId 1; int32 1 would not fit",
        );
    }

    #[test]
    fn a_null_and_an_absent_path_make_an_option() {
        expect(
            &[Some(Bson::Boolean(true)), Some(Bson::Null), None],
            Some("Option<bool>"),
            "in 1 of 3, null in 1; boolean",
        );
        expect(
            &[Some(Bson::Null)],
            None,
            "in 0 of 1, null in 1; no value tells its type",
        );
    }

    #[test]
    fn what_a_record_cannot_hold_is_told_in_a_comment() {
        let array = Some(Bson::Array(vec!["x".into(), "y".into(), Bson::Null]));
        expect(
            &[array, None],
            Some("Option<Vec<Option<String>>>"),
            "in 1 of 2; array of string 2 and null 1",
        );
        let array = Some(Bson::Array(vec!["x".into(), "y".into(), 1.into()]));
        expect(
            &[array, None],
            None,
            "in 1 of 2; array of string 2 and int32 1; not a field yet",
        );
        expect(
            &[Some(Bson::Decimal128(Decimal128::from_bytes([0; 16])))],
            Some("String"),
            "in all 1; Decimal128",
        );
        expect(
            &[Some(doc! {}.into())],
            None,
            "in all 1; document without fields; not a field yet",
        );
        let text = described(&[Some(Bson::Array(vec![]))], Choice::All, 1).to_string();
        assert!(
            text.contains("\n    // a: in all 1; array without items; not a field yet\n"),
            "{text}"
        );
    }

    #[test]
    fn documents_are_there_by_their_fields() {
        let wind = |speed: f64| {
            Some(Bson::from(
                doc! { "wind": { "speed": speed }, "gust": { "speed": 1 } },
            ))
        };
        let description = described(&[wind(1.0), wind(2.0), None], Choice::All, 3);
        assert_eq!(
            description.to_string(),
            "// Collection reading: all its documents were looked at, 3.\n\
             #[derive(Record)]\n\
             #[record(collection = \"reading\")]\n\
             struct Reading {\n    \
                 #[record(key, path = \"_id\")]\n    \
                 id: String, // in all 3; string\n    \
                 #[record(path = \"a.wind.speed\")]\n    \
                 wind_speed: Option<f64>, // in 2 of 3; double\n    \
                 #[record(path = \"a.gust.speed\")]\n    \
                 gust_speed: Option<i32>, // in 2 of 3; int32\n\
             }"
        );
    }

    #[test]
    fn only_a_random_sample_says_something_of_the_rest() {
        let values = vec![Some(Bson::from("x")); 1_000];
        let note = |choice| described(&values, choice, 26_115).fields[1].note.clone();
        assert_eq!(
            note(Choice::Random),
            "in all 1,000 sampled, so at most 0.3 % lack it (95 % confidence); string"
        );
        assert_eq!(note(Choice::First), "in all of the first 1,000; string");
        let basis = described(&values, Choice::Random, 26_115).basis;
        assert_eq!(
            basis,
            "Collection reading: 1,000 documents of 26,115 were looked at, drawn at random."
        );
    }

    #[test]
    fn a_collection_with_data_for_keys_is_cut() {
        let many: bson::Document = (0..600)
            .map(|at| (format!("k{at}"), Bson::Int32(at)))
            .collect();
        let description = described(&[Some(many.into())], Choice::All, 1);
        assert_eq!(description.fields.len(), FIELDS);
        assert!(
            description
                .basis
                .ends_with("Of 601 paths the first 500 are here.")
        );
    }
}
