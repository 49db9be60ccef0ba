//! BSON values in MongoDB's order, in which filters compare and sorting sorts.

use super::number::Number;
use bson::raw::{RawArray, RawBsonRef, RawDocument};
use std::borrow::Cow;

/// A value that compares as in MongoDB: first by type, in the order of these variants, then within the type. Documents compare
/// element by element, so the order of their elements counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value<'a> {
    MinKey,
    /// A deprecated type; sorting takes an empty array for it.
    Undefined,
    Null,
    Number(Number),
    /// Text, and the deprecated symbol, in the order of their bytes.
    Text(Cow<'a, str>),
    Document(Vec<Element<'a>>),
    Array(Vec<Value<'a>>),
    /// The length, the subtype and the bytes.
    Binary(usize, u8, Cow<'a, [u8]>),
    Id([u8; 12]),
    Boolean(bool),
    /// Milliseconds from the epoch.
    Date(i64),
    /// Seconds from the epoch and a number within the second.
    Timestamp(u32, u32),
    /// The pattern and the options.
    Regex(Cow<'a, str>, Cow<'a, str>),
    /// A deprecated type, which the driver only lets us print.
    Pointer(String),
    Code(Cow<'a, str>),
    ScopedCode(Cow<'a, str>, Vec<Element<'a>>),
    MaxKey,
}

/// An element of a document. MongoDB compares the types of two values first, then their names, then the values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Element<'a> {
    kind: u8,
    name: Cow<'a, str>,
    value: Value<'a>,
}

impl<'a> Value<'a> {
    /// The value of raw bytes; only documents and arrays are copied.
    ///
    /// # Errors
    /// When the bytes are not valid BSON.
    pub(super) fn of(raw: RawBsonRef<'a>) -> Result<Value<'a>, bson::error::Error> {
        Ok(match raw {
            RawBsonRef::MinKey => Value::MinKey,
            RawBsonRef::Undefined => Value::Undefined,
            RawBsonRef::Null => Value::Null,
            RawBsonRef::Int32(number) => Value::Number(Number::Whole(number.into())),
            RawBsonRef::Int64(number) => Value::Number(Number::Whole(number)),
            RawBsonRef::Double(number) => Value::Number(Number::Real(number)),
            RawBsonRef::Decimal128(number) => Value::Number(Number::of_decimal(number)),
            RawBsonRef::String(text) | RawBsonRef::Symbol(text) => Value::Text(text.into()),
            RawBsonRef::Document(document) => Value::Document(elements(document)?),
            RawBsonRef::Array(items) => Value::Array(values(items)?),
            RawBsonRef::Binary(binary) => Value::Binary(
                binary.bytes.len(),
                binary.subtype.into(),
                binary.bytes.into(),
            ),
            RawBsonRef::ObjectId(id) => Value::Id(id.bytes()),
            RawBsonRef::Boolean(value) => Value::Boolean(value),
            RawBsonRef::DateTime(instant) => Value::Date(instant.timestamp_millis()),
            RawBsonRef::Timestamp(stamp) => Value::Timestamp(stamp.time, stamp.increment),
            RawBsonRef::RegularExpression(regex) => {
                Value::Regex(regex.pattern.as_str().into(), regex.options.as_str().into())
            }
            RawBsonRef::DbPointer(pointer) => Value::Pointer(format!("{pointer:?}")),
            RawBsonRef::JavaScriptCode(code) => Value::Code(code.into()),
            RawBsonRef::JavaScriptCodeWithScope(code) => {
                Value::ScopedCode(code.code.into(), elements(code.scope)?)
            }
            RawBsonRef::MaxKey => Value::MaxKey,
        })
    }

    /// The value without the bytes that it came from.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Value::Text(text) => Value::Text(owned(text)),
            Value::Document(elements) => Value::Document(owned_elements(elements)),
            Value::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Value::Binary(length, subtype, bytes) => {
                Value::Binary(length, subtype, Cow::Owned(bytes.into_owned()))
            }
            Value::Regex(pattern, options) => Value::Regex(owned(pattern), owned(options)),
            Value::Code(code) => Value::Code(owned(code)),
            Value::ScopedCode(code, scope) => Value::ScopedCode(owned(code), owned_elements(scope)),
            Value::MinKey => Value::MinKey,
            Value::Undefined => Value::Undefined,
            Value::Null => Value::Null,
            Value::Number(number) => Value::Number(number),
            Value::Id(id) => Value::Id(id),
            Value::Boolean(value) => Value::Boolean(value),
            Value::Date(millis) => Value::Date(millis),
            Value::Timestamp(time, increment) => Value::Timestamp(time, increment),
            Value::Pointer(pointer) => Value::Pointer(pointer),
            Value::MaxKey => Value::MaxKey,
        }
    }

    /// The type's place in the order of types.
    pub(super) fn kind(&self) -> u8 {
        match self {
            Value::MinKey => 0,
            Value::Undefined => 1,
            Value::Null => 2,
            Value::Number(_) => 3,
            Value::Text(_) => 4,
            Value::Document(_) => 5,
            Value::Array(_) => 6,
            Value::Binary(..) => 7,
            Value::Id(_) => 8,
            Value::Boolean(_) => 9,
            Value::Date(_) => 10,
            Value::Timestamp(..) => 11,
            Value::Regex(..) => 12,
            Value::Pointer(_) => 13,
            Value::Code(_) => 14,
            Value::ScopedCode(..) => 15,
            Value::MaxKey => 16,
        }
    }
}

fn elements(document: &RawDocument) -> Result<Vec<Element<'_>>, bson::error::Error> {
    document
        .iter()
        .map(|element| {
            let (name, raw) = element?;
            let value = Value::of(raw)?;
            Ok(Element {
                kind: value.kind(),
                name: name.as_str().into(),
                value,
            })
        })
        .collect()
}

fn values(items: &RawArray) -> Result<Vec<Value<'_>>, bson::error::Error> {
    items.into_iter().map(|item| Value::of(item?)).collect()
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

fn owned_elements(elements: Vec<Element<'_>>) -> Vec<Element<'static>> {
    elements
        .into_iter()
        .map(|element| Element {
            kind: element.kind,
            name: owned(element.name),
            value: element.value.into_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::spec::BinarySubtype;
    use bson::{Binary, Bson, DateTime, RawBson, Regex, Timestamp, bson, oid::ObjectId};

    fn value(bson: Bson) -> Value<'static> {
        let raw = RawBson::try_from(bson).unwrap();
        Value::of(raw.as_raw_bson_ref()).unwrap().into_owned()
    }

    fn binary(subtype: BinarySubtype, bytes: &[u8]) -> Bson {
        Bson::Binary(Binary {
            subtype,
            bytes: bytes.to_vec(),
        })
    }

    #[test]
    fn values_of_every_type_are_in_one_order() {
        let timestamp = |time, increment| Bson::Timestamp(Timestamp { time, increment });
        let regex = |pattern: &str, options: &str| {
            Bson::RegularExpression(Regex {
                pattern: pattern.try_into().unwrap(),
                options: options.try_into().unwrap(),
            })
        };
        let ascending = [
            Bson::MinKey,
            Bson::Undefined,
            Bson::Null,
            bson!(f64::NAN),
            bson!(-1),
            bson!(2_i64),
            bson!(""),
            bson!("Z"),
            bson!("a"),
            bson!("\u{ff5e}"),
            bson!("\u{1f600}"),
            bson!({}),
            bson!({ "a": null }),
            bson!({ "a": 1 }),
            bson!([]),
            bson!([1]),
            bson!([1, null]),
            bson!([2]),
            bson!(["a"]),
            binary(BinarySubtype::Uuid, &[9]),
            binary(BinarySubtype::Generic, &[1, 2]),
            binary(BinarySubtype::Uuid, &[0, 0]),
            Bson::ObjectId(ObjectId::from_bytes([1; 12])),
            Bson::ObjectId(ObjectId::from_bytes([255; 12])),
            bson!(false),
            bson!(true),
            Bson::DateTime(DateTime::from_millis(-1)),
            Bson::DateTime(DateTime::from_millis(1)),
            timestamp(1, 2),
            timestamp(u32::MAX, 0),
            regex("a", ""),
            regex("a", "i"),
            Bson::JavaScriptCode("a".into()),
            Bson::MaxKey,
        ];
        let ascending: Vec<_> = ascending.into_iter().map(value).collect();
        for (at, low) in ascending.iter().enumerate() {
            for (place, high) in ascending.iter().enumerate() {
                assert_eq!(low.cmp(high), at.cmp(&place), "{low:?} and {high:?}");
                assert_eq!(
                    low.kind() < high.kind(),
                    low.kind() != high.kind() && at < place
                );
            }
        }
    }

    #[test]
    fn documents_compare_by_type_then_name_then_value_then_length() {
        let ascending = [
            bson!({}),
            bson!({ "z": null }),
            bson!({ "a": 1 }),
            bson!({ "a": 1, "b": 1 }),
            bson!({ "a": 2 }),
            bson!({ "b": 1 }),
            bson!({ "a": "x" }),
        ];
        let ascending: Vec<_> = ascending.into_iter().map(value).collect();
        assert!(ascending.is_sorted_by(|a, b| a < b));
        assert_ne!(
            value(bson!({ "a": 1, "b": 2 })),
            value(bson!({ "b": 2, "a": 1 }))
        );
        assert_eq!(
            value(bson!({ "a": [1, f64::NAN] })),
            value(bson!({ "a": [1.0, f64::NAN] }))
        );
    }
}
