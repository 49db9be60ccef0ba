//! `$group`: documents of one key, counted, summed, averaged, and their smallest and largest value kept.
//!
//! As in MongoDB, sums and means leave out what is no number, smallest and largest leave out nulls, a mean of nothing is null
//! and a sum of nothing 0. Reals are summed with the bits that rounding loses, as MongoDB does too, so that a mean does not hang
//! on the order of the documents.

use super::expression::Expression;
use super::{PipelineError, Place};
use crate::store::document::value::Value;
use bson::raw::{RawBson, RawDocument};
use bson::{Bson, Document, RawDocumentBuf};

/// A checked `$group`.
#[derive(Debug, Clone)]
pub(super) struct Group {
    key: Key,
    made: Vec<(String, Accumulator, Operand)>,
}

#[derive(Debug, Clone)]
enum Key {
    /// All documents in one group.
    All,
    One(Expression),
    Several(Vec<(String, Expression)>),
}

#[derive(Debug, Clone, Copy)]
enum Accumulator {
    Sum,
    Mean,
    Smallest,
    Largest,
}

#[derive(Debug, Clone)]
enum Operand {
    /// The same for each document: `{ "$sum": 1 }` counts.
    Number(RawBson),
    Of(Expression),
}

impl Group {
    pub(super) fn new(place: Place, operand: &Document) -> Result<Group, PipelineError> {
        let whole = Bson::from(operand.clone());
        let Some(id) = operand.get("_id") else {
            return Err(place.refuse(
                "_id",
                &whole,
                "null, a path, a part of a date, or a document of such",
            ));
        };
        let mut made = Vec::new();
        for (name, value) in operand.iter().filter(|(name, _)| *name != "_id") {
            place.name(name, value)?;
            let (accumulator, operand) = accumulated(value).ok_or_else(|| {
                place.refuse(
                    name,
                    value,
                    "$sum $avg $min or $max of a path, a part of a date or a number",
                )
            })?;
            made.push((name.clone(), accumulator, operand));
        }
        let key = key(id).ok_or_else(|| {
            place.refuse(
                "_id",
                id,
                "null, a path, a part of a date, or a document of such",
            )
        })?;
        Ok(Group { key, made })
    }

    /// The names of what it gives.
    pub(super) fn names(&self) -> Vec<String> {
        let made = self.made.iter().map(|(name, ..)| name.clone());
        std::iter::once("_id".to_owned()).chain(made).collect()
    }

    /// The document's key; what is absent is null where the key is one value, and left out of a key of several.
    pub(super) fn key(&self, document: &RawDocument) -> Result<RawBson, String> {
        Ok(match &self.key {
            Key::All => RawBson::Null,
            Key::One(expression) => expression.value(document)?.unwrap_or(RawBson::Null),
            Key::Several(parts) => {
                let mut key = RawDocumentBuf::new();
                for (name, expression) in parts {
                    if let Some(value) = expression.value(document)? {
                        append(&mut key, name, value)?;
                    }
                }
                RawBson::Document(key)
            }
        })
    }

    /// What a new group has made so far.
    pub(super) fn begin(&self) -> Vec<Made> {
        let begun = |accumulator: &Accumulator| match accumulator {
            Accumulator::Sum => Made::Sum(Sum::default()),
            Accumulator::Mean => Made::Mean(Sum::default()),
            Accumulator::Smallest => Made::Smallest(None),
            Accumulator::Largest => Made::Largest(None),
        };
        self.made
            .iter()
            .map(|(_, accumulator, _)| begun(accumulator))
            .collect()
    }

    /// Takes a document into its group.
    pub(super) fn add(&self, made: &mut [Made], document: &RawDocument) -> Result<(), String> {
        for ((_, _, operand), made) in self.made.iter().zip(made) {
            let value = match operand {
                Operand::Number(number) => Some(number.clone()),
                Operand::Of(expression) => expression.value(document)?,
            };
            if let Some(value) = value {
                made.add(value)?;
            }
        }
        Ok(())
    }

    /// The group's document.
    pub(super) fn end(&self, key: RawBson, made: Vec<Made>) -> Result<RawDocumentBuf, String> {
        let mut document = RawDocumentBuf::new();
        append(&mut document, "_id", key)?;
        for ((name, ..), made) in self.made.iter().zip(made) {
            append(&mut document, name, made.end())?;
        }
        Ok(document)
    }
}

/// Adds a value under a name that came out of a document or a checked stage.
pub(super) fn append(
    document: &mut RawDocumentBuf,
    name: &str,
    value: RawBson,
) -> Result<(), String> {
    let name = bson::raw::CString::try_from(name).map_err(|error| error.to_string())?;
    document.append(name, value);
    Ok(())
}

