//! Brings items of earlier cells into a cell that implements something for them. An `impl` must stand in the crate of its
//! type or of its trait, and each cell is a crate; so the type's definition, what was implemented for it and what mentions
//! it are compiled once more, in the crate of the new `impl`, and take the place of the earlier ones. Values of the type
//! that was are values of the type that is: the definition is the same, and so is the layout.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};

use super::cell::Cell;
use super::item::{Brought, CellItem};

/// What an `impl` is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Implements {
    /// The last name of the type's path; none for `&T`, tuples and the like.
    pub(crate) type_: Option<String>,
    /// The trait as it is written; none for an inherent `impl`.
    pub(crate) trait_: Option<String>,
    /// The last name of the trait's path.
    pub(crate) trait_name: Option<String>,
    /// Type and trait as written, to tell one implementation from another.
    pub(crate) header: String,
    /// Its functions and constants: the name, and the text as a byte range of the cell.
    pub(crate) members: Vec<(String, Range<usize>)>,
}

/// An item of a cell that ran, as it may have to be compiled again.
#[derive(Debug, Clone)]
pub(crate) struct KeptItem {
    /// The crate it is in.
    crate_name: String,
    /// Its name; none for an `impl`.
    name: Option<String>,
    implements: Option<Implements>,
    /// The items of cells that it mentions: name and crate.
    mentions: BTreeSet<(String, String)>,
    /// Its text, public, in pieces: the members of an `impl` each by name.
    text: Vec<(Option<String>, String)>,
}

/// What a cell has to compile again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifted {
    items: Vec<KeptItem>,
}

impl Lifted {
    /// The names that this crate now defines, with the crate that did.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.items
            .iter()
            .filter_map(|item| Some((item.name.as_deref()?, item.crate_name.as_str())))
    }

    /// The texts to write.
    pub(crate) fn texts(&self) -> impl Iterator<Item = String> + '_ {
        self.items.iter().map(|item| {
            let pieces = item.text.iter().map(|(_, piece)| piece.as_str());
            pieces.collect::<String>()
        })
    }

    /// A type that names items of earlier crates, with the lifted ones in `crate_name`.
    pub(crate) fn rewrite(&self, type_: &str, crate_name: &str) -> String {
        let mut text = type_.to_owned();
        for (name, old) in self.names() {
            let Ok(tokens) = text.parse::<TokenStream>() else {
                return text;
            };
            text = replaced(tokens, name, old, crate_name).to_string();
        }
        text
    }
}

/// The items of all cells, newest definitions first of all.
#[derive(Debug, Default)]
pub(crate) struct Items(Vec<KeptItem>);

impl Items {
    /// Remembers the items of a cell that ran, and the lifted ones as its own. `crate_of` tells where a name comes from.
    pub(crate) fn add(
        &mut self,
        cell: &Cell,
        text: &str,
        lifted: &Lifted,
        crate_name: &str,
        crate_of: impl Fn(&str) -> Option<String>,
    ) {
        let lifted_names: BTreeSet<(&str, &str)> = lifted.names().collect();
        for item in &lifted.items {
            let mut item = item.clone();
            item.mentions = item
                .mentions
                .into_iter()
                .map(|(name, old)| {
                    let moved = lifted_names.contains(&(name.as_str(), old.as_str()));
                    let crate_name = if moved { crate_name.to_owned() } else { old };
                    (name, crate_name)
                })
                .collect();
            item.crate_name = crate_name.to_owned();
            self.0.push(item);
        }
        for item in cell.items.iter().filter(|item| !item.is_macro) {
            let is_use = item
                .brings
                .iter()
                .any(|brought| matches!(brought, Brought::Use { .. }));
            if !is_use {
                self.0.push(keep(item, text, crate_name, &crate_of));
            }
        }
    }

