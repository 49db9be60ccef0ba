//! One item of a cell: what must be written into it so that later cells, which are other crates, can use it, and what
//! it brings into scope.

use std::ops::Range;

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Fields, ImplItem, Item, ItemImpl, Type, UseTree, Visibility};

use super::kept::Implements;

/// One item of a cell.
#[derive(Debug)]
pub(crate) struct CellItem {
    /// Its text, as a byte range of the cell.
    pub(crate) range: Range<usize>,
    /// What must be written into it, and where in the cell, so that later cells can use it.
    pub(crate) insertions: Vec<(usize, &'static str)>,
    /// What it brings into scope.
    pub(crate) brings: Vec<Brought>,
    /// What it implements for what, if it is an `impl`.
    pub(crate) implements: Option<Implements>,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What an item is, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The definition of a type or a trait.
    Type,
    /// A `static`.
    Static,
    /// A `macro_rules!`, which statements find by the order of the text unless it is imported.
    Macro,
    /// Any other.
    Other,
}

impl Kind {
    fn of(item: &Item) -> Self {
        match item {
            Item::Enum(_) | Item::Struct(_) | Item::Union(_) | Item::Type(_) | Item::Trait(_) => {
                Self::Type
            }
            Item::Static(_) => Self::Static,
            Item::Macro(_) => Self::Macro,
            _ => Self::Other,
        }
    }
}

/// One name that an item brings into scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Brought {
    /// An item of the cell itself.
    Item(String),
    /// A `use` of one name.
    Use {
        /// The name in scope; none for `as _` and for globs.
        name: Option<String>,
        /// `use path as name;`
        line: String,
    },
}

/// Reads an item.
pub(crate) fn take_item(item: &Item) -> CellItem {
    let mut taken = CellItem {
        range: item.span().byte_range(),
        insertions: Vec::new(),
        brings: Vec::new(),
        implements: match item {
            Item::Impl(item) => Some(implements(item)),
            _ => None,
        },
        kind: Kind::of(item),
    };
    match item {
        Item::Const(item) => taken.publish(&item.vis, item.const_token.span, &item.ident),
        Item::Enum(item) => taken.publish(&item.vis, item.enum_token.span, &item.ident),
        Item::Fn(item) => taken.publish(&item.vis, item.sig.span(), &item.sig.ident),
        Item::Mod(item) => {
            let first = item
                .unsafety
                .map_or(item.mod_token.span, |token| token.span);
            taken.publish(&item.vis, first, &item.ident);
        }
        Item::Static(item) => taken.publish(&item.vis, item.static_token.span, &item.ident),
        Item::Struct(item) => {
            taken.publish(&item.vis, item.struct_token.span, &item.ident);
            taken.publish_fields(&item.fields);
        }
        Item::Trait(item) => {
            let auto = item.auto_token.map(|token| token.span);
            let first = item
                .unsafety
                .map(|token| token.span)
                .or(auto)
                .unwrap_or(item.trait_token.span);
            taken.publish(&item.vis, first, &item.ident);
        }
        Item::TraitAlias(item) => taken.publish(&item.vis, item.trait_token.span, &item.ident),
        Item::Type(item) => taken.publish(&item.vis, item.type_token.span, &item.ident),
        Item::Union(item) => {
            taken.publish(&item.vis, item.union_token.span, &item.ident);
            taken.publish_fields(&Fields::Named(item.fields.clone()));
        }
        Item::Impl(item) if item.trait_.is_none() => taken.publish_methods(&item.items),
        Item::Macro(item) => {
            if let Some(name) = &item.ident {
                let exported = item
                    .attrs
                    .iter()
                    .any(|attribute| attribute.path().is_ident("macro_export"));
                if !exported {
                    taken
                        .insertions
                        .push((item.mac.path.span().byte_range().start, "#[macro_export] "));
                }
                taken.brings.push(Brought::Item(name.to_string()));
            }
        }
        Item::Use(item) => {
            let start = if item.leading_colon.is_some() {
                "::"
            } else {
                ""
            };
            taken.add_uses(&item.tree, start.to_owned());
        }
        Item::ExternCrate(item) => {
            let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
            let line = format!("use ::{} as {name};", item.ident);
            taken.brings.push(Brought::Use {
                name: Some(name.to_string()),
                line,
            });
        }
        _ => {}
    }
    taken
}

fn implements(item: &ItemImpl) -> Implements {
    let mut type_ = &*item.self_ty;
    while let Type::Paren(inner) = type_ {
        type_ = &inner.elem;
    }
    let last = |path: &syn::Path| {
        path.segments
            .last()
            .map(|segment| segment.ident.to_string())
    };
    let type_name = match type_ {
        Type::Path(path) => last(&path.path),
        Type::TraitObject(object) => object.bounds.iter().find_map(|bound| match bound {
            syn::TypeParamBound::Trait(bound) => last(&bound.path),
            _ => None,
        }),
        _ => None,
    };
    let trait_path = item.trait_.as_ref().map(|(_, path, _)| path);
    let trait_ = trait_path.map(|path| path.to_token_stream().to_string());
    let member = |member: &ImplItem| {
        let name = match member {
            ImplItem::Fn(method) => method.sig.ident.to_string(),
            ImplItem::Const(constant) => constant.ident.to_string(),
            _ => return None,
        };
        Some((name, member.span().byte_range()))
    };
    let fixed = |member: &ImplItem| {
        let name = match member {
            ImplItem::Type(type_) => &type_.ident,
            ImplItem::Const(constant) => &constant.ident,
            ImplItem::Fn(method) if method.sig.constness.is_some() => &method.sig.ident,
            _ => return None,
        };
        Some((name.to_string(), member.to_token_stream().to_string()))
    };
    Implements {
        type_: type_name,
        trait_name: trait_path.and_then(last),
        header: format!(
            "{} for {}",
            trait_.as_deref().unwrap_or_default(),
            type_.to_token_stream()
        ),
        trait_,
        members: item.items.iter().filter_map(member).collect(),
        fixed: item.items.iter().filter_map(fixed).collect(),
    }
}

