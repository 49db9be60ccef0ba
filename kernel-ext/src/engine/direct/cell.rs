//! Takes a cell apart: items, `use` lines, the variables its statements declare, its last expression, and every name in
//! it. All places are byte ranges of the cell's text, so that generated code can be mapped back to them.

use std::collections::BTreeSet;
use std::ops::Range;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Block, Expr, Stmt, StmtMacro};

use super::item::{CellItem, take_item};
use crate::engine::awaits::awaits;

/// A cell taken apart.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    /// Items, `use` lines among them, in order.
    pub(crate) items: Vec<CellItem>,
    /// The variables that top-level `let`s declare, in order, the newest of a name only.
    pub(crate) variables: Vec<Declared>,
    /// The last expression, when it has no semicolon.
    pub(crate) tail: Option<Range<usize>>,
    /// Every identifier in the cell, those in format strings too: what may name a variable of an earlier cell.
    pub(crate) names: BTreeSet<String>,
    /// The identifiers that are assigned to (`x = …`).
    pub(crate) assigned: BTreeSet<String>,
    /// Whether the statements `.await` something themselves, outside a closure or an `async` block.
    pub(crate) awaits: bool,
}

/// A variable that a cell declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    /// Its name.
    pub(crate) name: String,
    /// Whether it was declared `mut`.
    pub(crate) mutable: bool,
}

/// Takes a cell apart; the error is syn's and only says that rustc has to say it better.
pub(crate) fn take_apart(text: &str) -> syn::Result<Cell> {
    let tokens: TokenStream = text
        .parse()
        .map_err(|error| syn::Error::new(Span::call_site(), error))?;
    let statements = Block::parse_within.parse2(tokens.clone())?;
    let mut cell = Cell::default();
    cell.add_names(tokens, false);
    let last = statements.len().saturating_sub(1);
    for (index, statement) in statements.into_iter().enumerate() {
        match statement {
            Stmt::Item(item) => cell.items.push(take_item(&item)),
            statement => {
                if index == last {
                    cell.tail = tail_of(&statement);
                }
                cell.add_variables(&statement);
                cell.awaits |= awaits(&statement);
            }
        }
    }
    Ok(cell)
}

impl Cell {
    fn add_variables(&mut self, statement: &Stmt) {
        if let Stmt::Local(local) = statement {
            let mut declared = Pattern::default();
            declared.visit_pat(&local.pat);
            for variable in declared.0 {
                self.variables
                    .retain(|earlier| earlier.name != variable.name);
                self.variables.push(variable);
            }
        }
    }

