//! Values bound to the placeholders of a filter. They never become part of the SQL text.

use chrono::{DateTime, NaiveDate, Utc};

/// One bound value.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// SQL NULL.
    Null,
    /// A whole number; booleans are 0 and 1.
    Integer(i64),
    /// A floating point number.
    Real(f64),
    /// Text.
    Text(String),
    /// An instant. It is compared with stored text (`2013-03-10T06:30:00Z`), which sorts as time does while it is of whole
    /// seconds; so one with a part of a second is refused, and stored instants with one are outside what a filter can order.
    Instant(DateTime<Utc>),
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
    DateTime<Utc> => |value| Param::Instant(value),
    NaiveDate => |value| Param::Text(value.to_string()),
}

/// Values for all placeholders of a filter or a query, in their order: `()` for none, an array or a vector of one type, a tuple of
/// several.
///
/// ```
/// use carnet::frame::{IntoParams, Param};
/// assert_eq!((1, "JFK").into_params(), [Param::Integer(1), Param::Text("JFK".into())]);
/// ```
pub trait IntoParams {
    /// The values.
    fn into_params(self) -> Vec<Param>;
}

impl IntoParams for () {
    fn into_params(self) -> Vec<Param> {
        Vec::new()
    }
}

impl<P: Into<Param>, const N: usize> IntoParams for [P; N] {
    fn into_params(self) -> Vec<Param> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<P: Into<Param>> IntoParams for Vec<P> {
    fn into_params(self) -> Vec<Param> {
        self.into_iter().map(Into::into).collect()
    }
}

macro_rules! into_params {
    ($($name:ident)*) => {
        impl<$($name: Into<Param>),*> IntoParams for ($($name,)*) {
            fn into_params(self) -> Vec<Param> {
                #[allow(non_snake_case)]
                let ($($name,)*) = self;
                vec![$($name.into()),*]
            }
        }
    };
}
into_params!(A);
into_params!(A B);
into_params!(A B C);
into_params!(A B C D);
into_params!(A B C D E);
into_params!(A B C D E F);

impl<T: Into<Param>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Param {
        value.map_or(Param::Null, Into::into)
    }
}
