//! How a notebook is laid out as text: the bytes that Python's nbformat would write for the same notebook (keys sorted,
//! one space of indent, long text as a list of lines, Python's spelling of floats), so that a diff shows only what changed.

use std::io;

use serde::Serialize as _;
use serde_json::ser::{Formatter, PrettyFormatter};
use serde_json::{Map, Value};

/// The text of a notebook, with a newline at its end.
pub(crate) fn to_text(notebook: &Map<String, Value>) -> Result<String, serde_json::Error> {
    let mut notebook = notebook.clone();
    if let Some(Value::Array(cells)) = notebook.get_mut("cells") {
        for cell in cells {
            split_cell(cell);
        }
    }
    let mut bytes = Vec::new();
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut bytes, PythonFormatter::default());
    sorted(Value::Object(notebook)).serialize(&mut serializer)?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|error| serde_json::Error::io(io::Error::other(error)))
}

/// The text of a field that nbformat stores as one string or as a list of lines; `None` for anything else.
pub(crate) fn joined(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Whether a MIME type holds JSON, which is stored as it is and never split into lines.
pub(crate) fn is_json_mime(mime: &str) -> bool {
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
}

fn split_cell(cell: &mut Value) {
    split_field(cell.get_mut("source"));
    if let Some(Value::Object(attachments)) = cell.get_mut("attachments") {
        for bundle in attachments.values_mut() {
            split_bundle(bundle);
        }
    }
    if let Some(Value::Array(outputs)) = cell.get_mut("outputs") {
        for output in outputs {
            split_field(output.get_mut("text"));
            if let Some(bundle) = output.get_mut("data") {
                split_bundle(bundle);
            }
        }
    }
}

fn split_bundle(bundle: &mut Value) {
    let Value::Object(bundle) = bundle else {
        return;
    };
    for (mime, value) in bundle.iter_mut() {
        if mime.starts_with("text/") || mime == "application/javascript" || mime == "image/svg+xml"
        {
            split_field(Some(value));
        } else if !is_json_mime(mime)
            && let Some(text) = joined(value)
        {
            *value = Value::String(text);
        }
    }
}

fn split_field(field: Option<&mut Value>) {
    if let Some(value) = field
        && let Some(text) = joined(value)
    {
        *value = split_lines(&text).into_iter().map(Value::from).collect();
    }
}

/// Lines with their ends, by every line boundary that Python's `str.splitlines(True)` knows.
fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let boundary = matches!(
            character,
            '\n' | '\r'
                | '\u{b}'
                | '\u{c}'
                | '\u{1c}'
                | '\u{1d}'
                | '\u{1e}'
                | '\u{85}'
                | '\u{2028}'
                | '\u{2029}'
        );
        let first_of_two =
            character == '\r' && characters.peek().is_some_and(|&(_, next)| next == '\n');
        if boundary && !first_of_two {
            let end = at + character.len_utf8();
            lines.push(&text[start..end]);
            start = end;
        }
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// Every object's keys in order; serde_json keeps the order of insertion in this workspace.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// serde_json's pretty printer with one space of indent and floats spelt as Python's `repr` spells them.
struct PythonFormatter(PrettyFormatter<'static>);

impl Default for PythonFormatter {
    fn default() -> Self {
        Self(PrettyFormatter::with_indent(b" "))
    }
}

macro_rules! forward {
    ($($name:ident($($argument:ident: $kind:ty),*)),* $(,)?) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        })*
    };
}

impl Formatter for PythonFormatter {
    forward!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        begin_object_value(),
        end_object_value(),
    );

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(python_float(value).as_bytes())
    }
}

/// The shortest digits that read back as `value`, as Python prints them: `0.5`, `1e-05`, `1e+16`.
fn python_float(value: f64) -> String {
    let short = format!("{value:e}");
    let Some((digits, exponent)) = short.split_once('e') else {
        return short;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if (-4..16).contains(&exponent) => {
            let plain = format!("{value}");
            if plain.contains('.') {
                plain
            } else {
                format!("{plain}.0")
            }
        }
        Ok(exponent) => format!(
            "{digits}e{}{:02}",
            if exponent < 0 { '-' } else { '+' },
            exponent.abs()
        ),
        Err(_) => short,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_split_where_python_splits_them() {
        assert_eq!(
            split_lines("a\nb\r\nc\rd\u{2028}e"),
            ["a\n", "b\r\n", "c\r", "d\u{2028}", "e"]
        );
        assert_eq!(split_lines("ends\n"), ["ends\n"]);
        assert!(split_lines("").is_empty());
    }

    #[test]
    fn floats_are_spelt_as_python_spells_them() {
        let spelt: Vec<_> = [0.5, 1.0, 0.0001, 0.00001, 1e15, 1e16, 1.5e-7, -2.25e300]
            .map(python_float)
            .into();
        let python = [
            "0.5",
            "1.0",
            "0.0001",
            "1e-05",
            "1000000000000000.0",
            "1e+16",
            "1.5e-07",
            "-2.25e+300",
        ];
        assert_eq!(spelt, python);
    }

    #[test]
    fn text_is_split_and_pictures_and_json_are_not() {
        let notebook = json!({"nbformat": 4, "cells": [{"source": "a\nb", "outputs": [{"data": {
            "image/png": ["aGk", "="], "application/json": ["x", "y"], "text/plain": "1\n2"}}]}]});
        let text = to_text(notebook.as_object().unwrap()).unwrap();
        let back: Value = serde_json::from_str(&text).unwrap();
        let data = &back["cells"][0]["outputs"][0]["data"];
        assert_eq!(back["cells"][0]["source"], json!(["a\n", "b"]));
        assert_eq!(data["image/png"], "aGk=");
        assert_eq!(data["application/json"], json!(["x", "y"]));
        assert_eq!(data["text/plain"], json!(["1\n", "2"]));
        assert!(
            text.starts_with("{\n \"cells\": [\n  {\n   \"outputs\""),
            "{text}"
        );
        assert!(text.ends_with("}\n"));
    }
}
