//! [`Page`]: HTML into records by declared CSS selectors, one record a page or one for each repeated row.

use super::cell;
use super::error::ExtractError;
use super::plan::{Declared, Slot, resolve};
use super::{Extracted, Format, Rejected};
use crate::record::Record;
use scraper::{ElementRef, Html, Node, Selector};
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// Elements that are counted at most where one is asked for.
const COUNTED: usize = 100;

/// Which element fills a field, and how its text is read: the text of all that is in it, with each run of white space (also
/// `&nbsp;` and `<br>`) one space, without scripts and styles. Formats and nulls are as for a [`super::Column`].
///
/// A selector that finds nothing is a null where the field may be null; one that finds two elements is a misfit.
#[derive(Debug, Clone)]
pub struct Element {
    field: &'static str,
    selector: &'static str,
    attribute: Option<&'static str>,
    label: Option<Label<&'static str>>,
    without: Option<&'static str>,
    format: Option<Format>,
    nulls: Vec<&'static str>,
}

/// The row that an element is in, told by the text of another.
#[derive(Debug, Clone)]
struct Label<S> {
    row: S,
    label: S,
    text: &'static str,
}

impl Element {
    /// The field of the record, and the selector of the element below the row or page.
    pub fn new(field: &'static str, selector: &'static str) -> Element {
        Element {
            field,
            selector,
            attribute: None,
            label: None,
            without: None,
            format: None,
            nulls: vec![""],
        }
    }

    /// Reads this attribute instead of the text.
    pub fn attribute(mut self, name: &'static str) -> Element {
        self.attribute = Some(name);
        self
    }

    /// Looks only in the `row` whose element `label` has this text: `in_row("tr", "th", "Elevation")`.
    pub fn in_row(mut self, row: &'static str, label: &'static str, text: &'static str) -> Element {
        self.label = Some(Label { row, label, text });
        self
    }

    /// What these elements hold is no part of the text: `sup.reference`.
    pub fn without(mut self, selector: &'static str) -> Element {
        self.without = Some(selector);
        self
    }

    /// How its text is read.
    pub fn format(mut self, format: Format) -> Element {
        self.format = Some(format);
        self
    }

    /// The texts that mean null, instead of the empty text.
    pub fn nulls(mut self, nulls: impl IntoIterator<Item = &'static str>) -> Element {
        self.nulls = nulls.into_iter().collect();
        self
    }

    fn name(&self) -> String {
        let mut name = format!("element {}", self.selector);
        if let Some(attribute) = self.attribute {
            name.push_str(&format!(" attribute {attribute}"));
        }
        if let Some(label) = &self.label {
            name.push_str(&format!(" beside {:?}", label.text));
        }
        name
    }
}

/// An [`Element`] with its selectors parsed.
#[derive(Debug, Clone)]
struct Found {
    name: String,
    selector: Selector,
    attribute: Option<&'static str>,
    label: Option<Label<Selector>>,
    without: Option<Selector>,
    slot: Slot,
}

/// Elements of a page into records, by declaration.
#[derive(Debug, Clone)]
pub struct Page<R> {
    elements: Vec<Found>,
    rows: Option<(&'static str, Selector)>,
    private: bool,
    record: PhantomData<fn() -> R>,
}

impl<R: Record + DeserializeOwned> Page<R> {
    /// A page that is one record; each field of the record needs an element.
    ///
    /// # Errors
    /// When a selector cannot be parsed, a field has no element or two, an element no field, or a format does not make the
    /// field's kind; all are listed.
    pub fn new(elements: impl IntoIterator<Item = Element>) -> Result<Page<R>, ExtractError> {
        Page::declare(None, elements)
    }

    /// A page in which each element of the selector `rows` is a record, and the elements are looked for below it.
    ///
    /// # Errors
    /// As for [`Page::new`].
    pub fn of_rows(
        rows: &'static str,
        elements: impl IntoIterator<Item = Element>,
    ) -> Result<Page<R>, ExtractError> {
        Page::declare(Some(rows), elements)
    }

    fn declare(
        rows: Option<&'static str>,
        elements: impl IntoIterator<Item = Element>,
    ) -> Result<Page<R>, ExtractError> {
        let elements: Vec<Element> = elements.into_iter().collect();
        let mut problems = Vec::new();
        let rows = rows.and_then(|text| Some((text, parsed(text, &mut problems)?)));
        let selectors: Vec<_> = elements
            .iter()
            .map(|element| {
                let selector = parsed(element.selector, &mut problems);
                let without = element.without.map(|text| parsed(text, &mut problems));
                let label = element.label.as_ref().map(|label| {
                    Some(Label {
                        row: parsed(label.row, &mut problems)?,
                        label: parsed(label.label, &mut problems)?,
                        text: label.text,
                    })
                });
                // What could not be parsed is among the problems, so nothing is lost by leaving it out here.
                Some((selector?, without.flatten(), label.flatten()))
            })
            .collect();
        let declared: Vec<Declared<'_>> = elements
            .iter()
            .map(|element| Declared {
                field: element.field,
                label: element.name(),
                format: element.format,
                nulls: &element.nulls,
                absent: false,
            })
            .collect();
        let slots = resolve::<R>(&declared, problems)?;
        let found = slots.into_iter().filter_map(|(index, slot)| {
            let (selector, without, label) = selectors.get(index)?.clone()?;
            let element = elements.get(index)?;
            Some(Found {
                name: element.name(),
                selector,
                attribute: element.attribute,
                label,
                without,
                slot,
            })
        });
        Ok(Page {
            elements: found.collect(),
            rows,
            private: false,
            record: PhantomData,
        })
    }

