//! `#[derive(Record)]`: turns a struct into the schema of a table or a collection. A proc-macro must be a crate of its own;
//! the trait it implements, and the documentation of its attributes, are `carnet::record::Record`.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{ToTokens, quote};
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, Fields, Lit, LitStr, Meta,
    parse_macro_input,
};

/// Implements `carnet::record::Record`; see there for the attributes.
#[proc_macro_derive(Record, attributes(record))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input)
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

fn expand(input: &DeriveInput) -> Result<Tokens, Error> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            "a record is a struct with named fields",
        ));
    };
    let Fields::Named(named) = &data.fields else {
        return Err(Error::new_spanned(
            &input.ident,
            "a record is a struct with named fields",
        ));
    };
    let place = place(input)?;
    let mut fields = Vec::new();
    for field in &named.named {
        let Some(ident) = &field.ident else { continue };
        if mentions(&field.ty, &input.ident) {
            return Err(Error::new_spanned(
                &field.ty,
                "a record cannot contain itself: its schema would have no end",
            ));
        }
        let options = FieldOptions::read(&field.attrs)?;
        let name = ident.to_string().trim_start_matches("r#").to_owned();
        let path = options
            .path
            .map_or_else(|| name.clone(), |path| path.value());
        let (kind, key) = (&field.ty, options.key);
        let description = match documentation(&field.attrs) {
            Some(text) => quote!(::core::option::Option::Some(::std::string::String::from(#text))),
            None => quote!(::core::option::Option::None),
        };
        fields.push(quote! {
            ::carnet::record::Field {
                name: ::std::string::String::from(#name),
                kind: <#kind as ::carnet::record::RecordField>::kind(),
                nullable: <#kind as ::carnet::record::RecordField>::NULLABLE,
                key: #key,
                path: ::std::string::String::from(#path),
                description: #description,
            }
        });
    }
    let (name, (generics, types, bounds)) = (&input.ident, input.generics.split_for_impl());
    Ok(quote! {
        impl #generics ::carnet::record::Record for #name #types #bounds {
            fn schema() -> ::carnet::record::Schema {
                ::carnet::record::Schema { place: #place, fields: ::std::vec![#(#fields),*] }
            }
        }

        // So that it can be a field of another: a subdocument.
        impl #generics ::carnet::record::RecordField for #name #types #bounds {
            fn kind() -> ::carnet::record::Kind {
                ::carnet::record::Kind::Struct(<Self as ::carnet::record::Record>::schema().fields)
            }
        }
    })
}

/// Whether the type has the name in it.
fn mentions(of: &syn::Type, name: &syn::Ident) -> bool {
    fn within(tokens: Tokens, name: &syn::Ident) -> bool {
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Ident(ident) => ident == *name,
            proc_macro2::TokenTree::Group(group) => within(group.stream(), name),
            _ => false,
        })
    }
    within(of.to_token_stream(), name)
}

/// `#[record(table = "…")]` or `#[record(collection = "…")]` on the struct; without, it lives in other records.
fn place(input: &DeriveInput) -> Result<Tokens, Error> {
    let mut place = None;
    for attribute in record_attributes(&input.attrs) {
        attribute.parse_nested_meta(|meta| {
            let variant = if meta.path.is_ident("table") {
                quote!(Table)
            } else if meta.path.is_ident("collection") {
                quote!(Collection)
            } else {
                return Err(meta.error("a record has `table = \"…\"` or `collection = \"…\"`"));
            };
            let name: LitStr = meta.value()?.parse()?;
            if place.is_some() {
                return Err(meta.error("a record lives in one table or one collection"));
            }
            place =
                Some(quote!(::carnet::record::Place::#variant(::std::string::String::from(#name))));
            Ok(())
        })?;
    }
    Ok(place.unwrap_or_else(|| quote!(::carnet::record::Place::Inline)))
}

#[derive(Default)]
struct FieldOptions {
    key: bool,
    path: Option<LitStr>,
}

impl FieldOptions {
    fn read(attributes: &[Attribute]) -> Result<FieldOptions, Error> {
        let mut options = FieldOptions::default();
        for attribute in record_attributes(attributes) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("key") {
                    options.key = true;
                } else if meta.path.is_ident("path") {
                    options.path = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("a field has `key` and `path = \"…\"`"));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }
}

fn record_attributes(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("record"))
}

/// The doc comment of a field, in one line: the field's description in documentation made from the schema.
fn documentation(attributes: &[Attribute]) -> Option<String> {
    let lines: Vec<String> = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value().trim().to_owned()),
                other => Some(other.to_token_stream().to_string()),
            },
            _ => None,
        })
        .filter(|line| !line.is_empty())
        .collect();
    (!lines.is_empty()).then(|| lines.join(" "))
}
