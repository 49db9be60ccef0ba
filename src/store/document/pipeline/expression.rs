//! What a stage takes from a document: the value at a path, or a part of an instant.

use bson::raw::{RawArray, RawBson, RawBsonRef, RawDocument};
use bson::{Bson, RawArrayBuf};
use chrono::{DateTime, Datelike, Timelike, Utc};

/// An expression of MongoDB's that this knows.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Path(Vec<String>),
    Part(Part, Vec<String>),
}

/// A part of an instant, in UTC.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Year,
    Month,
    DayOfMonth,
    Hour,
}

impl Expression {
    /// `"$a.b"`, or `{ "$hour": "$a.b" }` and its like; nothing for anything else.
    pub(super) fn new(value: &Bson) -> Option<Expression> {
        if let Some(text) = value.as_str() {
            return path(text).map(Expression::Path);
        }
        let mut entries = value.as_document()?.iter();
        let (operator, operand) = entries.next()?;
        let part = match operator.as_str() {
            "$year" => Part::Year,
            "$month" => Part::Month,
            "$dayOfMonth" => Part::DayOfMonth,
            "$hour" => Part::Hour,
            _ => return None,
        };
        match entries.next() {
            None => Some(Expression::Part(part, path(operand.as_str()?)?)),
            Some(_) => None,
        }
    }

    /// Its value in the document; nothing when nothing is there.
    ///
    /// # Errors
    /// In words, when the bytes are not valid BSON, or there is no instant to take a part of.
    pub(super) fn value(&self, document: &RawDocument) -> Result<Option<RawBson>, String> {
        let at = |path: &[String]| at(document, path).map_err(|error| error.to_string());
        match self {
            Expression::Path(path) => at(path),
            Expression::Part(part, path) => match at(path)? {
                // As in MongoDB, no part of nothing.
                None | Some(RawBson::Null | RawBson::Undefined) => Ok(Some(RawBson::Null)),
                Some(RawBson::DateTime(instant)) => {
                    let millis = instant.timestamp_millis();
                    let instant = DateTime::from_timestamp_millis(millis)
                        .ok_or_else(|| format!("{millis} ms is beyond the calendar"))?;
                    Ok(Some(RawBson::Int32(part.of(instant))))
                }
                Some(_) => Err(format!("it has no date at {}", path.join("."))),
            },
        }
    }
}

impl Part {
    fn of(self, instant: DateTime<Utc>) -> i32 {
        match self {
            Part::Year => instant.year(),
            Part::Month => instant.month().cast_signed(),
            Part::DayOfMonth => instant.day().cast_signed(),
            Part::Hour => instant.hour().cast_signed(),
        }
    }
}

/// The parts of `$a.b`; nothing for a variable (`$$ROOT`), an empty part, or text without `$`.
fn path(text: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = text
        .strip_prefix('$')?
        .split('.')
        .map(str::to_owned)
        .collect();
    let named = |part: &String| !part.is_empty() && !part.starts_with('$');
    parts.iter().all(named).then_some(parts)
}

/// The value at a path as an expression reads it: numbers are names, and an array on the way gives an array of what its
/// documents have.
fn at(document: &RawDocument, path: &[String]) -> Result<Option<RawBson>, bson::error::Error> {
    let Some((name, rest)) = path.split_first() else {
        return Ok(None);
    };
    match document.get(name)? {
        value if rest.is_empty() => Ok(value.map(RawBson::from)),
        Some(RawBsonRef::Document(inner)) => at(inner, rest),
        Some(RawBsonRef::Array(items)) => each(items, rest).map(Some),
        _ => Ok(None),
    }
}

fn each(items: &RawArray, path: &[String]) -> Result<RawBson, bson::error::Error> {
    let mut found = RawArrayBuf::new();
    for item in items {
        if let RawBsonRef::Document(inner) = item?
            && let Some(value) = at(inner, path)?
        {
            found.push(value);
        }
    }
    Ok(RawBson::Array(found))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::{bson, rawdoc};

    #[test]
    fn a_path_reads_what_is_there_and_an_array_gives_what_its_documents_have() {
        let document = rawdoc! {
            "a": { "b": 1, "n": null },
            "d": [{ "t": 1 }, 2, { "u": 3 }, { "t": [4, 5] }, [{ "t": 6 }]],
        };
        let value = |text: &str| {
            let expression = Expression::new(&bson!(text)).unwrap();
            expression
                .value(&document)
                .unwrap()
                .map(|raw| Bson::try_from(raw).unwrap())
        };
        assert_eq!(value("$a.b"), Some(bson!(1)));
        assert_eq!(value("$a.n"), Some(Bson::Null));
        assert_eq!(value("$a.x"), None);
        assert_eq!(value("$a.b.c"), None);
        assert_eq!(value("$d.t"), Some(bson!([1, [4, 5]])));
        assert_eq!(value("$d.0"), Some(bson!([])));
    }

    #[test]
    fn parts_of_an_instant_are_in_utc_and_of_nothing_there_is_none() {
        let instant = bson::DateTime::from_millis(1_362_898_800_000);
        let document = rawdoc! { "t": instant, "n": null, "x": "2013" };
        let part = |operator: &str, path: &str| {
            let expression = Expression::new(&bson!({ operator: path })).unwrap();
            expression.value(&document)
        };
        let number = |number| Ok(Some(RawBson::Int32(number)));
        assert_eq!(part("$year", "$t"), number(2013));
        assert_eq!(part("$month", "$t"), number(3));
        assert_eq!(part("$dayOfMonth", "$t"), number(10));
        assert_eq!(part("$hour", "$t"), number(7));
        assert_eq!(part("$hour", "$n"), Ok(Some(RawBson::Null)));
        assert_eq!(part("$hour", "$absent"), Ok(Some(RawBson::Null)));
        assert_eq!(part("$hour", "$x"), Err("it has no date at x".to_owned()));
    }
}
