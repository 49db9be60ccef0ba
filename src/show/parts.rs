//! Lists, maps, options and tuples of values that show themselves: simple ones as one text, tables and charts below each
//! other, each under its place or key.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;

use serde_json::Value;

use super::last::{debug_text, short_text};
use super::table::escape;
use super::{Bundle, Show, chart, limits, mime};

/// Letters of a line of a list.
const LINE: usize = 100;

/// A bundle is simple when it is a short text and nothing else.
fn simple(bundle: &Bundle) -> Option<&str> {
    let text = bundle.plain_text()?;
    (bundle.0.len() == 1 && text.len() <= LINE && !text.contains('\n')).then_some(text)
}

/// Values in a row: between brackets when all are simple, else below each other.
fn list<'a, T: Show + 'a>(
    values: impl ExactSizeIterator<Item = &'a T>,
    open: char,
    close: char,
) -> Bundle {
    let (all, limits) = (values.len(), limits());
    let mut bundles: Vec<Bundle> = Vec::new();
    let mut large = false;
    for value in values.take(limits.elements) {
        let bundle = value.bundle();
        large |= simple(&bundle).is_none();
        bundles.push(bundle);
        if large && bundles.len() >= limits.parts {
            break;
        }
    }
    if large {
        bundles.truncate(limits.parts);
        let names = (0..).map(|place| format!("[{place}]"));
        return below(names.zip(bundles).collect(), all);
    }
    let shown = bundles.len();
    let texts: Vec<&str> = bundles.iter().filter_map(simple).collect();
    let mut text = wrapped(&texts, open, close);
    if shown < all {
        text.push_str(&format!(
            "\n… (the first {} of {} elements)",
            chart::count(shown),
            chart::count(all)
        ));
    }
    Bundle::text(text)
}

/// `[a, b, c]`, in lines that can be read.
fn wrapped(texts: &[&str], open: char, close: char) -> String {
    let one: usize = texts.iter().map(|text| text.chars().count() + 2).sum();
    if one <= LINE {
        return format!("{open}{}{close}", texts.join(", "));
    }
    let mut text = format!("{open}\n");
    let mut line = String::new();
    for item in texts {
        if !line.is_empty() && line.chars().count() + item.chars().count() > LINE {
            text.push_str(&format!("    {}\n", line.trim_end()));
            line.clear();
        }
        line.push_str(&format!("{item}, "));
    }
    text.push_str(&format!("    {}\n{close}", line.trim_end()));
    text
}

