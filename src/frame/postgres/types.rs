//! What becomes of each PostgreSQL type: the kinds a record may give a column of it, and how its values travel.
//!
//! `docs/TYPES.md` has this table for readers; a test compares the two. A type that is not listed, be it a range, a composite or
//! an extension's, has one fate: text, as PostgreSQL itself writes it. Arrays of listed types are lists.

use crate::frame::check;
use crate::record::Kind;
use crate::store::relational::CatalogueColumn;

/// How the bytes of a value are to be read: the type's binary form (the `…send` functions of PostgreSQL).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// One byte.
    Bool,
    /// Two, four and eight bytes, big-endian.
    Int2,
    Int4,
    Int8,
    /// Four bytes without a sign.
    Oid,
    Float4,
    Float8,
    /// Base 10,000, see `numeric.rs`.
    Numeric,
    /// UTF-8.
    Text,
    /// Any bytes.
    Bytes,
    /// Days since 2000-01-01.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds since 2000-01-01, in no zone and in UTC.
    Timestamp,
    Timestamptz,
}

/// How a column is read: the form of its values, or of the items of its arrays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(super) wire: Wire,
    pub(super) array: bool,
}

/// A type and what it can be loaded as, the natural kind first.
pub(super) struct Fate {
    /// `pg_type.typname`, or `enum`.
    pub(super) base: &'static str,
    wire: Wire,
    /// A decimal stands here for one of any scale.
    kinds: &'static [Kind],
}

const DECIMAL: Kind = Kind::Decimal(0);

/// All types that travel in their own binary form, and so do their arrays.
pub(super) const FATES: &[Fate] = &[
    fate("bool", Wire::Bool, &[Kind::Bool, Kind::Text]),
    fate(
        "int2",
        Wire::Int2,
        &[
            Kind::Int32,
            Kind::Int64,
            Kind::Float64,
            Kind::Float32,
            DECIMAL,
            Kind::Text,
        ],
    ),
    fate(
        "int4",
        Wire::Int4,
        &[Kind::Int32, Kind::Int64, Kind::Float64, DECIMAL, Kind::Text],
    ),
    fate(
        "int8",
        Wire::Int8,
        &[Kind::Int64, Kind::Int32, Kind::Float64, DECIMAL, Kind::Text],
    ),
    fate("oid", Wire::Oid, &[Kind::Int64, Kind::Text]),
    fate(
        "float4",
        Wire::Float4,
        &[Kind::Float32, Kind::Float64, Kind::Text],
    ),
    fate(
        "float8",
        Wire::Float8,
        &[Kind::Float64, Kind::Float32, Kind::Text],
    ),
    fate(
        "numeric",
        Wire::Numeric,
        &[Kind::Float64, DECIMAL, Kind::Text],
    ),
    fate("text", Wire::Text, &[Kind::Text]),
    fate("varchar", Wire::Text, &[Kind::Text]),
    fate("bpchar", Wire::Text, &[Kind::Text]),
    fate("name", Wire::Text, &[Kind::Text]),
    fate("json", Wire::Text, &[Kind::Text]),
    fate("xml", Wire::Text, &[Kind::Text]),
    fate("enum", Wire::Text, &[Kind::Text]),
    fate("bytea", Wire::Bytes, &[Kind::Bytes, Kind::Text]),
    fate("date", Wire::Date, &[Kind::Date, Kind::Text]),
    fate("time", Wire::Time, &[Kind::Time, Kind::Text]),
    fate("timestamp", Wire::Timestamp, &[Kind::Datetime, Kind::Text]),
    fate(
        "timestamptz",
        Wire::Timestamptz,
        &[Kind::Timestamp, Kind::Text],
    ),
];

const fn fate(base: &'static str, wire: Wire, kinds: &'static [Kind]) -> Fate {
    Fate { base, wire, kinds }
}

fn of(base: &str) -> Option<&'static Fate> {
    FATES.iter().find(|fate| fate.base == base)
}

/// The kinds a column can be loaded as, the natural one first. That of a `numeric` is a decimal where places after the point are
/// declared.
pub(crate) fn kinds(column: &CatalogueColumn) -> Vec<Kind> {
    if let Some(item) = column.base.strip_prefix('_') {
        let items = of(item).map_or(&[Kind::Text][..], |fate| fate.kinds);
        let lists = items.iter().map(|item| Kind::List {
            item: Box::new(item.clone()),
            nullable: true,
        });
        return lists.chain([Kind::Text]).collect();
    }
    let kinds = of(&column.base).map_or(&[Kind::Text][..], |fate| fate.kinds);
    let mut kinds = kinds.to_vec();
    if column.base == "numeric"
        && let Some(places) = check::places(&column.declared)
    {
        kinds.retain(|kind| *kind != DECIMAL);
        kinds.insert(0, Kind::Decimal(places));
    }
    kinds
}

/// Whether a column takes every value of the kind as it is or refuses it, and never rounds.
pub(crate) fn takes(column: &CatalogueColumn, kind: &Kind) -> bool {
    let (base, kind) = match (column.base.strip_prefix('_'), kind) {
        (Some(item), Kind::List { item: kind, .. }) => (item, &**kind),
        _ => (column.base.as_str(), kind),
    };
    let limited = column.declared.contains('(');
    match (base, kind) {
        ("int2" | "int4" | "int8" | "oid", kind) => {
            matches!(kind, Kind::Int32 | Kind::Int64 | Kind::Text)
        }
        ("float4", kind) => matches!(kind, Kind::Float32 | Kind::Text),
        ("numeric", Kind::Decimal(places)) if limited => {
            check::places(&column.declared).is_some_and(|declared| *places <= declared)
        }
        ("numeric", _) => !limited,
        ("time" | "timestamp" | "timestamptz" | "timetz" | "interval", _) => {
            !limited || column.declared.contains("(6)")
        }
        _ => true,
    }
}

/// [`kinds`] of a column of this type with nothing else declared.
#[cfg(any(test, fuzzing))]
pub(super) fn kinds_of(base: &str) -> Vec<Kind> {
    kinds(&CatalogueColumn {
        name: String::new(),
        declared: String::new(),
        base: base.to_owned(),
        nullable: true,
    })
}

/// How values of this type are read as this kind, and as what the server has to write them first, if it has to: every type, and
/// an array of every type, has a text form, whatever it is and whoever made it.
pub(super) fn form(base: &str, kind: &Kind) -> (Form, Option<&'static str>) {
    let (base, kind, array) = match (base.strip_prefix('_'), kind) {
        (Some(item), Kind::List { item: kind, .. }) => (item, &**kind, true),
        _ => (base, kind, false),
    };
    match of(base).map(|fate| fate.wire) {
        Some(wire) if *kind != Kind::Text || wire == Wire::Text => (Form { wire, array }, None),
        _ => {
            let wire = Wire::Text;
            let cast = if array { "text[]" } else { "text" };
            (Form { wire, array }, Some(cast))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_this_one() {
        let rows: Vec<String> = FATES
            .iter()
            .map(|fate| {
                let kinds: Vec<String> = fate
                    .kinds
                    .iter()
                    .map(|kind| match kind {
                        Kind::Decimal(_) => "`Decimal<…>`".to_owned(),
                        kind => format!("`{}`", check::rust_type(kind)),
                    })
                    .collect();
                format!("| `{}` | {} |", fate.base, kinds.join(", "))
            })
            .collect();
        let table = format!("| --- | --- |\n{}\n\n", rows.join("\n"));
        let documented = include_str!("../../../docs/TYPES.md");
        assert!(
            documented.contains(&table),
            "docs/TYPES.md should have\n{table}"
        );
    }
}
