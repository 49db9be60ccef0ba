//! What becomes of each PostgreSQL type: the kinds a record may give a column of it, and how its values travel.
//!
//! `docs/TYPES.md` has this table for readers; a test compares the two. A type that is not listed, be it an array, a range, a
//! composite or an extension's, has one fate: text, as PostgreSQL itself writes it.

use crate::record::Kind;
use crate::store::relational::CatalogueColumn;

/// How the bytes of a value are to be read: the type's binary form (the `…send` functions of PostgreSQL).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
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
    /// Microseconds since 2000-01-01, in UTC.
    Timestamptz,
}

/// A type and what it can be loaded as, the natural kind first.
pub(super) struct Fate {
    /// `pg_type.typname`, or `enum`.
    pub(super) base: &'static str,
    wire: Wire,
    kinds: &'static [Kind],
}

/// All types that travel in their own binary form.
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
            Kind::Text,
        ],
    ),
    fate(
        "int4",
        Wire::Int4,
        &[Kind::Int32, Kind::Int64, Kind::Float64, Kind::Text],
    ),
    fate(
        "int8",
        Wire::Int8,
        &[Kind::Int64, Kind::Int32, Kind::Float64, Kind::Text],
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
    fate("numeric", Wire::Numeric, &[Kind::Float64, Kind::Text]),
    fate("text", Wire::Text, &[Kind::Text]),
    fate("varchar", Wire::Text, &[Kind::Text]),
    fate("bpchar", Wire::Text, &[Kind::Text]),
    fate("name", Wire::Text, &[Kind::Text]),
    fate("json", Wire::Text, &[Kind::Text]),
    fate("xml", Wire::Text, &[Kind::Text]),
    fate("enum", Wire::Text, &[Kind::Text]),
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

/// The kinds a column can be loaded as, the natural one first.
pub(in crate::frame) fn kinds(column: &CatalogueColumn) -> &'static [Kind] {
    of(&column.base).map_or(&[Kind::Text], |fate| fate.kinds)
}

/// How values of this type are read as this kind; none when the server has to write them as text first.
pub(super) fn wire(base: &str, kind: Kind) -> Option<Wire> {
    let fate = of(base)?;
    if kind == Kind::Text && fate.wire != Wire::Text {
        return None;
    }
    Some(fate.wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(kind: Kind) -> &'static str {
        crate::frame::check::rust_type(kind)
    }

    #[test]
    fn the_documented_table_is_this_one() {
        let rows: Vec<String> = FATES
            .iter()
            .map(|fate| {
                let kinds: Vec<String> = fate
                    .kinds
                    .iter()
                    .map(|kind| format!("`{}`", rust(*kind)))
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