/// Named values: a table of two columns when all are simple, else below each other.
fn named<'a, T: Show + 'a>(entries: impl ExactSizeIterator<Item = (String, &'a T)>) -> Bundle {
    let (all, limits) = (entries.len(), limits());
    let mut parts: Vec<(String, Bundle)> = Vec::new();
    let mut large = false;
    for (name, value) in entries.take(limits.elements) {
        let bundle = value.bundle();
        large |= simple(&bundle).is_none();
        parts.push((name, bundle));
        if large && parts.len() >= limits.parts {
            break;
        }
    }
    if large {
        parts.truncate(limits.parts);
        return below(parts, all);
    }
    let mut text = String::from("{");
    let mut html = String::from("<table style=\"border-collapse:collapse\"><tbody>");
    for (name, bundle) in &parts {
        let value = simple(bundle).unwrap_or_default();
        text.push_str(&format!("\n    {name}: {value},"));
        let cell = "style=\"text-align:left;padding:2px 8px\"";
        html.push_str(&format!(
            "<tr><th {cell}>{}</th><td {cell}>{}</td></tr>",
            escape(name),
            escape(value)
        ));
    }
    text.push_str(if parts.is_empty() { "}" } else { "\n}" });
    html.push_str("</tbody></table>");
    let more = left_out(parts.len(), all);
    if let Some(more) = &more {
        text.push_str(&format!("\n{more}"));
        html.push_str(&format!("<div><small>{more}</small></div>"));
    }
    match parts.is_empty() {
        true => Bundle::text(text),
        false => Bundle::text(text).with(mime::HTML, html),
    }
}

/// Parts below each other, each under its name.
fn below(parts: Vec<(String, Bundle)>, all: usize) -> Bundle {
    let (mut text, mut html) = (String::new(), String::new());
    let mut shown = 0;
    for (name, bundle) in parts {
        if html.len() > limits().bytes {
            break;
        }
        shown += 1;
        let own = bundle.plain_text().unwrap_or("(nothing to show)");
        text.push_str(&format!("{name}:\n{own}\n"));
        html.push_str(&format!(
            "<div><b>{}</b></div>{}",
            escape(&name),
            html_of(&bundle)
        ));
    }
    if let Some(more) = left_out(shown, all) {
        text.push_str(&more);
        html.push_str(&format!("<div><small>{more}</small></div>"));
    }
    Bundle::text(text.trim_end()).with(mime::HTML, html)
}

fn left_out(shown: usize, all: usize) -> Option<String> {
    let count = chart::count;
    (shown < all).then(|| format!("… (the first {} of {})", count(shown), count(all)))
}

/// A bundle inside another's HTML: its own, else its picture, else its text.
fn html_of(bundle: &Bundle) -> String {
    let get = |media_type| bundle.get(media_type).and_then(Value::as_str);
    if let Some(html) = get(mime::HTML) {
        return html.to_owned();
    }
    let text = escape(get(mime::TEXT).unwrap_or_default());
    match get(mime::PNG) {
        Some(png) => format!("<img alt=\"{text}\" src=\"data:image/png;base64,{png}\">"),
        None => format!("<pre>{text}</pre>"),
    }
}

macro_rules! simple_values {
    ($($type:ty),*) => {
        $(
            /// As `Debug` writes it.
            impl Show for $type {
                fn bundle(&self) -> Bundle {
                    let limits = limits();
                    Bundle::text(debug_text(self, limits.characters, limits.lines))
                }
            }
        )*
    };
}
simple_values!(
    bool, char, f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, str,
    String
);

impl<T: Show> Show for [T] {
    fn bundle(&self) -> Bundle {
        list(self.iter(), '[', ']')
    }
}

impl<T: Show, const N: usize> Show for [T; N] {
    fn bundle(&self) -> Bundle {
        self.as_slice().bundle()
    }
}

impl<T: Show> Show for Vec<T> {
    fn bundle(&self) -> Bundle {
        self.as_slice().bundle()
    }
}

impl<T: Show> Show for VecDeque<T> {
    fn bundle(&self) -> Bundle {
        list(self.iter(), '[', ']')
    }
}

impl<T: Show> Show for BTreeSet<T> {
    fn bundle(&self) -> Bundle {
        list(self.iter(), '{', '}')
    }
}

impl<T: Show, S> Show for HashSet<T, S> {
    fn bundle(&self) -> Bundle {
        list(self.iter(), '{', '}')
    }
}

impl<K: Debug, V: Show> Show for BTreeMap<K, V> {
    fn bundle(&self) -> Bundle {
        named(self.iter().map(|(key, value)| (key_text(key), value)))
    }
}

/// A key as `Debug` writes it, no longer than a cell of a table and on one line.
fn key_text(key: &impl Debug) -> String {
    short_text(key, limits().cell)
}

/// In the order of the keys' text, so that equal maps look equal.
impl<K: Debug, V: Show, S> Show for HashMap<K, V, S> {
    fn bundle(&self) -> Bundle {
        let mut entries: Vec<(String, &V)> = self
            .iter()
            .map(|(key, value)| (key_text(key), value))
            .collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        named(entries.into_iter())
    }
}

/// `None`, or the value: a simple one within `Some(…)`.
impl<T: Show> Show for Option<T> {
    fn bundle(&self) -> Bundle {
        let Some(value) = self else {
            return Bundle::text("None");
        };
        let bundle = value.bundle();
        match simple(&bundle) {
            Some(text) => Bundle::text(format!("Some({text})")),
            None => bundle,
        }
    }
}

macro_rules! tuples {
    ($($(($name:ident, $place:tt)),+;)+) => {
        $(
            /// Simple values between parentheses, others below each other.
            impl<$($name: Show),+> Show for ($($name,)+) {
                fn bundle(&self) -> Bundle {
                    let bundles = [$(self.$place.bundle()),+];
                    let texts: Vec<&str> = bundles.iter().filter_map(simple).collect();
                    if texts.len() == bundles.len() {
                        let one = if texts.len() == 1 { "," } else { "" };
                        return Bundle::text(format!("({}{one})", texts.join(", ")));
                    }
                    let all = bundles.len();
                    let names = (0..).map(|place: usize| format!(".{place}"));
                    below(names.zip(bundles).collect(), all)
                }
            }
        )+
    };
}
tuples! {
    (A, 0);
    (A, 0), (B, 1);
    (A, 0), (B, 1), (C, 2);
    (A, 0), (B, 1), (C, 2), (D, 3);
    (A, 0), (B, 1), (C, 2), (D, 3), (E, 4);
    (A, 0), (B, 1), (C, 2), (D, 3), (E, 4), (F, 5);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use polars::df;

    use super::*;

    fn text(value: &impl Show) -> String {
        value.bundle().plain_text().unwrap().to_owned()
    }

    #[test]
    fn long_keys_are_cut() {
        let map = BTreeMap::from([("k".repeat(10_000), 1)]);
        let shown = map.bundle();
        assert!(shown.plain_text().unwrap().len() < 1_000, "{shown:?}");
        assert!(shown.plain_text().unwrap().contains("kkk…"), "{shown:?}");
    }

    #[test]
    fn simple_values_read_as_rust_writes_them() {
        assert_eq!(text(&vec![1, 2, 3]), "[1, 2, 3]");
        assert_eq!(text(&vec![vec![1.5], vec![]]), "[[1.5], []]");
        assert_eq!(text(&(1, "a", Some('b'))), "(1, \"a\", Some('b'))");
        assert_eq!(text(&(7,)), "(7,)");
        assert_eq!(text(&None::<u8>), "None");
        let map = HashMap::from([("b", 2), ("a", 1)]);
        assert_eq!(text(&map), "{\n    \"a\": 1,\n    \"b\": 2,\n}");
        assert_eq!(text(&BTreeMap::<u8, u8>::new()), "{}");
    }

    #[test]
    fn a_long_list_is_wrapped_and_cut_and_says_so() {
        let shown = text(&vec![123_456_u32; 1_000_000]);
        assert!(
            shown.ends_with("… (the first 500 of 1,000,000 elements)"),
            "{shown}"
        );
        assert!(shown.lines().all(|line| line.chars().count() <= LINE + 10));
        assert!(shown.len() < 6_000);
    }

    #[test]
    fn frames_in_a_list_are_tables_below_each_other() {
        let frame = df!("a" => [1, 2]).unwrap();
        let bundle = vec![frame.clone(), frame.clone()].bundle();
        let html = bundle.get(mime::HTML).unwrap().as_str().unwrap();
        assert_eq!(html.matches("<table").count(), 2);
        assert!(html.contains("<b>[1]</b>"), "{html}");
        let bundle = HashMap::from([("x", frame.clone())]).bundle();
        assert!(
            bundle
                .plain_text()
                .unwrap()
                .starts_with("\"x\":\nshape: (2, 1)")
        );
        let many = vec![frame; 40].bundle();
        assert!(
            many.plain_text()
                .unwrap()
                .ends_with("… (the first 10 of 40)")
        );
    }
}
