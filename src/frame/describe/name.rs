//! Rust names for columns, paths and tables: `snake_case` for fields, `UpperCamelCase` for structs, never a keyword, never twice.

use unicode_ident::{is_xid_continue, is_xid_start};

/// Words that cannot name a field (the Rust Reference, "Keywords": strict and reserved).
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Types that the fields of a struct are written with, so that the struct cannot have their name.
const TYPES: &[&str] = &[
    "DateTime",
    "Decimal",
    "NaiveDate",
    "NaiveDateTime",
    "NaiveTime",
    "Option",
    "Record",
    "Self",
    "String",
    "Utc",
    "Vec",
];

/// A name for each path, which is given in its parts: the last part, with more before it where two would be alike, and a number
/// where even whole paths are.
pub(super) fn fields(paths: &[Vec<&str>]) -> Vec<String> {
    let mut parts = vec![1; paths.len()];
    let named = |at: usize, parts: usize| {
        let path = &paths[at];
        field(&path[path.len().saturating_sub(parts)..])
    };
    loop {
        let names: Vec<String> = (0..paths.len()).map(|at| named(at, parts[at])).collect();
        let mut longer = false;
        for at in 0..paths.len() {
            let is_twice = names.iter().filter(|name| **name == names[at]).count() > 1;
            if is_twice && parts[at] < paths[at].len() {
                parts[at] += 1;
                longer = true;
            }
        }
        if !longer {
            return numbered(names, paths);
        }
    }
}

/// Numbers the names that are taken. A path that is a name already, letter for letter, keeps it.
fn numbered(mut names: Vec<String>, paths: &[Vec<&str>]) -> Vec<String> {
    let is_own = |at: &usize| paths[*at].len() == 1 && paths[*at][0] == names[*at];
    let (own, made): (Vec<usize>, Vec<usize>) = (0..names.len()).partition(is_own);
    let mut taken: Vec<String> = Vec::with_capacity(names.len());
    for at in own.into_iter().chain(made) {
        let name = &mut names[at];
        let mut number = 1;
        let mut free = name.clone();
        while taken.contains(&free) {
            number += 1;
            free = format!("{name}_{number}");
        }
        taken.push(free.clone());
        *name = free;
    }
    names
}

/// The name of a field made of these parts.
fn field(parts: &[&str]) -> String {
    if let [name] = parts
        && is_name(name)
    {
        return (*name).to_owned();
    }
    let words: Vec<String> = parts.iter().flat_map(|part| words(part)).collect();
    let mut name = words.join("_");
    if name.is_empty() {
        name.push_str("field");
    }
    if !name.starts_with(is_xid_start) {
        name.insert(0, '_');
    }
    if KEYWORDS.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// Whether this can be the name of a field as it is.
fn is_name(text: &str) -> bool {
    text.starts_with(|first| is_xid_start(first) || first == '_')
        && text
            .chars()
            .all(|other| is_xid_continue(other) && !other.is_uppercase())
        && text.chars().any(|other| other != '_')
        && !KEYWORDS.contains(&text)
}

/// The name of a table's or a collection's struct.
pub(super) fn structure(place: &str) -> String {
    let mut name: String = words(place)
        .iter()
        .map(|word| {
            let mut rest = word.chars();
            let first = rest
                .next()
                .map(|first| first.to_uppercase().collect::<String>());
            first.unwrap_or_default() + rest.as_str()
        })
        .collect();
    if !name.starts_with(is_xid_start) {
        name.insert_str(0, if name.is_empty() { "Row" } else { "_" });
    }
    if TYPES.contains(&name.as_str()) {
        name.push_str("Row");
    }
    name
}

/// The words of a name in lower case, parted by what no identifier has, by underscores, and where `aB` or `ABc` begins anew.
fn words(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut words = vec![String::new()];
    for (at, character) in characters.iter().enumerate() {
        if *character == '_' || !is_xid_continue(*character) {
            words.push(String::new());
            continue;
        }
        let before = at.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(at + 1);
        let begins = character.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_keeps_its_name_where_rust_lets_it() {
        for (column, name) in [
            ("id", "id"),
            ("_hidden", "_hidden"),
            ("tail number", "tail_number"),
            ("TailNumber", "tail_number"),
            ("HTTPStatus2xx", "http_status2xx"),
            ("2013", "_2013"),
            ("type", "type_"),
            ("Self", "self_"),
            ("größe", "größe"),
            ("a \"b\"; --", "a_b"),
            ("", "field"),
            ("_", "field"),
            ("€", "field"),
            ("\u{301}", "_\u{301}"),
        ] {
            assert_eq!(field(&[column]), name, "{column:?}");
        }
    }

    #[test]
    fn names_that_would_be_alike_take_more_of_their_paths_and_then_numbers() {
        let paths = [
            vec!["id"],
            vec!["obs", "wind", "speed"],
            vec!["obs", "gust", "speed"],
            vec!["speed"],
            vec!["a b"],
            vec!["a_b"],
            vec!["x", "depth"],
        ];
        assert_eq!(
            fields(&paths),
            [
                "id",
                "wind_speed",
                "gust_speed",
                "speed",
                "a_b_2",
                "a_b",
                "depth"
            ]
        );
    }

    #[test]
    fn a_struct_is_named_in_upper_camel_case_and_never_as_a_type_of_its_fields() {
        for (table, name) in [
            ("customer", "Customer"),
            ("customer_log", "CustomerLog"),
            ("Odd table", "OddTable"),
            ("airportCodes", "AirportCodes"),
            ("2013 orders", "_2013Orders"),
            ("string", "StringRow"),
            ("self", "SelfRow"),
            ("?", "Row"),
        ] {
            assert_eq!(structure(table), name, "{table:?}");
        }
    }
}
