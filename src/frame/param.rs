//! Values bound to the placeholders of a filter. They never become part of the SQL text.

use chrono::{DateTime, SecondsFormat, Utc};

/// One bound value.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// SQL NULL.
    Null,
    /// A whole number; booleans are 0 and 1.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// Text; instants are RFC 3339 in UTC, as they are stored.
    Text(String),
}

macro_rules! param {
    ($($from:ty => |$value:ident| $to:expr),* $(,)?) => {
        $(impl From<$from> for Param { fn from($value: $from) -> Param { $to } })*
    };
}
param! {
    bool => |value| Param::Integer(value.into()),
    i32 => |value| Param::Integer(value.into()),
    i64 => |value| Param::Integer(value),
    f32 => |value| Param::Real(value.into()),
    f64 => |value| Param::Real(value),
    &str => |value| Param::Text(value.to_owned()),
    String => |value| Param::Text(value),
    DateTime<Utc> => |value| Param::Text(value.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
}

impl<T: Into<Param>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Param {
        value.map_or(Param::Null, Into::into)
    }
}
