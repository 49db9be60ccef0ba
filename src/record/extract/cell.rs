//! The texts of a row as a serde deserializer, so that a record is built from them without a value in between.

use super::Format;
use super::format::{grouped, is_clock, whole};
use super::plan::Slot;
use crate::record::Kind;
use chrono::{NaiveDate, NaiveDateTime};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt::{self, Display, Write};

/// Days as ISO 8601 has them.
const ISO: &str = "%Y-%m-%d";
/// Characters of a wrong text that are repeated in the reason.
const SHOWN: usize = 60;

/// Why a row is no record: the field, by its place in the record, and the reason. Boxed, as it is the rare case.
#[derive(Debug)]
pub(super) struct Misfit(Box<(usize, String)>);

impl Misfit {
    /// The field's place in the record, and the reason.
    pub(super) fn parts(self) -> (usize, String) {
        *self.0
    }

    fn new(reason: String) -> Misfit {
        Misfit(Box::new((0, reason)))
    }

    fn of_text(text: &[u8], expected: &dyn Display) -> Misfit {
        Misfit::new(format!("found {}, which is not {expected}", shown(text)))
    }
}

impl Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.1)
    }
}

impl std::error::Error for Misfit {}

impl serde::de::Error for Misfit {
    fn custom<T: Display>(reason: T) -> Misfit {
        Misfit::new(reason.to_string())
    }
}

/// The text as it may be repeated in a message.
fn shown(text: &[u8]) -> String {
    let whole = String::from_utf8_lossy(&text[..text.len().min(4 * SHOWN + 4)]);
    let mut cut: String = whole.chars().take(SHOWN).collect();
    if text.len() > cut.len() && whole.chars().count() > SHOWN {
        cut.push('…');
    }
    format!("{cut:?}")
}

/// Builds a record from one text a field, in the record's order; no text is a null.
pub(super) fn build<'r, R: DeserializeOwned>(
    slots: impl Iterator<Item = (&'r Slot, Option<&'r [u8]>)>,
) -> Result<R, Misfit> {
    R::deserialize(RowCells { slots, at: 0 })
}

struct RowCells<I> {
    slots: I,
    at: usize,
}

impl<'r, 'de, I: Iterator<Item = (&'r Slot, Option<&'r [u8]>)>> Deserializer<'de> for RowCells<I> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_seq(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'r, 'de, I: Iterator<Item = (&'r Slot, Option<&'r [u8]>)>> SeqAccess<'de> for RowCells<I> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some((slot, text)) = self.slots.next() else {
            return Ok(None);
        };
        let text = text.filter(|text| !slot.is_null(text));
        let value = seed
            .deserialize(Cell { slot, text })
            .map_err(|mut misfit| {
                misfit.0.0 = self.at;
                misfit
            })?;
        self.at += 1;
        Ok(Some(value))
    }
}

/// One text and how it is read.
struct Cell<'r> {
    slot: &'r Slot,
    text: Option<&'r [u8]>,
}