impl CellItem {
    fn publish(&mut self, visibility: &Visibility, first: Span, name: &syn::Ident) {
        self.make_public(visibility, first);
        self.brings.push(Brought::Item(name.to_string()));
    }

    fn make_public(&mut self, visibility: &Visibility, first: Span) {
        if matches!(visibility, Visibility::Inherited) {
            self.insertions.push((first.byte_range().start, "pub "));
        }
    }

    fn publish_fields(&mut self, fields: &Fields) {
        for field in fields {
            let first = field
                .ident
                .as_ref()
                .map_or(field.ty.span(), syn::Ident::span);
            self.make_public(&field.vis, first);
        }
    }

    fn publish_methods(&mut self, items: &[ImplItem]) {
        for item in items {
            match item {
                ImplItem::Fn(method) => self.make_public(&method.vis, method.sig.span()),
                ImplItem::Const(constant) => {
                    self.make_public(&constant.vis, constant.const_token.span)
                }
                _ => {}
            }
        }
    }

    /// One `use` line for each name of a tree, so that a later definition can replace one name and leave the others.
    fn add_uses(&mut self, tree: &UseTree, path: String) {
        let join = |path: &str, name: &syn::Ident| format!("{path}{name}");
        match tree {
            UseTree::Path(part) => {
                self.add_uses(&part.tree, format!("{}::", join(&path, &part.ident)))
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_uses(tree, path.clone());
                }
            }
            UseTree::Glob(_) => self.brings.push(Brought::Use {
                name: None,
                line: format!("use {path}*;"),
            }),
            UseTree::Name(part) if part.ident == "self" => {
                let path = path.trim_end_matches("::");
                let name = path.rsplit("::").next().map(str::to_owned);
                self.brings.push(Brought::Use {
                    name,
                    line: format!("use {path};"),
                });
            }
            UseTree::Name(part) => {
                let line = format!("use {};", join(&path, &part.ident));
                self.brings.push(Brought::Use {
                    name: Some(part.ident.to_string()),
                    line,
                });
            }
            UseTree::Rename(part) => {
                let path = match part.ident == "self" {
                    true => path.trim_end_matches("::").to_owned(),
                    false => join(&path, &part.ident),
                };
                let name = (part.rename != "_").then(|| part.rename.to_string());
                self.brings.push(Brought::Use {
                    name,
                    line: format!("use {path} as {};", part.rename),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::cell::take_apart;
    use super::*;

    fn published(text: &str) -> String {
        let cell = take_apart(text).unwrap();
        let mut insertions: Vec<_> = cell
            .items
            .into_iter()
            .flat_map(|item| item.insertions)
            .collect();
        insertions.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let mut text = text.to_owned();
        for (place, inserted) in insertions {
            text.insert_str(place, inserted);
        }
        text
    }

    #[test]
    fn items_fields_and_methods_become_public_and_what_is_said_stays() {
        assert_eq!(
            published(
                "/// doc\n#[derive(Debug)]\nstruct P { a: i32, pub b: u8, #[x] c: u8 }\nstruct T(i32, pub u8);"
            ),
            "/// doc\n#[derive(Debug)]\npub struct P { pub a: i32, pub b: u8, #[x] pub c: u8 }\npub struct T(pub i32, pub u8);"
        );
        assert_eq!(
            published("async unsafe fn f() {}"),
            "pub async unsafe fn f() {}"
        );
        assert_eq!(
            published("pub(crate) enum E { A }"),
            "pub(crate) enum E { A }"
        );
        assert_eq!(
            published("impl P { fn new() {} const N: u8 = 1; }"),
            "impl P { pub fn new() {} pub const N: u8 = 1; }"
        );
        assert_eq!(
            published("impl Show for P { fn show() {} }"),
            "impl Show for P { fn show() {} }"
        );
        assert_eq!(
            published("macro_rules! m { () => {} }"),
            "#[macro_export] macro_rules! m { () => {} }"
        );
        assert_eq!(published("unsafe trait T {}"), "pub unsafe trait T {}");
    }

    #[test]
    fn a_use_tree_is_split_into_its_names() {
        let cell = take_apart("use a::{self, b::{c, d as e}, f::*, g as _};\nuse ::h::i;").unwrap();
        let brings: Vec<_> = cell
            .items
            .iter()
            .flat_map(|item| &item.brings)
            .cloned()
            .collect();
        let expected = [
            (Some("a"), "use a;"),
            (Some("c"), "use a::b::c;"),
            (Some("e"), "use a::b::d as e;"),
            (None, "use a::f::*;"),
            (None, "use a::g as _;"),
            (Some("i"), "use ::h::i;"),
        ];
        let expected = expected.map(|(name, line)| Brought::Use {
            name: name.map(str::to_owned),
            line: line.to_owned(),
        });
        assert_eq!(brings, expected);
    }
}
