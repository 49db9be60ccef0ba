//! Whether a statement of a cell waits for something itself, so that the cell has to run as a future. An exported notebook has to
//! wait where its cells do.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::Stmt;
use syn::visit::Visit;

/// Whether the statement has an `.await` of its own, outside items, closures and `async` blocks.
pub fn awaits(statement: &Stmt) -> bool {
    let mut awaits = Awaits(false);
    awaits.visit_stmt(statement);
    awaits.0
}

/// Looks for an `.await` that belongs to the statements themselves.
struct Awaits(bool);

impl<'ast> Visit<'ast> for Awaits {
    fn visit_expr_await(&mut self, _: &'ast syn::ExprAwait) {
        self.0 = true;
    }

    fn visit_expr_async(&mut self, _: &'ast syn::ExprAsync) {}

    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}

    fn visit_item(&mut self, _: &'ast syn::Item) {}

    /// What a macro makes of its arguments is not known: one that holds an `.await` and no `async` counts.
    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let mut names = BTreeSet::new();
        let mut dotted = false;
        add_awaits(mac.tokens.clone(), &mut names, &mut dotted);
        self.0 |= dotted && !names.contains("async");
    }
}

fn add_awaits(tokens: TokenStream, names: &mut BTreeSet<String>, dotted: &mut bool) {
    let mut after_dot = false;
    for token in tokens {
        let was_after_dot = std::mem::replace(&mut after_dot, false);
        match token {
            TokenTree::Group(group) => add_awaits(group.stream(), names, dotted),
            TokenTree::Ident(ident) => {
                *dotted |= was_after_dot && ident == "await";
                names.insert(ident.to_string());
            }
            TokenTree::Punct(punct) => after_dot = punct.as_char() == '.',
            TokenTree::Literal(_) => {}
        }
    }
}
