//! Brings items of earlier cells into a cell that implements something for them. An `impl` must stand in the crate of its
//! type or of its trait, and each cell is a crate; so the type's definition, what was implemented for it and what mentions
//! it are compiled once more, in the crate of the new `impl`, and take the place of the earlier ones. Values of the type
//! that was are values of the type that is: the definition is the same, and so is the layout. That holds only while every
//! name in the definition means what it meant; otherwise the cell is refused.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::cell::Cell;
use super::item::{Brought, Kind};
use super::kept::{KeptItem, keep};
use super::meaning::{Meaning, Meanings, is_glob};
use super::unliftable::Unliftable;

/// What a cell has to compile again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifted {
    items: Vec<KeptItem>,
    /// What an `impl` that takes the place of an earlier one gives another meaning, and types may be built on.
    redefined: Option<String>,
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
        self.items.iter().map(KeptItem::whole_text)
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

    /// What a variable of this type may be built on and means something else now.
    pub(crate) fn redefines(&self, type_: &str, crate_name: &str) -> Option<&str> {
        // These hold a value as it is; others may hold what it gives, as `Peekable` does.
        let plain = [
            "Vec", "VecDeque", "Option", "Box", "Rc", "Arc", "HashMap", "BTreeMap", "HashSet",
            "BTreeSet", "Result", "RefCell", "Cell", "Mutex", "RwLock",
        ];
        let mut before: Vec<&str> = type_.split('<').collect();
        before.pop();
        let is_plain = |before: &&str| {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let before = before.trim_end();
            plain.contains(&&before[before.trim_end_matches(is_part).len()..])
        };
        let is_built = !before.iter().all(is_plain) && self.rewrite(type_, crate_name) != type_;
        self.redefined.as_deref().filter(|_| is_built)
    }
}

/// The items of all cells, in the order they were defined.
#[derive(Debug, Default)]
pub(crate) struct Items(Vec<KeptItem>);

impl Items {
    /// Remembers the items of a cell that ran, and the lifted ones as its own. `meanings` are those in the cell.
    pub(crate) fn add(
        &mut self,
        cell: &Cell,
        text: &str,
        lifted: &Lifted,
        crate_name: &str,
        meanings: &Meanings,
    ) {
        let lifted_names: BTreeSet<&str> = lifted.names().map(|(name, _)| name).collect();
        for item in &lifted.items {
            let mut item = item.clone();
            for (name, meaning) in &mut item.mentions {
                if lifted_names.contains(name.as_str()) {
                    *meaning = Some(Meaning::Item(crate_name.to_owned()));
                }
            }
            item.crate_name = crate_name.to_owned();
            self.0.push(item);
        }
        for item in cell.items.iter().filter(|item| item.kind != Kind::Macro) {
            let is_use = item
                .brings
                .iter()
                .any(|brought| matches!(brought, Brought::Use { .. }));
            if !is_use {
                self.0.push(keep(item, text, crate_name, meanings));
            }
        }
    }

    /// Notes that a crate was asked for anew.
    pub(crate) fn replace_crate(&mut self, crate_name: &str) {
        for item in &mut self.0 {
            item.replace_crate(crate_name);
        }
    }

    /// The texts that define types of this name.
    pub(crate) fn definitions(&self, name: &str) -> impl Iterator<Item = String> {
        let defines =
            move |item: &&KeptItem| item.name.as_deref() == Some(name) && item.kind == Kind::Type;
        self.0.iter().filter(defines).map(KeptItem::whole_text)
    }