    /// What a cell with these items must compile again. `crate_of` tells the crate of a name of an earlier cell.
    pub(crate) fn lift(&self, cell: &Cell, crate_of: impl Fn(&str) -> Option<String>) -> Lifted {
        let own: BTreeSet<&str> = cell.items.iter().filter_map(name_of_item).collect();
        let mut wanted: BTreeSet<(String, String)> = BTreeSet::new();
        let mut new = Vec::new();
        for implements in cell
            .items
            .iter()
            .filter_map(|item| item.implements.as_ref())
        {
            let is_own =
                |name: &Option<String>| name.as_deref().is_some_and(|name| own.contains(name));
            if is_own(&implements.type_) || is_own(&implements.trait_name) {
                continue;
            }
            new.push(implements);
            let names = [&implements.type_, &implements.trait_name];
            let found = names
                .into_iter()
                .flatten()
                .find_map(|name| Some((name.clone(), crate_of(name)?)));
            wanted.extend(found);
        }
        let mut taken = vec![false; self.0.len()];
        loop {
            let mut grown = false;
            for (item, taken) in self.0.iter().zip(&mut taken) {
                let is_live = |name: &str| {
                    !own.contains(name)
                        && crate_of(name).as_deref() == Some(item.crate_name.as_str())
                };
                let key = item
                    .name
                    .clone()
                    .map(|name| (name, item.crate_name.clone()));
                // A definition that a later one has replaced stays where it is.
                let live = item.name.as_deref().is_none_or(is_live);
                let mentions = item.mentions.iter().any(|mention| wanted.contains(mention));
                let defines = key.as_ref().is_some_and(|key| wanted.contains(key));
                if !*taken && live && (defines || mentions) {
                    *taken = true;
                    wanted.extend(key);
                    grown = true;
                }
            }
            if !grown {
                break;
            }
        }
        let items = self.0.iter().zip(taken).filter(|(_, taken)| *taken);
        let items = items.filter_map(|(item, _)| item.beside(&new)).collect();
        Lifted { items }
    }
}

impl KeptItem {
    /// This item without what the new implementations define again; none when nothing is left of it.
    fn beside(&self, new: &[&Implements]) -> Option<KeptItem> {
        let mut item = self.clone();
        let Some(implements) = &self.implements else {
            return Some(item);
        };
        for newer in new.iter().filter(|newer| newer.header == implements.header) {
            if implements.trait_.is_some() {
                return None;
            }
            item.text.retain(|(member, _)| {
                let again = |name: &String| newer.members.iter().any(|(new, _)| new == name);
                !member.as_ref().is_some_and(again)
            });
        }
        Some(item)
    }
}

fn name_of_item(item: &CellItem) -> Option<&str> {
    item.brings.iter().find_map(|brought| match brought {
        Brought::Item(name) => Some(name.as_str()),
        Brought::Use { .. } => None,
    })
}

fn keep(
    item: &CellItem,
    text: &str,
    crate_name: &str,
    crate_of: &impl Fn(&str) -> Option<String>,
) -> KeptItem {
    let mut mentions = BTreeSet::new();
    if let Ok(tokens) = text[item.range.clone()].parse() {
        add_mentions(tokens, crate_of, &mut mentions);
    }
    let name = name_of_item(item).map(str::to_owned);
    if let Some(name) = &name {
        mentions.remove(&(name.clone(), crate_name.to_owned()));
    }
    let members = item.implements.iter().flat_map(|found| &found.members);
    let mut pieces = Vec::new();
    let mut place = item.range.start;
    for (member, range) in members {
        pieces.push((None, published(item, text, place..range.start)));
        pieces.push((
            Some(member.clone()),
            published(item, text, range.start..range.end),
        ));
        place = range.end;
    }
    pieces.push((None, published(item, text, place..item.range.end)));
    KeptItem {
        crate_name: crate_name.to_owned(),
        name,
        implements: item.implements.clone(),
        mentions,
        text: pieces,
    }
}

/// A part of an item's text with what makes it public.
fn published(item: &CellItem, text: &str, range: Range<usize>) -> String {
    let mut insertions = item.insertions.clone();
    insertions.retain(|(at, _)| range.contains(at));
    insertions.sort_by_key(|(at, _)| *at);
    let mut out = String::new();
    let mut place = range.start;
    for (at, inserted) in insertions {
        out.push_str(&text[place..at]);
        out.push_str(inserted);
        place = at;
    }
    out.push_str(&text[place..range.end]);
    out
}

fn add_mentions(
    tokens: TokenStream,
    crate_of: &impl Fn(&str) -> Option<String>,
    mentions: &mut BTreeSet<(String, String)>,
) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => add_mentions(group.stream(), crate_of, mentions),
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                mentions.extend(crate_of(&name).map(|found| (name, found)));
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// `old::name` becomes `new::name`.
fn replaced(tokens: TokenStream, name: &str, old: &str, new: &str) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == ':');
    let mut out = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let follows = is_colon(tokens.get(index + 1))
            && is_colon(tokens.get(index + 2))
            && matches!(tokens.get(index + 3), Some(TokenTree::Ident(ident)) if ident == name);
        out.push(match token {
            TokenTree::Ident(ident) if ident == old && follows => {
                TokenTree::Ident(proc_macro2::Ident::new(new, ident.span()))
            }
            TokenTree::Group(group) => {
                let inner = replaced(group.stream(), name, old, new);
                proc_macro2::Group::new(group.delimiter(), inner).into()
            }
            other => other.clone(),
        });
    }
    out.into_iter().collect()
}

