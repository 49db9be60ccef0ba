//! What the names in the text of an item stand for. An item that is compiled once more must mean what it meant before, so
//! the meaning of each name it mentions is kept with it.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

use super::cell::Cell;
use super::item::Brought;
use super::source::PLAIN;

/// What a name in scope stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// An item of the cell with this crate.
    Item(String),
    /// What this `use` line imports.
    Import(String),
    /// Something of a crate that has been asked for anew since: nothing means that any more.
    Replaced,
}

impl Meaning {
    /// What something that the cell with this crate brings into scope stands for there and in later cells.
    pub(crate) fn of(brought: &Brought, crate_name: &str) -> Self {
        match brought {
            Brought::Item(_) => Self::Item(crate_name.to_owned()),
            Brought::Use { line, .. } => {
                let own = format!("use {crate_name}::");
                Self::Import(line.replacen("use crate::", &own, 1))
            }
        }
    }
}

/// The meanings of names, by name; those of glob imports by their line.
pub(crate) type Meanings = BTreeMap<String, Meaning>;

/// The meanings in a cell: of what it defines itself, of what it compiles again, and else of what earlier cells left.
pub(crate) fn meanings_in<'a>(
    cell: &Cell,
    lifted: impl Iterator<Item = &'a str>,
    crate_name: &str,
    earlier: &Meanings,
) -> Meanings {
    let mut meanings = earlier.clone();
    let item = |name: &str| (name.to_owned(), Meaning::Item(crate_name.to_owned()));
    meanings.extend(lifted.map(item));
    for brought in cell.items.iter().flat_map(|item| &item.brings) {
        let meaning = Meaning::of(brought, crate_name);
        let key = key_of(brought, &meaning);
        meanings.extend(key.map(|key| (key, meaning)));
    }
    meanings
}

/// What the meaning of something is found by: its name, or the line of a glob import.
pub(crate) fn key_of(brought: &Brought, meaning: &Meaning) -> Option<String> {
    match (super::source::name_of(brought), meaning) {
        (Some(name), _) => Some(name.to_owned()),
        (None, Meaning::Import(line)) if is_glob(line) => Some(line.clone()),
        (None, _) => None,
    }
}

/// Whether the key of a meaning is the line of a glob import.
pub(crate) fn is_glob(key: &str) -> bool {
    key.ends_with("*;")
}

/// Whether a glob import may give the name a meaning: not to words of the language, and hardly to the types that are in scope
/// everywhere.
pub(crate) fn is_open(name: &str) -> bool {
    let known = ["str", "u128", "i128", "String", "Vec", "Option", "Box"];
    !PLAIN.contains(&name) && !known.contains(&name) && syn::parse_str::<syn::Ident>(name).is_ok()
}

/// Whether this `use` line imports something of the crate.
pub(crate) fn is_of_crate(line: &str, crate_name: &str) -> bool {
    let path = line.trim_start_matches("use ").trim_start_matches("::");
    let rest = path.strip_prefix(crate_name);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The names in the types of a definition's fields, but for its own parameters.
pub(crate) fn parts_of(text: &str) -> Vec<String> {
    let (generics, fields): (syn::Generics, Vec<syn::Type>) = match syn::parse_str(text) {
        Ok(syn::Item::Struct(item)) => (
            item.generics,
            item.fields.into_iter().map(|field| field.ty).collect(),
        ),
        Ok(syn::Item::Enum(item)) => {
            let variants = item.variants.into_iter();
            let fields = variants.flat_map(|variant| variant.fields);
            (item.generics, fields.map(|field| field.ty).collect())
        }
        Ok(syn::Item::Union(item)) => {
            let fields = item.fields.named.into_iter();
            (item.generics, fields.map(|field| field.ty).collect())
        }
        Ok(syn::Item::Type(item)) => (item.generics, vec![*item.ty]),
        _ => return Vec::new(),
    };
    let own = generics.params.iter().map(|parameter| match parameter {
        syn::GenericParam::Lifetime(lifetime) => lifetime.lifetime.ident.to_string(),
        syn::GenericParam::Type(type_) => type_.ident.to_string(),
        syn::GenericParam::Const(constant) => constant.ident.to_string(),
    });
    let own: Vec<String> = own.collect();
    let mut names = Vec::new();
    for field in fields {
        mentioned(field.to_token_stream(), &mut names);
    }
    names.retain(|name| !own.contains(name));
    names
}

/// The names in a text that its meaning may hang on: not those after a dot, not those of fields nor in attributes, and of a
/// path only the first (of `crate::…` and `self::…` all).
pub(crate) fn mentioned(tokens: TokenStream, names: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |index: Option<usize>, sign: char| {
        let token = index.and_then(|index| tokens.get(index));
        matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
    };
    for (index, token) in tokens.iter().enumerate() {
        let before = |count: usize| index.checked_sub(count);
        match token {
            TokenTree::Group(group) => {
                if !is(before(1), '#') {
                    mentioned(group.stream(), names);
                }
            }
            TokenTree::Ident(ident) => {
                let after_dot = is(before(1), '.') && !is(before(2), '.');
                let in_path = is(before(1), ':') && is(before(2), ':');
                let own_path = matches!(
                    before(3).map(|index| &tokens[index]),
                    Some(TokenTree::Ident(head)) if head == "crate" || head == "self"
                );
                let field = is(Some(index + 1), ':') && !is(Some(index + 2), ':');
                if !after_dot && !field && (!in_path || own_path) {
                    names.push(ident.to_string());
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn fields_methods_and_the_ends_of_paths_are_no_names() {
        let mut names = Vec::new();
        let text = "a: B, c.d(e, ..f), g::h::i::<J>, crate::k, ::std::l, M { n: o }, #[p] Q";
        mentioned(text.parse().unwrap(), &mut names);
        assert_eq!(
            names,
            ["B", "c", "e", "f", "g", "J", "crate", "k", "M", "o", "Q"]
        );
    }
}
