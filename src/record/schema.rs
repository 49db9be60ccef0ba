//! [`Schema`], its fields and kinds, and the [`Record`] trait that `#[derive(Record)]` implements.

use super::Decimal;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of a field. One list for tables, documents, frames and JSON, so that each conversion is a short match.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A 32-bit signed whole number.
    Int32,
    /// A 64-bit signed whole number.
    Int64,
    /// A 32-bit floating point number.
    Float32,
    /// A 64-bit floating point number.
    Float64,
    /// A decimal number of up to 38 digits, so many of them after the point; see [`Decimal`].
    Decimal(u8),
    /// UTF-8 text.
    Text,
    /// Bytes.
    Bytes,
    /// A day of the calendar.
    Date,
    /// A time of day with microsecond precision.
    Time,
    /// A date and a time of day without time zone, with microsecond precision: no instant.
    Datetime,
    /// An instant in UTC with microsecond precision; RFC 3339 where it is written as text.
    Timestamp,
    /// A list of values of one kind.
    List {
        /// The kind of its items.
        item: Box<Kind>,
        /// Whether an item may be absent.
        nullable: bool,
    },
    /// Named values of their own kinds: a subdocument. Paths of its fields begin at it.
    Struct(Vec<Field>),
}

impl Kind {
    /// Whether the two differ in nothing but a decimal's scale and the nulls of a list.
    pub fn is_like(&self, other: &Kind) -> bool {
        match (self, other) {
            (Kind::Decimal(_), Kind::Decimal(_)) => true,
            (Kind::List { item, .. }, Kind::List { item: other, .. }) => item.is_like(other),
            (one, other) => one == other,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Decimal(scale) => return write!(f, "decimal with {scale} places"),
            Kind::List { item, .. } => return write!(f, "list of {item}"),
            Kind::Struct(fields) => {
                let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                return write!(f, "struct of {}", names.join(", "));
            }
            Kind::Bytes => "bytes",
            Kind::Date => "date",
            Kind::Time => "time of day",
            Kind::Datetime => "date and time without zone",
            Kind::Bool => "boolean",
            Kind::Int32 => "32-bit integer",
            Kind::Int64 => "64-bit integer",
            Kind::Float32 => "32-bit float",
            Kind::Float64 => "64-bit float",
            Kind::Text => "text",
            Kind::Timestamp => "timestamp",
        })
    }
}

/// One named, typed value of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// The name in the record, in frames and in JSON.
    pub name: String,
    /// The type of its values.
    pub kind: Kind,
    /// Whether a value may be absent.
    pub nullable: bool,
    /// Whether the field is part of the record's key.
    #[serde(default)]
    pub key: bool,
    /// Where the value lives: a column of the table, or a dotted path into the document.
    pub path: String,
    /// What the value means, with its unit; shown in the documentation of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Where the records of a schema are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A table of the relational store.
    Table(String),
    /// A collection of the document store.
    Collection(String),
    /// Nowhere: records that only travel, such as the requests of a service.
    Inline,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Table(name) => write!(f, "table {name}"),
            Place::Collection(name) => write!(f, "collection {name}"),
            Place::Inline => f.write_str("a request"),
        }
    }
}

/// The fields of a record and where they are stored, in declaration order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The table or collection.
    pub place: Place,
    /// The fields, in the order they appear in a frame.
    pub fields: Vec<Field>,
}

impl Schema {
    /// The field with this name, if there is one.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The names of all fields, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }
}

/// A struct whose fields are the columns of a table or the paths of a document. Derive it:
///
/// ```
/// use carnet::record::{Kind, Record};
///
/// #[derive(Record)]
/// #[record(table = "plane")]
/// struct Plane {
///     #[record(key)]
///     tail: String,
///     seats: Option<i32>,
/// }
/// assert_eq!(Plane::schema().fields[1].kind, Kind::Int32);
/// assert!(Plane::schema().fields[1].nullable);
/// ```
///
/// On the struct, `#[record(table = "…")]` or `#[record(collection = "…")]` says where records live; a struct without is a
/// subdocument of others. On a field, `key` marks the key and `path = "…"` names a column or a dotted path other than the
/// field's own name. `Option` means null is allowed.
pub trait Record {
    /// The record's fields and where they are stored.
    fn schema() -> Schema;
}

/// A Rust type that can be a field of a record. The derive macro asks it for the kind, so an unsupported type is a compile
/// error that names this trait.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a record",
    note = "supported: bool, i32, i64, f32, f64, Decimal<SCALE>, String, Vec<u8>, NaiveDate, NaiveTime, NaiveDateTime, DateTime<Utc>, structs that derive Record, and Option and Vec of these"
)]
pub trait RecordField {
    /// The kind of its values.
    fn kind() -> Kind;
    /// Whether it can hold a null.
    const NULLABLE: bool = false;
}

macro_rules! record_field {
    ($($rust:ty => $kind:ident),* $(,)?) => {
        $(impl RecordField for $rust { fn kind() -> Kind { Kind::$kind } })*
    };
}
record_field! {
    bool => Bool, i32 => Int32, i64 => Int64, f32 => Float32, f64 => Float64, String => Text,
    Vec<u8> => Bytes, NaiveDate => Date, NaiveTime => Time, NaiveDateTime => Datetime, DateTime<Utc> => Timestamp,
}

impl<T: RecordField> RecordField for Option<T> {
    fn kind() -> Kind {
        T::kind()
    }
    const NULLABLE: bool = true;
}

impl<T: RecordField> RecordField for Vec<T> {
    fn kind() -> Kind {
        Kind::List {
            item: Box::new(T::kind()),
            nullable: T::NULLABLE,
        }
    }
}

impl<const SCALE: u8> RecordField for Decimal<SCALE> {
    fn kind() -> Kind {
        Kind::Decimal(SCALE)
    }
}
