//! Names of columns where one is written as text: `col("…")`, `df.column("…")`, `df["…"]`,
//! `store.load::<Flight>().filter("…")`. They are those of the frames themselves, or of the records that are loaded.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Block, Item, Stmt, parse::Parser};

use super::super::render::Sources;
use super::super::session::{Column, Session};
use super::cursor::{Text, is_word};
use super::document::modules;
use crate::engine::directive::take_directives;

/// Macros whose texts are messages.
const MESSAGES: &[&str] = &[
    "println",
    "print",
    "eprintln",
    "eprint",
    "format",
    "write",
    "writeln",
    "panic",
    "assert",
    "assert_eq",
    "assert_ne",
    "todo",
    "unreachable",
    "bail",
    "anyhow",
];

/// What takes names of columns, besides what is called `col…`, whatever frame it belongs to.
const TAKERS: &[&str] = &[
    "select",
    "sort",
    "group_by",
    "drop",
    "drop_nulls",
    "explode",
    "rename",
];

/// The columns that a name stands for.
type Named = BTreeMap<String, Vec<Column>>;

/// The columns that may be written in the literal, those of what was named nearest before it first, each name once.
pub(super) fn of(text: &Text<'_>, session: &Session, sources: &Sources) -> Vec<Column> {
    let is_message = text.in_macro && MESSAGES.contains(&text.callee);
    if text.bracket.is_none() || is_message {
        return Vec::new();
    }
    let mut named: Named = session
        .frames()
        .map(|(name, columns)| (name.to_owned(), columns.to_vec()))
        .collect();
    for items in modules(sources).values() {
        if let Ok(file) = syn::parse_file(items) {
            file.items
                .iter()
                .for_each(|item| add_record(&mut named, item));
        }
    }
    add_statements(&mut named, text.before);
    let mentioned = names_in(text.statement);
    let mut found: Vec<Column> = Vec::new();
    for name in mentioned.iter().rev() {
        add(&mut found, named.get(*name).into_iter().flatten());
    }
    let takes = text.callee.starts_with("col") || TAKERS.contains(&text.callee);
    if found.is_empty() && takes {
        add(&mut found, named.values().flatten());
    }
    found
}

fn add<'a>(found: &mut Vec<Column>, columns: impl Iterator<Item = &'a Column>) {
    for column in columns {
        if !found.iter().any(|known| known.name == column.name) {
            found.push(column.clone());
        }
    }
}

/// The records of the statements before, and the variables that they make of frames and records.
fn add_statements(named: &mut Named, code: &str) {
    let (_, code) = take_directives(code);
    let statements = Block::parse_within.parse_str(&code).unwrap_or_default();
    for statement in statements {
        match statement {
            Stmt::Item(item) => add_record(named, &item),
            Stmt::Local(local) => {
                let Some(init) = &local.init else { continue };
                let mut columns = Vec::new();
                let mut names = Vec::new();
                identifiers(init.expr.to_token_stream(), &mut names);
                for name in names.iter().rev() {
                    add(&mut columns, named.get(name).into_iter().flatten());
                }
                let mut pattern = &local.pat;
                if let syn::Pat::Type(typed) = pattern {
                    pattern = &typed.pat;
                }
                if let (syn::Pat::Ident(variable), false) = (pattern, columns.is_empty()) {
                    named.insert(variable.ident.to_string(), columns);
                }
            }
            _ => {}
        }
    }
}

fn identifiers(tokens: TokenStream, names: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => identifiers(group.stream(), names),
            TokenTree::Ident(name) => names.push(name.to_string()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The fields of a struct that derives `Record`, and where they are read from if that has another name.
fn add_record(named: &mut Named, item: &Item) {
    let Item::Struct(item) = item else { return };
    let derives = item.attrs.iter().any(|attribute| {
        let mut names = Vec::new();
        identifiers(attribute.meta.to_token_stream(), &mut names);
        attribute.path().is_ident("derive") && names.iter().any(|name| name == "Record")
    });
    if !derives {
        return;
    }
    let (mut columns, mut paths) = (Vec::new(), Vec::new());
    for field in &item.fields {
        let Some(name) = &field.ident else { continue };
        let type_ = field.ty.to_token_stream().to_string().replace(' ', "");
        let column = |name: String| Column {
            name,
            type_: type_.clone(),
        };
        columns.push(column(name.to_string().trim_start_matches("r#").to_owned()));
        for attribute in field
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("record"))
        {
            // What the macro itself refuses is told by it.
            let _ = attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("path") {
                    let path: syn::LitStr = meta.value()?.parse()?;
                    paths.push(column(path.value()));
                }
                Ok(())
            });
        }
    }
    add(&mut columns, paths.iter());
    named.insert(item.ident.to_string(), columns);
}

/// The names in a text that need not parse.
fn names_in(text: &str) -> Vec<&str> {
    text.split(|c| !is_word(c))
        .filter(|name| !name.is_empty())
        .collect()
}

/// The part of a literal's text that a column's name replaces, as its length: all of it, or in a longer text, such as a
/// filter in SQL, its last word.
pub(super) fn typed<'a>(text: &'a str, columns: &[Column]) -> &'a str {
    if columns.iter().any(|column| column.name.starts_with(text)) {
        return text;
    }
    let start = text.trim_end_matches(|c| is_word(c) || c == '.').len();
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::super::cursor::{Cursor, cursor_in};
    use super::*;

    const RECORD: &str = "#[derive(Debug, Record)]\n#[record(collection = \"observation\")]\nstruct Weather { #[record(path = \"_id\", \
                          key)] id: String, #[record(path = \"obs.wind\")] wind: Option<f64> }\n";

    fn columns(code: &str) -> Vec<String> {
        let Cursor::Text(text) = cursor_in(code, code.len()) else {
            return vec!["no text".to_owned()];
        };
        let found = of(&text, &Session::default(), &Sources::new());
        found.into_iter().map(|column| column.name).collect()
    }

    #[test]
    fn a_record_that_is_loaded_names_its_columns_and_paths() {
        let all = ["id", "wind", "_id", "obs.wind"];
        for code in [
            "store.load::<Weather>().columns([\"",
            "let w = store.load::<Weather>().run()?; w.column(\"",
            "let w = store.load::<Weather>().run()?; let v = w.lazy().filter(col(\"",
            "let w: Loaded = store.load::<Weather>().run()?; let v = w.lazy(); chart::bar(&v, \"",
            "other.lazy().select([col(\"",
        ] {
            assert_eq!(columns(&format!("{RECORD}{code}")), all, "{code}");
            let below_command = format!(":dep rand = \"0.9\"\n{RECORD}{code}");
            assert_eq!(columns(&below_command), all, "{below_command}");
        }
    }

    #[test]
    fn messages_paths_and_other_texts_name_no_column() {
        for code in [
            "let s = \"",
            "println!(\"",
            "std::fs::read(\"",
            "Weather::new(); let s = \"",
        ] {
            assert_eq!(
                columns(&format!("{RECORD}{code}")),
                Vec::<String>::new(),
                "{code}"
            );
        }
    }

    #[test]
    fn a_column_with_blanks_and_one_within_a_filter_are_found() {
        let column = |name: &str| Column {
            name: name.to_owned(),
            type_: String::new(),
        };
        let columns = [column("wind speed"), column("origin")];
        assert_eq!(typed("wind s", &columns), "wind s");
        assert_eq!(typed("wind > 1 and ori", &columns), "ori");
    }
}