/// The crates of names, for a cell that itself defines some.
pub(crate) fn crates_with<'a>(
    cell: &'a Cell,
    lifted: &'a Lifted,
    crate_name: &'a str,
    earlier: &'a BTreeMap<String, String>,
) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| {
        let own = cell.items.iter().filter_map(name_of_item);
        let mut own = own.chain(lifted.names().map(|(name, _)| name));
        if own.any(|own| own == name) {
            return Some(crate_name.to_owned());
        }
        earlier.get(name).cloned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::cell::take_apart;
    use super::*;

    /// Runs cells in order; returns what the last has to compile again.
    fn lift(cells: &[&str]) -> Vec<String> {
        let mut items = Items::default();
        let mut crates: BTreeMap<String, String> = BTreeMap::new();
        for (index, text) in cells.iter().enumerate() {
            let crate_name = format!("cell_{}", index + 1);
            let cell = take_apart(text).unwrap();
            let lifted = items.lift(&cell, |name| crates.get(name).cloned());
            if index + 1 == cells.len() {
                return lifted.texts().collect();
            }
            items.add(
                &cell,
                text,
                &lifted,
                &crate_name,
                crates_with(&cell, &lifted, &crate_name, &crates),
            );
            let own = cell.items.iter().filter_map(name_of_item);
            let names: Vec<String> = own
                .chain(lifted.names().map(|(name, _)| name))
                .map(str::to_owned)
                .collect();
            for name in names {
                crates.insert(name, crate_name.clone());
            }
        }
        Vec::new()
    }

    #[test]
    fn an_impl_brings_its_type_what_is_for_it_and_what_mentions_it() {
        let cells = [
            "struct P { x: i32 }\nstruct Other;\nimpl P { fn new() -> P { P { x: 1 } } }",
            "fn take(p: &P) -> i32 { p.x }\nfn plain() {}",
            "impl std::fmt::Display for P { }",
        ];
        assert_eq!(
            lift(&cells),
            [
                "pub struct P { pub x: i32 }",
                "impl P { pub fn new() -> P { P { x: 1 } } }",
                "pub fn take(p: &P) -> i32 { p.x }"
            ]
        );
    }

    #[test]
    fn an_impl_that_runs_again_takes_the_place_of_the_earlier_one() {
        let cells = [
            "struct P;",
            "impl P { fn a(&self) -> i32 { 1 } fn b(&self) {} }\nimpl Clone for P { fn clone(&self) -> P { P } }",
            "impl P { fn a(&self) -> i32 { 2 } }\nimpl Clone for P { fn clone(&self) -> Self { P } }",
        ];
        assert_eq!(
            lift(&cells),
            ["pub struct P;", "impl P {  pub fn b(&self) {} }"]
        );
    }

    #[test]
    fn a_trait_of_an_earlier_cell_is_implemented_for_a_type_of_std() {
        let cells = [
            "trait Area { fn area(&self) -> f64; }",
            "impl Area for f64 { fn area(&self) -> f64 { *self } }",
        ];
        assert_eq!(lift(&cells), ["pub trait Area { fn area(&self) -> f64; }"]);
    }

    #[test]
    fn nothing_is_lifted_for_what_the_cell_itself_defines() {
        let cells = ["struct P;", "trait T {} impl T for P {} impl T for i32 {}"];
        assert_eq!(lift(&cells), Vec::<String>::new());
    }

    #[test]
    fn types_name_the_new_crate() {
        let mut lifted = Lifted::default();
        lifted.items.push(KeptItem {
            crate_name: "cell_1".to_owned(),
            name: Some("P".to_owned()),
            implements: None,
            mentions: BTreeSet::new(),
            text: Vec::new(),
        });
        let type_ = lifted.rewrite(
            "Vec < (cell_1 :: P , cell_2 :: P , cell_1 :: Q) >",
            "cell_3",
        );
        assert_eq!(
            type_.replace(' ', ""),
            "Vec<(cell_3::P,cell_2::P,cell_1::Q)>"
        );
    }
}