fn key(id: &Bson) -> Option<Key> {
    if id == &Bson::Null {
        return Some(Key::All);
    }
    if let Some(expression) = Expression::new(id) {
        return Some(Key::One(expression));
    }
    let parts = id.as_document().filter(|parts| !parts.is_empty())?;
    let part = |(name, value): (&String, &Bson)| {
        let plain = !name.is_empty() && !name.contains('.') && !name.starts_with('$');
        plain.then_some((name.clone(), Expression::new(value)?))
    };
    parts
        .iter()
        .map(part)
        .collect::<Option<_>>()
        .map(Key::Several)
}

fn accumulated(value: &Bson) -> Option<(Accumulator, Operand)> {
    let mut entries = value.as_document()?.iter();
    let (Some((name, operand)), None) = (entries.next(), entries.next()) else {
        return None;
    };
    let accumulator = match name.as_str() {
        "$sum" => Accumulator::Sum,
        "$avg" => Accumulator::Mean,
        "$min" => Accumulator::Smallest,
        "$max" => Accumulator::Largest,
        _ => return None,
    };
    let operand = match operand {
        Bson::Int32(number) => Operand::Number(RawBson::Int32(*number)),
        Bson::Int64(number) => Operand::Number(RawBson::Int64(*number)),
        Bson::Double(number) => Operand::Number(RawBson::Double(*number)),
        other => Operand::Of(Expression::new(other)?),
    };
    Some((accumulator, operand))
}

/// What an accumulator has made so far.
#[derive(Debug, Clone)]
pub(super) enum Made {
    Sum(Sum),
    Mean(Sum),
    Smallest(Option<(Value<'static>, RawBson)>),
    Largest(Option<(Value<'static>, RawBson)>),
}

impl Made {
    fn add(&mut self, value: RawBson) -> Result<(), String> {
        match self {
            Made::Sum(sum) | Made::Mean(sum) => return sum.add(&value),
            Made::Smallest(kept) => {
                if let Some(compared) = compared(&value)?
                    && kept.as_ref().is_none_or(|(least, _)| compared < *least)
                {
                    *kept = Some((compared, value));
                }
            }
            Made::Largest(kept) => {
                if let Some(compared) = compared(&value)?
                    && kept.as_ref().is_none_or(|(most, _)| compared > *most)
                {
                    *kept = Some((compared, value));
                }
            }
        }
        Ok(())
    }

    fn end(self) -> RawBson {
        match self {
            Made::Sum(sum) => sum.total(),
            Made::Mean(sum) => sum.mean(),
            Made::Smallest(kept) | Made::Largest(kept) => {
                kept.map_or(RawBson::Null, |(_, value)| value)
            }
        }
    }
}

/// The value to compare by; nothing for what stands for no value.
fn compared(value: &RawBson) -> Result<Option<Value<'static>>, String> {
    if matches!(value, RawBson::Null | RawBson::Undefined) {
        return Ok(None);
    }
    let value = Value::of(value.as_raw_bson_ref()).map_err(|error| error.to_string())?;
    Ok(Some(value.into_owned()))
}

/// A sum of numbers: whole ones exactly, reals with what rounding loses (Neumaier).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    count: u64,
    whole: i128,
    real: f64,
    lost: f64,
    has_real: bool,
    has_long: bool,
}

impl Sum {
    fn add(&mut self, value: &RawBson) -> Result<(), String> {
        match value {
            RawBson::Int32(number) => self.whole += i128::from(*number),
            RawBson::Int64(number) => {
                self.has_long = true;
                self.whole += i128::from(*number);
            }
            RawBson::Double(number) => {
                self.has_real = true;
                self.add_real(*number);
            }
            RawBson::Decimal128(_) => {
                return Err(
                    "it has a decimal, which $sum and $avg do not add here; MongoDB does".into(),
                );
            }
            _ => return Ok(()),
        }
        self.count += 1;
        Ok(())
    }

    fn add_real(&mut self, number: f64) {
        let sum = self.real + number;
        self.lost += if self.real.abs() >= number.abs() {
            (self.real - sum) + number
        } else {
            (number - sum) + self.real
        };
        self.real = sum;
    }

    /// All of it as a real; of infinities and NaN nothing is lost that could be given back.
    fn real(mut self) -> f64 {
        self.add_real(self.whole as f64);
        if self.real.is_finite() {
            self.real + self.lost
        } else {
            self.real
        }
    }

    /// As in MongoDB as narrow as it may be: 32 bits, 64 bits, then a real.
    fn total(self) -> RawBson {
        if !self.has_real {
            match (i32::try_from(self.whole), i64::try_from(self.whole)) {
                (Ok(number), _) if !self.has_long => return RawBson::Int32(number),
                (_, Ok(number)) => return RawBson::Int64(number),
                _ => {}
            }
        }
        RawBson::Double(self.real())
    }

    fn mean(self) -> RawBson {
        match self.count {
            0 => RawBson::Null,
            count => RawBson::Double(self.real() / count as f64),
        }
    }
}