    /// What a cell with these items must compile again. `earlier` are the meanings that earlier cells left.
    pub(crate) fn lift(&self, cell: &Cell, earlier: &Meanings) -> Result<Lifted, Unliftable> {
        let brings = cell.items.iter().flat_map(|item| &item.brings);
        let own: BTreeSet<&str> = brings.filter_map(super::source::name_of).collect();
        let crate_of = |name: &str| match earlier.get(name) {
            Some(Meaning::Item(crate_name)) => Some(crate_name.clone()),
            _ => None,
        };
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
                let is_live_as = |(name, meant): (&str, &Meaning)| {
                    !own.contains(name) && earlier.get(name) == Some(meant)
                };
                let key = item
                    .name
                    .clone()
                    .map(|name| (name, item.crate_name.clone()));
                // A definition that a later one has replaced stays where it is, and so does what was implemented for it.
                let live = match &item.name {
                    Some(name) => is_live(name),
                    None => item.target().is_none_or(is_live_as),
                };
                let mentions = item.mentions.iter().any(|(name, meaning)| {
                    matches!(meaning, Some(Meaning::Item(found)) if wanted.contains(&(name.clone(), found.clone())))
                });
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
        let items: Vec<&KeptItem> = items.map(|(item, _)| item).collect();
        let mut lifted = Lifted {
            items: items.iter().filter_map(|item| item.beside(&new)).collect(),
            redefined: None,
        };
        let again: BTreeSet<(&str, &str)> = lifted.names().collect();
        let moves = |(name, meant): &(&String, &Option<Meaning>)| matches!(meant, Some(Meaning::Item(old)) if again.contains(&(name.as_str(), old.as_str())));
        let holds = |mention: &(&String, &Option<Meaning>)| {
            let (name, meant) = mention;
            moves(mention) || (!own.contains(name.as_str()) && earlier.get(*name) == meant.as_ref())
        };
        let own_lines = cell.items.iter().flat_map(|item| &item.brings);
        let own_lines = own_lines.filter_map(|brought| match brought {
            Brought::Use { line, .. } => Some(line),
            Brought::Item(_) => None,
        });
        let globs: BTreeSet<&str> = own_lines
            .chain(earlier.keys())
            .map(String::as_str)
            .filter(|line| is_glob(line))
            .collect();
        let redefined = items.iter().find_map(|item| {
            item.redefined_by(&new, |name| {
                let mention = item.mentions.get_key_value(name);
                mention.is_none_or(|mention| holds(&mention))
            })
        });
        for item in &lifted.items {
            let (title, cell) = (item.title(), item.cell());
            if let (Kind::Static, Some(name)) = (item.kind, &item.name) {
                let item = name.clone();
                return Err(Unliftable::Static { item, cell });
            }
            if let Some((name, _)) = item.mentions.iter().find(|mention| !holds(mention)) {
                return Err(Unliftable::Changed {
                    item: title,
                    cell,
                    name: name.clone(),
                });
            }
            if let Some((name, line)) = item.hidden_by(&globs) {
                return Err(Unliftable::Hidden {
                    item: title,
                    cell,
                    name: name.to_owned(),
                    line: line.to_owned(),
                });
            }
            let is_built =
                || item.mentions.iter().any(|mention| moves(&mention)) && item.is_composed();
            if let Some(name) = redefined.as_ref().filter(|_| is_built()) {
                return Err(Unliftable::Built {
                    item: title,
                    cell,
                    name: name.clone(),
                });
            }
        }
        drop(again);
        lifted.redefined = redefined;
        Ok(lifted)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::collections::BTreeMap;

    use super::super::cell::take_apart;
    use super::super::meaning::meanings_in;
    use super::*;

    fn lift(cells: &[&str]) -> Vec<String> {
        try_lift(cells).unwrap()
    }

    /// Runs cells in order; returns what the last has to compile again.
    fn try_lift(cells: &[&str]) -> Result<Vec<String>, Unliftable> {
        let mut items = Items::default();
        let mut meanings = Meanings::new();
        for (index, text) in cells.iter().enumerate() {
            let crate_name = format!("cell_{}", index + 1);
            let cell = take_apart(text).unwrap();
            let lifted = items.lift(&cell, &meanings)?;
            if index + 1 == cells.len() {
                return Ok(lifted.texts().collect());
            }
            let names = lifted.names().map(|(name, _)| name);
            meanings = meanings_in(&cell, names, &crate_name, &meanings);
            items.add(&cell, text, &lifted, &crate_name, &meanings);
        }
        Ok(Vec::new())
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
    fn what_would_mean_something_else_now_is_refused() {
        let changed = |item: &str, cell: &str, name: &str| {
            Err(Unliftable::Changed {
                item: item.to_owned(),
                cell: cell.to_owned(),
                name: name.to_owned(),
            })
        };
        let other = [
            "struct Q(u64);\nstruct P { q: Q }",
            "struct Q(&'static u8);",
            "impl P {}",
        ];
        assert_eq!(try_lift(&other), changed("P", "cell [1]", "Q"));
        let own = ["struct Q(u64);\nstruct P { q: Q }", "struct Q;\nimpl P {}"];
        assert_eq!(try_lift(&own), changed("P", "cell [1]", "Q"));
        let import = ["use a::Q;\nstruct P { q: Q }", "use b::Q;", "impl P {}"];
        assert_eq!(try_lift(&import), changed("P", "cell [1]", "Q"));
        // `Series` came by a glob, or from the prelude.
        let hidden = [
            "use a::*;\nstruct P { s: Series }",
            "struct Series;",
            "impl P {}",
        ];
        assert_eq!(try_lift(&hidden), changed("P", "cell [1]", "Series"));
        let same = [
            "use a::Q;\nstruct P { q: Q }",
            "fn q() {}\nuse a::Q;",
            "impl P {}",
        ];
        assert_eq!(lift(&same), ["pub struct P { pub q: Q }"]);
        let lost = [
            "struct P;\nstatic ALL: Mutex<Vec<P>> = Mutex::new(Vec::new());",
            "impl P {}",
        ];
        let expected = Unliftable::Static {
            item: "ALL".to_owned(),
            cell: "cell [1]".to_owned(),
        };
        assert_eq!(try_lift(&lost), Err(expected));
    }

    #[test]
    fn what_was_implemented_for_a_type_that_is_gone_stays_where_it_is() {
        let cells = [
            "struct P;\nstruct Q;\nimpl Q { fn p(&self) -> P { P } }",
            "struct Q;",
            "impl P {}",
        ];
        assert_eq!(lift(&cells), ["pub struct P;"]);
    }

    #[test]
    fn what_glob_imports_may_hide_is_refused() {
        let since = ["struct P { s: Series, n: u8 }", "use a::*;", "impl P {}"];
        let expected = Unliftable::Hidden {
            item: "P".to_owned(),
            cell: "cell [1]".to_owned(),
            name: "Series".to_owned(),
            line: "use a::*;".to_owned(),
        };
        assert_eq!(try_lift(&since), Err(expected));
        let before = ["use a::*;\nstruct P { s: Series }", "use a::*;\nimpl P {}"];
        assert_eq!(lift(&before), ["pub struct P { pub s: Series }"]);
        let parts = "#[derive(Debug)] struct P<'a, T> { n: Vec<T>, s: &'a String, v: u128 }";
        let nothing_to_hide = [parts, "use a::*;\nimpl P<'_, u8> {}"];
        assert_eq!(lift(&nothing_to_hide).len(), 1);
    }

    #[test]
    fn an_impl_on_which_types_may_be_built_is_not_replaced_below_them() {
        let tr = "trait Tr { type Out; }\nstruct T;\nimpl Tr for T { type Out = u64; }";
        let built = "struct P { q: <T as Tr>::Out }";
        let expected = Unliftable::Built {
            item: "P".to_owned(),
            cell: "cell [2]".to_owned(),
            name: "Out".to_owned(),
        };
        let other = "impl Tr for T { type Out = &'static u8; }";
        assert_eq!(try_lift(&[tr, built, other]), Err(expected));
        let same = "impl Tr for T { type Out = u64; }";
        assert!(try_lift(&[tr, built, same]).is_ok());
        assert!(try_lift(&[tr, other]).is_ok());
        let size = "struct T;\nimpl T { const N: usize = 1; fn f() {} }";
        let array = "struct A { a: [u8; T::N] }";
        assert!(try_lift(&[size, array, "impl T { const N: usize = 2; }"]).is_err());
        assert!(try_lift(&[size, array, "impl T { fn f() {} }"]).is_ok());
        let by_way = "const M: usize = T::N;\nstruct A { a: [u8; M] }";
        assert!(try_lift(&[size, by_way, "impl T { const N: usize = 2; }"]).is_err());
        let of_trait =
            "trait Tr { const N: usize; }\nstruct T;\nimpl Tr for T { const N: usize = 1; }";
        assert!(try_lift(&[of_trait, array, "impl T { const N: usize = 2; }"]).is_err());
        // Nothing is built on a constant of the type's own, nor on what a function calls.
        let own = "struct P { xs: Vec<f64> }";
        let limit = |n: u8| format!("impl P {{ const LIMIT: u8 = {n}; }}");
        assert!(try_lift(&[own, &limit(1), &limit(2)]).is_ok());
        let calls = "impl Iterator for P { type Item = f64; fn next(&mut self) -> Option<f64> { Some(helper()) } }";
        let helper = "fn helper() -> f64 { 1.0 }";
        assert!(try_lift(&[helper, own, calls, helper, calls]).is_ok());
    }

    #[test]
    fn types_name_the_new_crate() {
        let mut lifted = Lifted::default();
        lifted.items.push(KeptItem {
            crate_name: "cell_1".to_owned(),
            name: Some("P".to_owned()),
            kind: Kind::Type,
            implements: None,
            mentions: BTreeMap::new(),
            parts: BTreeSet::new(),
            globs: BTreeSet::new(),
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
