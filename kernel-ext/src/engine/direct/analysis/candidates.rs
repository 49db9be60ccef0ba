//! What may stand at the cursor: names the session knows itself, commands, and what rust-analyzer answers.

use std::collections::HashSet;

use serde_json::Value;

use super::super::commands;
use super::super::session::Session;
use super::document::GENERATED;
use crate::engine::Candidate;

/// Where a candidate comes in the list, before all else: whether its case is as typed, whether it is a variable of the
/// session, whether a variable at all.
type Rank = (bool, bool, bool);

/// Candidates as they are found, each name once.
#[derive(Debug)]
pub(super) struct Found<'a> {
    word: &'a str,
    known: HashSet<String>,
    ranked: Vec<(Rank, Candidate)>,
}

impl<'a> Found<'a> {
    /// For a word that is written so far.
    pub(super) fn new(word: &'a str) -> Self {
        Self {
            word,
            known: HashSet::new(),
            ranked: Vec::new(),
        }
    }

    /// Adds what the session knows itself: its variables, its items and imports, the crates.
    pub(super) fn add_own(&mut self, session: &Session, crates: &[String]) {
        for (name, variable) in &session.variables {
            self.add(name, "instance", Some(short_type(&variable.type_)), true);
        }
        for name in session.names_in_scope() {
            let kind = match name.chars().next() {
                Some(first) if first.is_uppercase() => "struct",
                _ => "function",
            };
            self.add(name, kind, None, false);
        }
        for name in crates {
            self.add(name, "module", None, false);
        }
    }

    /// Adds an answer of rust-analyzer; `session` is given where names of the session may stand.
    pub(super) fn add_answer(&mut self, answer: &Value, session: Option<&Session>) {
        let items = answer.get("items").unwrap_or(answer);
        let mut items: Vec<&Value> = items.as_array().into_iter().flatten().collect();
        // Methods of a type's own before those of traits.
        items.sort_by_key(|item| {
            let of_trait = item["labelDetails"]["detail"].as_str();
            let of_trait = of_trait.is_some_and(|detail| detail.contains("(as "));
            (item["sortText"].as_str(), of_trait, item["label"].as_str())
        });
        for item in items {
            let Some(label) = item["label"].as_str() else {
                continue;
            };
            let written = item["textEdit"]["newText"].as_str();
            let written = written.or(item["insertText"].as_str()).unwrap_or(label);
            if is_generated(written) {
                continue;
            }
            let kind = kind(item["kind"].as_u64());
            let signature = item["labelDetails"]["description"].as_str();
            let signature = signature.or(item["detail"].as_str()).map(str::to_owned);
            let is_own = session.is_some_and(|session| session.variables.contains_key(written));
            self.add(written, kind, signature, is_own);
        }
    }

    fn add(&mut self, name: &str, kind: &str, signature: Option<String>, is_own: bool) {
        let name_typed = name.get(..self.word.len());
        let fits = name_typed.is_some_and(|start| start.eq_ignore_ascii_case(self.word));
        if fits && self.known.insert(name.to_owned()) {
            let rank = (name_typed != Some(self.word), !is_own, kind != "instance");
            let candidate = Candidate {
                text: name.to_owned(),
                kind: kind.to_owned(),
                signature,
            };
            self.ranked.push((rank, candidate));
        }
    }

    /// All of them, best first.
    pub(super) fn into_candidates(mut self) -> Vec<Candidate> {
        self.ranked.sort_by_key(|(rank, _)| *rank);
        self.ranked
            .into_iter()
            .map(|(_, candidate)| candidate)
            .collect()
    }
}

/// The commands that begin with `typed`.
pub(super) fn commands(typed: &str) -> Vec<Candidate> {
    let all = commands::known().filter(|(name, _)| name.starts_with(typed));
    all.map(|(name, what)| Candidate {
        text: name.to_owned(),
        kind: "keyword".to_owned(),
        signature: Some(what.to_owned()),
    })
    .collect()
}

/// A type without the paths before its names.
pub(super) fn short_type(type_: &str) -> String {
    let type_ = type_.replace(' ', "");
    let mut short = String::new();
    for part in type_.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
        let start = part.rfind("::").map_or(0, |at| at + 2);
        // The rest of a path stays when a generic type was before it.
        short.push_str(&part[start..]);
    }
    for word in ["mut", "dyn", "static"] {
        short = short.replace(&format!("&{word}"), &format!("&{word} "));
        short = short.replace(&format!("'{word}"), &format!("'{word} "));
    }
    short
}

/// Whether a name is one that only generated text has.
fn is_generated(name: &str) -> bool {
    let is_cell = name.strip_prefix("cell_").is_some_and(|number| {
        !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '_')
    });
    is_cell || GENERATED.contains(&name) || name == "carnet_toolkit"
}

/// The kinds of the protocol (`CompletionItemKind`) in the words that JupyterLab has icons for.
fn kind(number: Option<u64>) -> &'static str {
    match number {
        Some(2..=4) => "function",
        Some(5 | 10) => "field",
        Some(6) => "instance",
        Some(7 | 22 | 25) => "struct",
        Some(8) => "interface",
        Some(9) => "module",
        Some(13 | 20) => "enum",
        Some(14) => "keyword",
        Some(21) => "constant",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_sorted_and_rid_of_what_was_generated() {
        let item = |label: &str, kind: u64, sort: &str| json!({ "label": label, "kind": kind, "sortText": sort, "textEdit": { "newText": label }, "labelDetails": { "description": "u8" } });
        let answer = json!([
            item("cell_3", 9, "a"),
            item("carnet_any", 3, "a"),
            item("carrier", 3, "c"),
            item("Carrier", 22, "a"),
            item("car", 6, "d"),
            item("care", 3, "b"),
            item("other", 3, "a"),
        ]);
        let mut found = Found::new("ca");
        found.add_answer(&answer, None);
        let names: Vec<String> = found
            .into_candidates()
            .into_iter()
            .map(|one| one.text)
            .collect();
        assert_eq!(names, ["car", "care", "carrier", "Carrier"]);
    }

    #[test]
    fn types_are_written_without_paths() {
        assert_eq!(
            short_type("std::vec::Vec<(cell_1::P, &'static str)>"),
            "Vec<(P,&'static str)>"
        );
        assert_eq!(
            short_type("carnet_toolkit::polars::prelude::DataFrame"),
            "DataFrame"
        );
    }
}
