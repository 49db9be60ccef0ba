//! What rust-analyzer reads of the notebook: one file with the items of each cell in a module of its own, the imports that
//! are in scope, and the code in question in a function, after the variables that it can name.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use super::super::render::Sources;
use super::super::session::Session;
use super::super::source::items_of;

/// The name of the function that the code stands in, and of the one that makes a value of any type.
pub(super) const GENERATED: [&str; 2] = ["carnet_cell", "carnet_any"];

/// The text, and where the code stands in it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) text: String,
    code: Range<usize>,
}

impl Document {
    /// The session as it is, with `code` as the next cell.
    pub(super) fn of(session: &Session, sources: &Sources, code: &str) -> Self {
        let mut text = String::from("use ::carnet_toolkit::crates::*;\n");
        for (crate_name, items) in modules(sources) {
            text.push_str(&format!(
                "pub mod {crate_name} {{ use super::*;\n{items}}}\n"
            ));
        }
        for line in session.import_lines() {
            text.push_str(line);
            text.push('\n');
        }
        let [cell, any] = GENERATED;
        text.push_str(&format!(
            "fn {any}<T>() -> T {{ loop {{}} }}\n\
             async fn {cell}() -> ::core::result::Result<(), ::carnet_toolkit::cell::Failure> {{\n"
        ));
        for (name, variable) in &session.variables {
            let mutable = if variable.mutable { "mut " } else { "" };
            let type_ = &variable.type_;
            text.push_str(&format!("let {mutable}{name}: {type_} = {any}();\n"));
        }
        let start = text.len();
        text.push_str(code);
        let end = text.len();
        text.push_str("\n}\n");
        Self {
            text,
            code: start..end,
        }
    }

    /// The length of the code.
    pub(super) fn end(&self) -> usize {
        self.code.len()
    }

    /// The byte `at` of the code as a line and a column in bytes.
    pub(super) fn position(&self, at: usize) -> Value {
        let before = &self.text[..self.code.start + at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        json!({ "line": before.matches('\n').count(), "character": before.len() - line_start })
    }
}

/// The items of each cell as they were compiled, by its crate.
pub(super) fn modules(sources: &Sources) -> BTreeMap<String, String> {
    let module = |(file, map): (&String, &super::super::source_map::SourceMap)| {
        let lines = items_of(&map.generated).lines();
        // The crate's own name is that of its module.
        let items: String = lines
            .filter(|line| !line.starts_with("extern crate self as "))
            .flat_map(|line| [line, "\n"])
            .collect();
        (file.replace('-', "_"), items)
    };
    sources.iter().map(module).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_the_code_is_a_line_and_a_column_in_bytes() {
        let code = "let é = 1;\né.";
        let document = Document::of(&Session::default(), &Sources::new(), code);
        let lines: Vec<&str> = document.text.lines().collect();
        let position = document.position(document.end());
        let line = position["line"].as_u64().unwrap_or(0) as usize;
        assert_eq!((lines[line], &position["character"]), ("é.", &json!(3)));
        assert_eq!(document.position(4)["character"], 4);
    }
}