impl<'de> Deserializer<'de> for Cell<'_> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let Some(text) = self.text else {
            return Err(Misfit::new("found nothing, and it may not be null".into()));
        };
        let wrong = || Misfit::of_text(text, &self.slot.format);
        match self.slot.format {
            Format::Text => visitor.visit_str(utf8(text)?),
            Format::Clock if is_clock(text) => visitor.visit_str(utf8(text)?),
            Format::Clock => Err(wrong()),
            Format::Whole => self.integer(whole(text).ok_or_else(wrong)?, visitor),
            Format::Grouped => self.integer(grouped(text).ok_or_else(wrong)?, visitor),
            Format::Number => self.float(text, visitor),
            Format::Flag => match whole(text) {
                Some(0) => visitor.visit_bool(false),
                Some(1) => visitor.visit_bool(true),
                _ => Err(wrong()),
            },
            Format::Choice { yes, .. } if text == yes.as_bytes() => visitor.visit_bool(true),
            Format::Choice { no, .. } if text == no.as_bytes() => visitor.visit_bool(false),
            Format::Choice { .. } => Err(wrong()),
            Format::Is(mark) => visitor.visit_bool(text == mark.as_bytes()),
            // The form that chrono's types read anyway, so nothing has to be written anew.
            Format::Date(ISO) if is_iso_day(text) => visitor.visit_str(utf8(text)?),
            Format::Date(pattern) => {
                let day = NaiveDate::parse_from_str(utf8(text)?, pattern)
                    .ok()
                    .filter(|day| written(day.format(pattern)).is_some_and(|w| w.text() == text))
                    .ok_or_else(wrong)?;
                visit_written(day.format(ISO), visitor)
            }
            Format::Datetime(pattern) => {
                let time = NaiveDateTime::parse_from_str(utf8(text)?, pattern)
                    .ok()
                    .filter(|time| written(time.format(pattern)).is_some_and(|w| w.text() == text))
                    .ok_or_else(wrong)?;
                let form = match self.slot.kind {
                    Kind::Timestamp => "%Y-%m-%dT%H:%M:%S%.fZ",
                    _ => "%Y-%m-%dT%H:%M:%S%.f",
                };
                visit_written(time.format(form), visitor)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.text {
            None => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl Cell<'_> {
    fn integer<'de, V: Visitor<'de>>(&self, number: i64, visitor: V) -> Result<V::Value, Misfit> {
        if self.slot.kind == Kind::Int32 && i32::try_from(number).is_err() {
            return Err(Misfit::new(format!(
                "found {number}, which does not fit a {}",
                self.slot.kind
            )));
        }
        visitor.visit_i64(number)
    }

    fn float<'de, V: Visitor<'de>>(&self, text: &[u8], visitor: V) -> Result<V::Value, Misfit> {
        let wrong = || Misfit::of_text(text, &self.slot.format);
        // Rust also reads `inf` and `nan`, which no source means as a number.
        if !text
            .last()
            .is_some_and(|last| last.is_ascii_digit() || *last == b'.')
        {
            return Err(wrong());
        }
        let digits = utf8(text)?;
        if self.slot.kind == Kind::Float32 {
            let number: f32 = digits.parse().map_err(|_| wrong())?;
            return if number.is_finite() {
                visitor.visit_f32(number)
            } else {
                Err(wrong())
            };
        }
        let number: f64 = digits.parse().map_err(|_| wrong())?;
        if number.is_finite() {
            visitor.visit_f64(number)
        } else {
            Err(wrong())
        }
    }
}

/// Whether the text is a day of the calendar as ten characters, `2013-01-31`.
fn is_iso_day(text: &[u8]) -> bool {
    let number = |digits: &[u8]| whole(digits).and_then(|number| u32::try_from(number).ok());
    let [year @ .., b'-', m, n, b'-', d, e] = text else {
        return false;
    };
    let mut digits = year.iter().chain([m, n, d, e]);
    year.len() == 4
        && digits.all(u8::is_ascii_digit)
        && number(year)
            .zip(number(&[*m, *n]))
            .zip(number(&[*d, *e]))
            .and_then(|((year, month), day)| {
                NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
            })
            .is_some()
}

fn utf8(text: &[u8]) -> Result<&str, Misfit> {
    std::str::from_utf8(text).map_err(|error| {
        Misfit::new(format!(
            "found {}, which is not UTF-8: {error}",
            shown(text)
        ))
    })
}

/// A short text on the stack.
struct Written([u8; 64], usize);

impl Written {
    fn text(&self) -> &[u8] {
        self.0.get(..self.1).unwrap_or_default()
    }
}

impl Write for Written {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.1 + text.len();
        let place = self.0.get_mut(self.1..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.1 = end;
        Ok(())
    }
}

/// The value as text; none when it is longer than any time.
fn written(value: impl Display) -> Option<Written> {
    let mut text = Written([0; 64], 0);
    write!(text, "{value}").ok()?;
    Some(text)
}

/// Hands chrono's types the one form that they read, without an allocation.
fn visit_written<'de, V: Visitor<'de>>(
    value: impl Display,
    visitor: V,
) -> Result<V::Value, Misfit> {
    let text = written(value).ok_or_else(|| Misfit::new("found a time out of range".into()))?;
    visitor.visit_str(utf8(text.text())?)
}

/// The names that serde gives the fields of a struct, in order; none when the type is no struct.
pub(super) fn fields<R: DeserializeOwned>() -> Option<&'static [&'static str]> {
    struct Probe<'a>(&'a mut Option<&'static [&'static str]>);
    impl<'de> Deserializer<'de> for Probe<'_> {
        type Error = Misfit;
        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Misfit> {
            Err(Misfit::custom("not a struct"))
        }
        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Misfit> {
            *self.0 = Some(fields);
            Err(Misfit::custom("only asked for its names"))
        }
        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }
    let mut found = None;
    // It always fails, once it has told the names.
    let _ = R::deserialize(Probe(&mut found));
    found
}
