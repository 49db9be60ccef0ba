//! Whether a value can change although it is only borrowed, as far as names tell: what a stopped cell borrowed is whole only if
//! it cannot.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::lifted::Items;

/// Types by which a value changes although it is only borrowed. Atomic numbers are whole at any moment.
const INTERIOR: &[&str] = &[
    "Cell",
    "RefCell",
    "OnceCell",
    "LazyCell",
    "UnsafeCell",
    "Mutex",
    "RwLock",
    "OnceLock",
    "LazyLock",
    "Once",
    "Condvar",
    "Barrier",
    "Sender",
    "Receiver",
    "SyncSender",
    "DashMap",
];

/// The first type that lets a value of `type_` change although it is only borrowed: named by the type itself, or by the
/// definition of an item of a cell in it.
pub(crate) fn interior_of(items: &Items, type_: &str) -> Option<&'static str> {
    let (mut texts, mut seen) = (vec![type_.to_owned()], BTreeSet::new());
    while let Some(text) = texts.pop() {
        let mut names = Vec::new();
        all_names(text.parse().ok()?, &mut names);
        for name in names {
            if let Some(found) = INTERIOR.iter().find(|interior| name == **interior) {
                return Some(found);
            }
            if seen.insert(name.clone()) {
                texts.extend(items.definitions(&name));
            }
        }
    }
    None
}

/// Every identifier of a text.
fn all_names(tokens: TokenStream, names: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => all_names(group.stream(), names),
            TokenTree::Ident(ident) => names.push(ident.to_string()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::cell::take_apart;
    use super::super::lifted::Lifted;
    use super::super::meaning::{Meanings, meanings_in};
    use super::*;

    #[test]
    fn what_changes_inside_a_borrowed_value_is_found_through_the_types_of_cells() {
        let mut items = Items::default();
        let text = "struct Inner { seen: std::cell::RefCell<u8> }\nstruct Outer(Option<Box<Inner>>);\nstruct Plain(u8);";
        let cell = take_apart(text).unwrap();
        let meanings = meanings_in(&cell, std::iter::empty(), "cell_1", &Meanings::new());
        items.add(&cell, text, &Lifted::default(), "cell_1", &meanings);
        assert_eq!(interior_of(&items, "Vec<cell_1::Outer>"), Some("RefCell"));
        assert_eq!(
            interior_of(&items, "Arc<std::sync::Mutex<u8>>"),
            Some("Mutex")
        );
        assert_eq!(interior_of(&items, "(cell_1::Plain, String)"), None);
    }
}
