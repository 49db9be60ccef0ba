//! The types of a cell's variables, read from the MIR that rustc writes beside the library. For each variable the
//! generated code binds what `store` returns to a name of its own; that local's type, `Kept<T>`, holds the variable's
//! type with full paths, whatever the optimiser did to the variable itself.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// The prefix of the name that generated code binds what `store` returned for a variable to.
pub(crate) const KEPT: &str = "carnet_kept_";

/// What is known of a variable's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypeOf {
    /// Later cells can write it like this.
    Named(String),
    /// No code can write it: a closure, an `async` block, a function item.
    Unnameable(String),
}

/// A type as people write it: the spaces between tokens go, but for those between two words.
pub(crate) fn readable(type_: &str) -> String {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut text = String::with_capacity(type_.len());
    let mut letters = type_.chars().peekable();
    while let Some(letter) = letters.next() {
        let parts = is_word(text.chars().next_back()) && is_word(letters.peek().copied());
        if letter != ' ' || parts {
            text.push(letter);
        }
    }
    text.replace("->", " -> ").replace(',', ", ")
}

/// The types of the variables that `mir` says were stored, as later cells write them. `own` are the names of the items
/// of the cell itself, whose crate is `crate_name`.
pub(crate) fn types_of(
    mir: &str,
    crate_name: &str,
    own: &BTreeSet<String>,
) -> BTreeMap<String, TypeOf> {
    let mut types = BTreeMap::new();
    let mut locals: BTreeMap<&str, &str> = BTreeMap::new();
    let mut kept: Vec<(&str, &str)> = Vec::new();
    // A function's scopes nest; a `debug` line stands before the declaration of its local.
    for line in mir.lines().chain(["}"]) {
        if line == "}" {
            for (name, local) in kept.drain(..) {
                if let Some(kept_type) = locals.get(local) {
                    types.insert(name.to_owned(), written(kept_type, crate_name, own));
                }
            }
            locals.clear();
            continue;
        }
        let line = line.trim_start();
        if let Some((name, local)) = line
            .strip_prefix("debug ")
            .and_then(|rest| rest.split_once(" => "))
        {
            if let Some(name) = name.strip_prefix(KEPT) {
                kept.push((name, local.trim_end_matches(';')));
            }
        } else if let Some((local, type_)) = line
            .strip_prefix("let ")
            .and_then(|rest| rest.split_once(": "))
        {
            let type_ = type_.trim_end_matches(';');
            let inner = type_
                .strip_prefix("carnet_toolkit::cell::Kept<")
                .and_then(|rest| rest.strip_suffix('>'));
            if let Some(inner) = inner {
                locals.insert(local.trim_start_matches("mut "), inner);
            }
        }
    }
    types
}

/// A type as later cells write it: references are `'static`, since nothing else can be stored, and the cell's own
/// items get their crate's name.
fn written(type_: &str, crate_name: &str, own: &BTreeSet<String>) -> TypeOf {
    let unnameable = || TypeOf::Unnameable(type_.to_owned());
    if type_.contains('{') || type_.contains("impl ") {
        return unnameable();
    }
    let Ok(tokens) = TokenStream::from_str(&type_.replace("'{erased}", "'static")) else {
        return unnameable();
    };
    TypeOf::Named(rewrite(tokens, crate_name, own).to_string())
}

fn rewrite(tokens: TokenStream, crate_name: &str, own: &BTreeSet<String>) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    // Whether the token before was the second `:` of `::`, or a `'`: then an identifier does not start a path.
    let mut inside_path = false;
    while let Some(token) = tokens.next() {
        let was_inside = std::mem::replace(&mut inside_path, false);
        match token {
            TokenTree::Group(group) => {
                let inner = rewrite(group.stream(), crate_name, own);
                out.push(Group::new(group.delimiter(), inner).into());
            }
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                out.push(punct.into());
                let named =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                if !named {
                    out.extend(static_lifetime());
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                let erased = matches!(tokens.peek(), Some(TokenTree::Ident(name)) if name == "_");
                if erased {
                    tokens.next();
                    out.extend(static_lifetime());
                } else {
                    out.push(punct.into());
                    inside_path = true;
                }
            }
            TokenTree::Punct(punct) => {
                inside_path = punct.as_char() == ':' && was_colon(&out);
                out.push(punct.into());
            }
            TokenTree::Ident(ident) => {
                if !was_inside && own.contains(&ident.to_string()) {
                    out.extend(path_start(crate_name));
                }
                out.push(ident.into());
            }
            literal => out.push(literal),
        }
    }
    out.into_iter().collect()
}

