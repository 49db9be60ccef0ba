//! From a request's body to its records, without ever holding more than the limits allow: bytes are counted while they
//! arrive, records and values while they are parsed.

use crate::{problem::Problem, settings::Limits};
use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use futures::StreamExt;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::{cell::Cell, fmt, time::Duration};

/// How long a body that was refused for its size is still taken off the wire and thrown away. Closing while the client
/// sends would reset the connection and could lose the answer that says why.
const DISCARD: Duration = Duration::from_secs(2);

/// Values that a record may hold beside those of the schema before the whole body counts as too large.
const SPARE_VALUES: usize = 1_000;

/// The records of one request.
#[derive(Debug)]
pub(crate) struct Records {
    /// The records, at least one.
    pub(crate) values: Vec<Value>,
    /// Whether the body was one record, not a list.
    pub(crate) single: bool,
}

/// Refuses a body that is not declared as JSON.
pub(crate) fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Err(Problem::MediaType {
            found: "missing".into(),
        });
    };
    let found = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let essence = found
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
    {
        Ok(())
    } else {
        Err(Problem::MediaType { found })
    }
}

/// The bytes of the body, at most `limit`. More are refused by their declared length, or when the first byte too many
/// arrives; what follows is thrown away, not kept.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::TooLarge { limit, of: "bytes" };
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let mut chunks = body.into_data_stream();
    if declared.is_some_and(|length| length > limit as u64) {
        // A client that asks first (Expect: 100-continue) has sent nothing yet and gets its answer at once.
        if !headers.contains_key(header::EXPECT) {
            discard(&mut chunks).await;
        }
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(declared.map_or(0, |length| length as usize));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Problem::Broken(error.to_string()))?;
        if bytes.len() + chunk.len() > limit {
            drop(bytes);
            discard(&mut chunks).await;
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn discard(chunks: &mut axum::body::BodyDataStream) {
    let all = async { while let Some(Ok(_)) = chunks.next().await {} };
    // Either way the answer goes out now; what is left is the client's loss.
    let _ = tokio::time::timeout(DISCARD, all).await;
}

/// Parses one record or a list of records. `fields` is how many the model's record has.
///
/// # Errors
/// When the body is not JSON, names a field twice, is an empty list, or holds more records or values than allowed.
pub(crate) fn records(bytes: &[u8], limits: &Limits, fields: usize) -> Result<Records, Problem> {
    let most_values = limits
        .max_records
        .saturating_mul(fields.saturating_add(1))
        .saturating_add(SPARE_VALUES);
    let budget = Budget {
        records: limits.max_records,
        values: Cell::new(most_values),
        passed: Cell::new(None),
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = Part {
        budget: &budget,
        top: true,
    }
    .deserialize(&mut reader)
    .and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    match (parsed, budget.passed.get()) {
        (_, Some("records")) => Err(Problem::TooLarge {
            limit: limits.max_records,
            of: "records",
        }),
        (_, Some(of)) => Err(Problem::TooLarge {
            limit: most_values,
            of,
        }),
        (Err(error), None) => Err(not_json(bytes, &error)),
        (Ok(Value::Array(values)), None) if values.is_empty() => Err(Problem::NoRecords),
        (Ok(Value::Array(values)), None) => Ok(Records {
            values,
            single: false,
        }),
        (Ok(value), None) => Ok(Records {
            values: vec![value],
            single: true,
        }),
    }
}

fn not_json(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let mut reason = text.split(" at line ").next().unwrap_or(&text).to_owned();
    let rest = bytes
        .split(|byte| *byte == b'\n')
        .nth(line.saturating_sub(1))
        .unwrap_or_default();
    let rest = rest.get(column.saturating_sub(2)..).unwrap_or_default();
    let literal = |name: &[u8]| {
        rest.starts_with(name) || rest.get(1..).is_some_and(|rest| rest.starts_with(name))
    };
    if bytes.is_empty() {
        reason = "there is no body".into();
    } else if literal(b"NaN") || literal(b"Infinity") || literal(b"nan") || literal(b"inf") {
        reason.push_str(" (NaN and Infinity are not JSON; a missing value is null)");
    }
    Problem::NotJson {
        reason,
        line,
        column,
    }
}

/// What may still be read of one body.
struct Budget {
    records: usize,
    values: Cell<usize>,
    passed: Cell<Option<&'static str>>,
}

impl Budget {
    fn pass<E: serde::de::Error>(&self, of: &'static str) -> E {
        self.passed.set(Some(of));
        E::custom("over a limit")
    }
}

/// A JSON value read within a budget: the same as [`Value`]'s own reader, but it stops early and refuses a repeated name.
#[derive(Clone, Copy)]
struct Part<'a> {
    budget: &'a Budget,
    top: bool,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.budget.values.get().checked_sub(1) else {
            return Err(self.budget.pass("values"));
        };
        self.budget.values.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Part { top: false, ..self })? {
            if self.top && values.len() == self.budget.records {
                return Err(self.budget.pass("records"));
            }
            values.push(value);
        }
        Ok(Value::Array(values))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!(
                    "the name {name:?} is there twice in one object"
                )));
            }
            let value = entries.next_value_seed(Part { top: false, ..self })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn parse(text: &str) -> Result<Records, Problem> {
        records(
            text.as_bytes(),
            &Limits {
                max_records: 3,
                ..Limits::default()
            },
            2,
        )
    }

    #[test]
    fn values_are_those_of_the_plain_json_reader() {
        let text = r#"{"a": [1, -2, 0.1, 1e300, 18446744073709551615, true, null, "é\n"], "b": {"c": {}}}"#;
        let read = parse(text).unwrap();
        assert!(read.single);
        assert_eq!(read.values, [serde_json::from_str::<Value>(text).unwrap()]);
    }

    #[test]
    fn a_list_is_read_up_to_the_limit_and_no_further() {
        assert_eq!(parse("[{},{},{}]").unwrap().values.len(), 3);
        // Not JSON after the fourth record: the reader never got there.
        assert!(matches!(
            parse("[{},{},{},{},!").unwrap_err(),
            Problem::TooLarge {
                limit: 3,
                of: "records"
            }
        ));
        assert!(matches!(parse("[]").unwrap_err(), Problem::NoRecords));
    }

    #[test]
    fn one_record_cannot_hold_any_number_of_values() {
        let wide = format!("{{\"a\":[{}0]}}", "0,".repeat(5_000));
        assert!(matches!(
            parse(&wide).unwrap_err(),
            Problem::TooLarge { of: "values", .. }
        ));
        let deep = "[".repeat(100_000);
        assert!(matches!(
            parse(&deep).unwrap_err(),
            Problem::NotJson { line: 1, .. }
        ));
    }

    #[test]
    fn what_is_not_json_is_located() {
        let located = |text: &str| match parse(text).unwrap_err() {
            Problem::NotJson {
                reason,
                line,
                column,
            } => (line, column, reason),
            other => panic!("{other:?}"),
        };
        assert_eq!(located("{\n  \"a\": tru }").0, 2);
        let (line, column, reason) = located("{\"a\": 1,\n \"b\": NaN}");
        assert_eq!((line, column), (2, 7));
        assert!(reason.contains("null"), "{reason}");
        assert!(located("{\"a\": -Infinity}").2.contains("not JSON"));
        assert!(located("").2.contains("no body"));
        assert!(located("{} {}").2.contains("trailing"));
        assert!(located("{\"a\":1,\"a\":2}").2.contains("twice"));
        assert!(located("{\"a\": 1e999}").2.contains("out of range"));
    }

    #[test]
    fn json_is_recognised_by_its_media_type() {
        let check = |text: &str| {
            check_media_type(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                text.parse().unwrap(),
            )]))
        };
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.api+json",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "text/plain",
            "application/jsonp",
            "application/x-www-form-urlencoded",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check_media_type(&HeaderMap::new()).is_err());
    }
}