    /// `in_macro` says that the tokens are a macro's, in which a name before a colon may be anything.
    fn add_names(&mut self, tokens: TokenStream, in_macro: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |index: Option<usize>, sign: char| {
            let token = index.and_then(|index| tokens.get(index));
            matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
        };
        let mut last_name: Option<String> = None;
        for (index, token) in tokens.iter().enumerate() {
            let name_before = last_name.take();
            let before = |count: usize| index.checked_sub(count);
            match token {
                TokenTree::Group(group) => {
                    let in_macro = in_macro || is(before(1), '!') || is(before(2), '!');
                    self.add_names(group.stream(), in_macro);
                }
                TokenTree::Ident(ident) => {
                    // A field or a method, and not the end of a range.
                    let after_dot = is(before(1), '.') && !is(before(2), '.');
                    let is_field = is(Some(index + 1), ':') && !is(Some(index + 2), ':');
                    if after_dot || (is_field && !in_macro) {
                        continue;
                    }
                    let name = ident.to_string();
                    self.names.insert(name.clone());
                    last_name = Some(name);
                }
                TokenTree::Literal(literal) => self.add_format_names(&literal.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '=' => {
                    let alone = punct.spacing() == proc_macro2::Spacing::Alone;
                    if let (Some(name), true) = (name_before, alone) {
                        self.assigned.insert(name);
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// `"{name}"` in a literal may be a captured format argument, and so may widths and precisions: `"{x:width$}"`.
    fn add_format_names(&mut self, literal: &str) {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let literal = literal.replace("{{", "");
        for part in literal.split('{').skip(1) {
            let argument = part.split('}').next().unwrap_or_default();
            let (name, format) = argument.split_once(':').unwrap_or((argument, ""));
            let mut widths = format.split('$');
            widths.next_back();
            let widths = widths.map(|width| width.trim_start_matches(|c| !is_part(c)));
            let widths = widths.map(|width| width.rsplit(|c| !is_part(c)).next().unwrap_or(width));
            let names = [name.trim()].into_iter().chain(widths);
            let names = names.filter(|name| !name.is_empty() && name.chars().all(is_part));
            self.names.extend(names.map(str::to_owned));
        }
    }
}

impl Cell {
    /// Whether the last expression is a macro whose arguments stand in braces. `text` is the cell's.
    pub(crate) fn ends_in_braced_macro(&self, text: &str) -> bool {
        let tail = self.tail.clone().and_then(|tail| text.get(tail));
        let mac = tail.and_then(|tail| syn::parse_str::<syn::Macro>(tail).ok());
        mac.is_some_and(|mac| matches!(mac.delimiter, syn::MacroDelimiter::Brace(_)))
    }
}

/// The range of a statement that is an expression to be shown.
fn tail_of(statement: &Stmt) -> Option<Range<usize>> {
    match statement {
        Stmt::Expr(expression, None) => match expression {
            // These have type `()` or never end: as statements they need no value.
            Expr::ForLoop(_)
            | Expr::While(_)
            | Expr::Return(_)
            | Expr::Break(_)
            | Expr::Continue(_) => None,
            _ => Some(expression.span().byte_range()),
        },
        Stmt::Macro(StmtMacro {
            mac,
            semi_token: None,
            ..
        }) if !mac.path.is_ident("thread_local") => Some(statement.span().byte_range()),
        _ => None,
    }
}

/// Collects the names a pattern binds.
#[derive(Default)]
struct Pattern(Vec<Declared>);

impl<'ast> Visit<'ast> for Pattern {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        let name = pattern.ident.to_string();
        // `None` in `let None = x else …` is a constant, not a name.
        if pattern.mutability.is_some() || !name.starts_with(char::is_uppercase) {
            self.0.push(Declared {
                name,
                mutable: pattern.mutability.is_some(),
            });
        }
        syn::visit::visit_pat_ident(self, pattern);
    }

    fn visit_expr(&mut self, _: &'ast Expr) {}
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn declared(text: &str) -> Vec<(String, bool)> {
        let cell = take_apart(text).unwrap();
        cell.variables
            .into_iter()
            .map(|variable| (variable.name, variable.mutable))
            .collect()
    }

    #[test]
    fn every_name_of_a_pattern_is_a_variable_and_the_newest_counts() {
        let text = "let (a, mut b) = f(); let P { x, y: z } = p; let Some(q) = o else { panic!() }; let mut a = 1;";
        let names: Vec<(String, bool)> = [
            ("b", true),
            ("x", false),
            ("z", false),
            ("q", false),
            ("a", true),
        ]
        .map(|(n, m)| (n.to_owned(), m))
        .into();
        assert_eq!(declared(text), names);
        assert_eq!(declared("let None = x else { return Ok(()) };"), []);
        assert_eq!(
            declared("{ let inner = 1; } if true { let other = 2; }"),
            []
        );
    }

    #[test]
    fn only_a_value_without_a_semicolon_is_shown() {
        let tail = |text: &str| {
            take_apart(text)
                .unwrap()
                .tail
                .map(|range| text[range].to_owned())
        };
        assert_eq!(tail("let x = 1;\nx + 1 // more").as_deref(), Some("x + 1"));
        assert_eq!(tail("vec![1, 2]").as_deref(), Some("vec![1, 2]"));
        assert_eq!(
            tail("if a { 1 } else { 2 }").as_deref(),
            Some("if a { 1 } else { 2 }")
        );
        assert_eq!(tail("json! { [1] }").as_deref(), Some("json! { [1] }"));
        assert_eq!(tail("x;"), None);
        assert_eq!(tail("for i in 0..3 {}"), None);
        assert_eq!(tail("thread_local! { static X: u8 = 1 }"), None);
        assert_eq!(tail("x;\nfn f() {}"), None);
    }

    #[test]
    fn names_in_format_strings_count() {
        let names = take_apart(r#"println!("{df:?} {x:width$} {{no}}", x = y.z);"#)
            .unwrap()
            .names;
        for name in ["df", "x", "width", "y"] {
            assert!(names.contains(name), "{name} in {names:?}");
        }
        for name in ["no", "z"] {
            assert!(!names.contains(name), "{name} in {names:?}");
        }
        let names = take_apart(r#"format!("{:>w$.p$} {0:#?} {a:?}", b)"#)
            .unwrap()
            .names;
        for name in ["w", "p", "a", "b"] {
            assert!(names.contains(name), "{name} in {names:?}");
        }
    }

    #[test]
    fn fields_and_methods_are_no_variables() {
        let text = "struct T { rows: u8 } let t = T { rows: n }; t.rows; a.b(c..d, ..e); x!(f: g, h.i); j = k::l;";
        let names = take_apart(text).unwrap().names;
        for name in ["t", "n", "a", "c", "d", "e", "f", "g", "h", "j", "k"] {
            assert!(names.contains(name), "{name} in {names:?}");
        }
        for name in ["rows", "b", "i"] {
            assert!(!names.contains(name), "{name} in {names:?}");
        }
        assert!(take_apart("t.x = 1;").unwrap().assigned.is_empty());
    }

    #[test]
    fn an_await_of_the_statements_is_told_from_one_of_a_block() {
        let awaits = |text: &str| take_apart(text).unwrap().awaits;
        assert!(awaits("let x = f().await?;"));
        assert!(awaits("if a { g().await; }"));
        assert!(awaits("println!(\"{}\", f().await);"));
        assert!(!awaits("let f = async { g().await };"));
        assert!(!awaits("async fn f() { g().await } let x = 1;"));
        assert!(!awaits("let f = async move || g().await;"));
        assert!(!awaits("rt.block_on(async { f().await })"));
    }

    #[test]
    fn an_assignment_is_told_from_a_comparison() {
        let assigned = take_apart("a = 1; b == 2; c += 3; let d = 4; if e == f {} g = g.h();")
            .unwrap()
            .assigned;
        assert_eq!(assigned.into_iter().collect::<Vec<_>>(), ["a", "d", "g"]);
    }

    #[test]
    fn places_are_bytes_even_after_letters_of_several() {
        let text = "let ü = \"日本\"; ü";
        assert_eq!(&text[take_apart(text).unwrap().tail.unwrap()], "ü");
    }
}