fn was_colon(tokens: &[TokenTree]) -> bool {
    matches!(tokens.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

fn static_lifetime() -> [TokenTree; 2] {
    [
        Punct::new('\'', Spacing::Joint).into(),
        Ident::new("static", Span::call_site()).into(),
    ]
}

fn path_start(crate_name: &str) -> [TokenTree; 3] {
    let colon = |spacing| TokenTree::from(Punct::new(':', spacing));
    [
        Ident::new(crate_name, Span::call_site()).into(),
        colon(Spacing::Joint),
        colon(Spacing::Alone),
    ]
}

#[cfg(test)]
mod tests {
    use proc_macro2::Delimiter;

    use super::*;

    fn named(type_: &str) -> String {
        let own = ["P", "inner"].map(str::to_owned).into();
        match written(type_, "cell_1", &own) {
            TypeOf::Named(text) => text.replace(' ', ""),
            TypeOf::Unnameable(text) => format!("unnameable: {text}"),
        }
    }

    #[test]
    fn types_read_as_people_write_them() {
        for (tokens, read) in [
            (
                "std :: vec :: Vec < & 'static str >",
                "std::vec::Vec<&'static str>",
            ),
            (
                "Box < dyn Fn (f64) -> * const u8 >",
                "Box<dyn Fn(f64) -> *const u8>",
            ),
            (
                "(i32 , & 'static mut [u8 ; 2])",
                "(i32, &'static mut[u8;2])",
            ),
        ] {
            assert_eq!(readable(tokens), read);
        }
    }

    #[test]
    fn references_become_static_where_no_lifetime_is_bound() {
        assert_eq!(named("&str"), "&'staticstr");
        assert_eq!(named("&[&str]"), "&'static[&'staticstr]");
        assert_eq!(
            named("std::borrow::Cow<'_, str>"),
            "std::borrow::Cow<'static,str>"
        );
        assert_eq!(
            named("for<'a> fn(&'a str) -> &'a str"),
            "for<'a>fn(&'astr)->&'astr"
        );
        assert_eq!(named("&mut u8"), "&'staticmutu8");
    }

    #[test]
    fn the_cells_own_items_get_its_crate_name() {
        assert_eq!(named("P"), "cell_1::P");
        assert_eq!(
            named("std::vec::Vec<(P, inner::Q)>"),
            "std::vec::Vec<(cell_1::P,cell_1::inner::Q)>"
        );
        assert_eq!(named("other::P"), "other::P");
    }

    #[test]
    fn closures_and_functions_cannot_be_named() {
        assert_eq!(
            named("{closure@cell-1:3:10: 3:18}"),
            "unnameable: {closure@cell-1:3:10: 3:18}"
        );
        assert_eq!(named("fn() {free}"), "unnameable: fn() {free}");
    }

    #[test]
    fn types_are_found_by_the_name_of_what_store_returned() {
        let mir = "fn carnet_cell_1::{closure#0}(_1: X) -> Y {\n    let mut _0: Y;\n    scope 1 {\n        debug x => const 5_i32;\n        \
                   scope 2 {\n            debug carnet_kept_x => _38;\n            let _38: carnet_toolkit::cell::Kept<i32>;\n            \
                   scope 3 {\n                debug carnet_kept_f => _40;\n                let _40: carnet_toolkit::cell::Kept<{closure@a:1:2: \
                   3:4}>;\n            }\n        }\n    }\n}\n";
        let types = types_of(mir, "cell_1", &BTreeSet::new());
        assert_eq!(types["x"], TypeOf::Named("i32".to_owned()));
        assert_eq!(
            types["f"],
            TypeOf::Unnameable("{closure@a:1:2: 3:4}".to_owned())
        );
    }

    #[test]
    fn groups_keep_their_delimiters() {
        let tokens = rewrite(
            "[u8; 3]".parse().unwrap_or_default(),
            "cell_1",
            &BTreeSet::new(),
        );
        assert!(
            matches!(tokens.into_iter().next(), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Bracket)
        );
    }
}
