//! Draws rustc's errors over the cells' own text, as rustc draws them over a file: the caret under the right place, help
//! and suggestions kept, generated code never shown.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::compile::{Diagnostic, Span};
use super::corrections::in_file;
use super::source_map::SourceMap;
use crate::engine::CellError;

/// The cells compiled so far, by the file name rustc knew them by.
pub(crate) type Sources = BTreeMap<String, SourceMap>;

/// Wide enough for a notebook's output area.
const WIDTH: usize = 110;

/// The error that a cell shows for rustc's errors. `hints` adds what only the kernel knows.
pub(crate) fn render(
    errors: &[Diagnostic],
    sources: &Sources,
    hints: impl Fn(&Diagnostic) -> Vec<String>,
) -> CellError {
    let renderer = Renderer::styled().term_width(WIDTH);
    let mut traceback: Vec<String> = Vec::new();
    let mut shown: Vec<String> = Vec::new();
    for error in errors {
        let text = renderer.render(&groups(error, sources, &hints(error)));
        // One mistake in a macro can be reported once for each place it is expanded to.
        if !shown.contains(&text) {
            if !traceback.is_empty() {
                traceback.push(String::new());
            }
            traceback.extend(text.lines().map(str::to_owned));
            shown.push(text);
        }
    }
    let first = errors.first();
    let name = first
        .and_then(|error| error.code.as_ref())
        .map_or("error", |code| code.code.as_str())
        .to_owned();
    let mut value = first.map(|error| error.message.clone()).unwrap_or_default();
    if let Some(place) = first.and_then(|error| place_of(error, sources)) {
        value.push_str(&format!(" ({place})"));
    }
    if shown.len() > 1 {
        value.push_str(&format!(
            " and {} more",
            if shown.len() == 2 {
                "1 error".to_owned()
            } else {
                format!("{} errors", shown.len() - 1)
            }
        ));
    }
    CellError {
        name,
        value,
        traceback,
    }
}

/// `cell [3], line 2`.
fn place_of(error: &Diagnostic, sources: &Sources) -> Option<String> {
    let primary = error.spans.iter().find(|span| span.is_primary)?;
    let (map, range) = mapped(primary, sources)?;
    Some(format!(
        "{}, line {}",
        map.label,
        map.cell[..range.start].matches('\n').count() + 1
    ))
}

fn groups<'a>(error: &'a Diagnostic, sources: &'a Sources, hints: &[String]) -> Vec<Group<'a>> {
    let mut title = Level::ERROR.primary_title(error.message.as_str());
    if let Some(code) = &error.code {
        title = title.id(code.code.as_str());
    }
    let mut primary = Group::with_title(title).elements(snippets(&error.spans, sources));
    let mut secondary = Vec::new();
    for child in error.children.iter().filter(|child| is_for_the_user(child)) {
        let level = if child.level == "help" {
            Level::HELP
        } else {
            Level::NOTE
        };
        if child.spans.is_empty() {
            primary = primary.element(level.message(child.message.as_str()));
            continue;
        }
        let suggested = child
            .spans
            .iter()
            .any(|span| span.suggested_replacement.is_some());
        let title = level.secondary_title(child.message.as_str());
        if suggested {
            secondary.extend(patch(&child.spans, sources).map(|snippet| title.element(snippet)));
        } else {
            let snippets = snippets(&child.spans, sources);
            if !snippets.is_empty() {
                secondary.push(title.elements(snippets));
            }
        }
    }
    for hint in hints {
        primary = primary.element(Level::HELP.message(hint.clone()));
    }
    secondary.insert(0, primary);
    secondary
}

/// Notes about generated names would only confuse, and cargo is not how a cell gets a crate.
fn is_for_the_user(child: &Diagnostic) -> bool {
    let unwanted = [
        "carnet_toolkit::cell",
        "carnet_kept_",
        "carnet_cell_",
        "`Failure`",
        "cargo add",
        "missing a crate named",
    ];
    !unwanted.iter().any(|text| child.message.contains(text))
}

/// The places of a message, cell by cell.
fn snippets<'a>(spans: &'a [Span], sources: &'a Sources) -> Vec<Snippet<'a, Annotation<'a>>> {
    let mut cells: Vec<(&SourceMap, Vec<Annotation<'a>>)> = Vec::new();
    // The primary place first: it heads the drawing.
    let primary_first = spans
        .iter()
        .filter(|span| span.is_primary)
        .chain(spans.iter().filter(|span| !span.is_primary));
    for span in primary_first {
        let Some((map, range)) = mapped(span, sources) else {
            continue;
        };
        let kind = if span.is_primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let annotation = kind.span(range).label(span.label.as_deref());
        match cells
            .iter_mut()
            .find(|(other, _)| std::ptr::eq(*other, map))
        {
            Some((_, annotations)) => annotations.push(annotation),
            None => cells.push((map, vec![annotation])),
        }
    }
    let snippet = |(map, annotations): (&'a SourceMap, Vec<Annotation<'a>>)| {
        Snippet::source(map.cell.as_str())
            .path(map.label.as_str())
            .annotations(annotations)
    };
    cells.into_iter().map(snippet).collect()
}

/// A suggestion, unless a part of it would change generated code or another cell.
fn patch<'a>(spans: &'a [Span], sources: &'a Sources) -> Option<Snippet<'a, Patch<'a>>> {
    let mut patches = Vec::new();
    let mut cell: Option<&SourceMap> = None;
    for span in spans {
        let replacement = span.suggested_replacement.as_deref()?;
        let (map, range) = mapped(span, sources)?;
        if !std::ptr::eq(*cell.get_or_insert(map), map) {
            return None;
        }
        patches.push(Patch::new(range, replacement));
    }
    Some(
        Snippet::source(cell?.cell.as_str())
            .path(cell?.label.as_str())
            .patches(patches),
    )
}

/// The cell and the range in it that a span stands for.
fn mapped<'a>(span: &Span, sources: &'a Sources) -> Option<(&'a SourceMap, Range<usize>)> {
    sources.iter().find_map(|(file, map)| {
        let span = in_file(span, file)?;
        Some((map, map.to_cell(span.byte_start..span.byte_end)?))
    })
}
