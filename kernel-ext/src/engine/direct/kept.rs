//! Items of cells that ran, kept as they may have to be compiled again in a later cell's crate: their text in pieces, with what
//! the names in it meant.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::item::{Brought, CellItem, Kind};
use super::meaning::{Meaning, Meanings, is_glob, is_of_crate, is_open, mentioned, parts_of};

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
    /// What other types may be built on, by name, as written: its types, constants and `const` functions.
    pub(crate) fixed: BTreeMap<String, String>,
}

/// An item of a cell that ran, as it may have to be compiled again.
#[derive(Debug, Clone)]
pub(crate) struct KeptItem {
    /// The crate it is in.
    pub(super) crate_name: String,
    /// Its name; none for an `impl`.
    pub(super) name: Option<String>,
    pub(super) kind: Kind,
    pub(super) implements: Option<Implements>,
    /// The names it mentions with what they meant; of a type's definition also those that meant nothing that a cell brought.
    pub(super) mentions: BTreeMap<String, Option<Meaning>>,
    /// Of a type's definition: what it mentions in the types of its fields and a glob import may bring.
    pub(super) parts: BTreeSet<String>,
    /// The glob imports there were.
    pub(super) globs: BTreeSet<String>,
    /// Its text, public, in pieces: the members of an `impl` each by name.
    pub(super) text: Vec<(Option<String>, String)>,
}

impl KeptItem {
    /// Notes that what it mentions of this crate stands for something else now.
    pub(super) fn replace_crate(&mut self, crate_name: &str) {
        for (name, meant) in &mut self.mentions {
            let of_crate = match meant {
                Some(Meaning::Import(line)) => is_of_crate(line, crate_name),
                None => name == crate_name,
                Some(Meaning::Item(_) | Meaning::Replaced) => false,
            };
            if of_crate {
                *meant = Some(Meaning::Replaced);
            }
        }
        // They count as imports that came since.
        self.globs.retain(|line| !is_of_crate(line, crate_name));
    }

    /// Its text in one piece.
    pub(super) fn whole_text(&self) -> String {
        let pieces = self.text.iter().map(|(_, piece)| piece.as_str());
        pieces.collect()
    }

    /// The name of the type that this implements something for, or of its trait, with what it meant.
    pub(super) fn target(&self) -> Option<(&str, &Meaning)> {
        let implements = self.implements.as_ref()?;
        let names = [&implements.type_, &implements.trait_name];
        names.into_iter().flatten().find_map(|name| {
            let meant = self.mentions.get(name)?.as_ref()?;
            matches!(meant, Meaning::Item(_)).then_some((name.as_str(), meant))
        })
    }

    /// What it is called in messages.
    pub(super) fn title(&self) -> String {
        match (&self.name, &self.implements) {
            (Some(name), _) => name.clone(),
            (None, Some(implements)) => {
                let header = implements.header.trim_start_matches(" for ");
                format!("impl {header}")
            }
            (None, None) => "an item".to_owned(),
        }
    }

    /// The cell that defined it: `cell [1]` from `cell_1`.
    pub(super) fn cell(&self) -> String {
        let number = self.crate_name.split('_').nth(1).unwrap_or_default();
        format!("cell [{number}]")
    }

    /// What the new implementations give another meaning that types may be built on. `holds` says whether a name that this one
    /// mentions means what it meant.
    pub(super) fn redefined_by(
        &self,
        new: &[&Implements],
        holds: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let old = self.implements.as_ref()?;
        let mut newer = new.iter().filter(|newer| newer.type_ == old.type_);
        newer.find_map(|newer| {
            let again = newer.header == old.header;
            let means_the_same = |text: &String| {
                let mut names = Vec::new();
                let parsed = text.parse().map(|tokens| mentioned(tokens, &mut names));
                parsed.is_ok() && names.iter().all(|name| holds(name))
            };
            let differs = |name: &&String| match (old.fixed.get(*name), newer.fixed.get(*name)) {
                (Some(was), Some(is)) => !again || was != is || !means_the_same(was),
                (Some(_), None) => again && old.trait_.is_some(),
                (None, _) => again,
            };
            let mut names = old.fixed.keys().chain(newer.fixed.keys());
            names.find(differs).cloned()
        })
    }

    /// A name that this type's definition mentions and one of the glob imports may bring since it was defined.
    pub(super) fn hidden_by<'a>(&'a self, globs: &BTreeSet<&'a str>) -> Option<(&'a str, &'a str)> {
        let name = self.parts.first()?;
        let new = globs.iter().find(|line| !self.globs.contains(**line))?;
        Some((name, new))
    }

    /// Whether it defines a type whose parts may be found by way of an `impl`: in generic types, paths or the lengths of arrays.
    pub(super) fn is_composed(&self) -> bool {
        let text = self.whole_text();
        self.kind == Kind::Type && (text.contains(['<', '[']) || text.contains("::"))
    }

    /// This item without what the new implementations define again; none when nothing is left of it.
    pub(super) fn beside(&self, new: &[&Implements]) -> Option<KeptItem> {
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

/// The item as it is kept, of a cell with this text and crate.
pub(super) fn keep(item: &CellItem, text: &str, crate_name: &str, meanings: &Meanings) -> KeptItem {
    let mut names = Vec::new();
    if let Ok(tokens) = text[item.range.clone()].parse() {
        mentioned(tokens, &mut names);
    }
    let name = name_of_item(item).map(str::to_owned);
    let mentions = names
        .into_iter()
        .filter(|mention| Some(mention) != name.as_ref())
        .map(|mention| {
            let meaning = meanings.get(&mention).cloned();
            (mention, meaning)
        })
        .filter(|(_, meaning)| meaning.is_some() || item.kind == Kind::Type)
        .collect();
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
        kind: item.kind,
        implements: item.implements.clone(),
        parts: parts_of(&text[item.range.clone()])
            .into_iter()
            .filter(|part| is_open(part) && !meanings.contains_key(part))
            .collect(),
        mentions,
        globs: meanings
            .keys()
            .filter(|name| is_glob(name))
            .cloned()
            .collect(),
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