    /// The page is about people: a rejected one is kept without its raw text.
    pub fn private(mut self) -> Page<R> {
        self.private = true;
        self
    }

    /// The record of the page, or of each row in the order of the page; no rows is an empty list.
    pub fn read(&self, page: &Html) -> Vec<Extracted<R>> {
        match &self.rows {
            None => vec![self.record(page.root_element(), || "the page".into())],
            Some((text, rows)) => page
                .select(rows)
                .enumerate()
                .map(|(index, row)| self.record(row, || format!("row {} of {text}", index + 1)))
                .collect(),
        }
    }

    fn record(&self, row: ElementRef<'_>, place: impl Fn() -> String) -> Extracted<R> {
        let raw = || {
            if self.private {
                String::new()
            } else {
                row.html()
            }
        };
        let reject = |found: &Found, reason: String| {
            let rule = format!("{}: {}", found.name, found.slot);
            Rejected::new(place(), rule, reason, raw().as_bytes())
        };
        let mut texts = Vec::with_capacity(self.elements.len());
        for found in &self.elements {
            texts.push(found.text(row).map_err(|count| {
                reject(
                    found,
                    format!("found {count} such elements where one is asked for"),
                )
            })?);
        }
        let cells = self
            .elements
            .iter()
            .zip(&texts)
            .map(|(found, text)| (&found.slot, text.as_ref().map(String::as_bytes)));
        cell::build(cells).map_err(|misfit| {
            let (field, reason) = misfit.parts();
            match self.elements.get(field) {
                Some(found) => reject(found, reason),
                None => Rejected::new(place(), "a record", reason, raw().as_bytes()),
            }
        })
    }
}

impl Found {
    /// The text of the one element; none when there is no element, the count when there are several.
    fn text(&self, row: ElementRef<'_>) -> Result<Option<String>, usize> {
        let scopes = match &self.label {
            None => vec![row],
            Some(label) => row
                .select(&label.row)
                .filter(|row| {
                    row.select(&label.label)
                        .any(|element| text(element, self.without.as_ref()) == label.text)
                })
                .collect(),
        };
        let mut elements: Vec<ElementRef<'_>> = Vec::new();
        for element in scopes.iter().flat_map(|scope| scope.select(&self.selector)) {
            // A labelled row may hold another, and both then the same element.
            if elements.iter().all(|other| other.id() != element.id()) {
                elements.push(element);
            }
            if elements.len() > COUNTED {
                break;
            }
        }
        match elements.as_slice() {
            [] => Ok(None),
            [element] => Ok(match self.attribute {
                Some(attribute) => element.attr(attribute).map(|value| value.trim().to_owned()),
                None => Some(text(*element, self.without.as_ref())),
            }),
            several => Err(several.len()),
        }
    }
}

fn parsed(selector: &str, problems: &mut Vec<String>) -> Option<Selector> {
    Selector::parse(selector)
        .map_err(|error| problems.push(format!("{selector:?} is no CSS selector ({error})")))
        .ok()
}

/// The text in an element as an [`Element`] reads it, without what the selector `without` matches.
pub fn text(element: ElementRef<'_>, without: Option<&Selector>) -> String {
    let mut words = String::new();
    let mut next = element.first_child();
    // By hand and not by recursion, so that no depth of elements is too deep.
    while let Some(mut node) = next {
        let mut below = None;
        match node.value() {
            Node::Text(text) => words.push_str(text),
            Node::Element(tag) if tag.name() == "br" => words.push(' '),
            Node::Element(tag) => {
                let left_out = matches!(tag.name(), "script" | "style")
                    || ElementRef::wrap(node)
                        .zip(without)
                        .is_some_and(|(element, without)| without.matches(&element));
                if !left_out {
                    below = node.first_child();
                }
            }
            _ => {}
        }
        next = below.or_else(|| {
            loop {
                if let Some(sibling) = node.next_sibling() {
                    return Some(sibling);
                }
                node = node.parent().filter(|parent| parent.id() != element.id())?;
            }
        });
    }
    let mut spaced = String::with_capacity(words.len());
    for word in words.split_whitespace() {
        if !spaced.is_empty() {
            spaced.push(' ');
        }
        spaced.push_str(word);
    }
    spaced
}

/// Parses a page. HTML has no errors, so the only misfit is a body that is not UTF-8.
///
/// # Errors
/// When it is not UTF-8.
pub fn html(body: &[u8]) -> Extracted<Html> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Rejected::new("the page", "a page in UTF-8", error.to_string(), body))?;
    Ok(Html::parse_document(text.trim_start_matches('\u{feff}')))
}
