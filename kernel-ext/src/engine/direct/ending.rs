//! Turns what the process says at the end of a cell into what the cell shows: a panic, a failed `?`, a library that did
//! not load, a process that ended.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::render::Sources;
use super::session::Column;
use crate::engine::CellError;

/// The report at the end of a cell; see the toolkit's `cell::run`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Report {
    outcome: String,
    message: String,
    #[serde(rename = "type")]
    type_: String,
    causes: Vec<String>,
    place: Option<Place>,
    trace: Vec<String>,
    /// The variables that the cell stored.
    pub(crate) stored: Vec<String>,
    /// The columns of the variables that are frames.
    pub(crate) columns: BTreeMap<String, Vec<Column>>,
    /// Variables that were lost when the cell was stopped, each with the reason.
    pub(crate) lost: BTreeMap<String, String>,
    /// All variables there are now; none said when the cell was never loaded.
    pub(crate) variables: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
struct Place {
    file: String,
    line: usize,
    column: usize,
}

const RED: &str = "\u{1b}[1;31m";
const BLUE: &str = "\u{1b}[1;34m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

impl Report {
    /// Whether the cell ran to its end.
    pub(crate) fn is_done(&self) -> bool {
        self.outcome == "done"
    }

    /// Whether it was stopped while it ran.
    pub(crate) fn is_stopped(&self) -> bool {
        self.outcome == "stopped"
    }

    /// The error that the cell shows, if it did not run to its end.
    /// `lost` are the variables that are not there any more.
    pub(crate) fn error(&self, sources: &Sources, lost: &[String]) -> Option<CellError> {
        match self.outcome.as_str() {
            "done" => None,
            "stopped" => Some(interrupted_running(lost)),
            "panicked" => Some(self.describe("panic", sources)),
            "failed" => Some(self.describe(short_type(&self.type_), sources)),
            _ => Some(CellError::new(
                "error",
                format!("the compiled cell could not be loaded: {}", self.message),
            )),
        }
    }

    fn describe(&self, name: &str, sources: &Sources) -> CellError {
        let mut lines = self.message.lines();
        let first = lines.next().unwrap_or_default();
        let mut traceback = vec![format!("{RED}{name}{PLAIN}{BOLD}: {first}{PLAIN}")];
        traceback.extend(lines.map(str::to_owned));
        for cause in &self.causes {
            traceback.push(format!("{BOLD}  caused by{PLAIN}: {cause}"));
        }
        let places = self.places(sources);
        for (index, place) in places.iter().enumerate() {
            traceback.push(format!(
                "{BLUE}  {}{PLAIN} {}",
                if index == 0 { "-->" } else { "   " },
                place.name
            ));
            if let Some(code) = &place.code {
                traceback.push(format!("{BLUE}   |{PLAIN} {code}"));
            }
        }
        let mut value = self.message.clone();
        if let Some(place) = places.iter().find(|place| place.code.is_some()) {
            value.push_str(&format!(" ({})", place.name));
        }
        CellError {
            name: name.to_owned(),
            value,
            traceback,
        }
    }

    /// Where it happened, innermost first: a place in a library, then the lines of cells it was called from.
    fn places(&self, sources: &Sources) -> Vec<Named> {
        let mut places = Vec::new();
        if let Some(place) = self.place.as_ref().filter(|place| !place.file.is_empty()) {
            let in_library = || Named {
                name: format!("{}:{}", library_path(&place.file), place.line),
                code: None,
            };
            places.push(
                in_cell(&place.file, place.line, place.column, sources).unwrap_or_else(in_library),
            );
        }
        for frame in &self.trace {
            let mut parts = frame.split(':');
            let file = parts.next().unwrap_or_default();
            let mut number = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
            let (line, column) = (number(), number());
            let known = |place: &Named| places.iter().any(|earlier| earlier.name == place.name);
            if let Some(place) = in_cell(file, line, column, sources).filter(|place| !known(place))
            {
                places.push(place);
            }
        }
        places
    }
}

/// A place as it is written, with the line of code if it is a cell's.
struct Named {
    name: String,
    code: Option<String>,
}

fn in_cell(file: &str, line: usize, column: usize, sources: &Sources) -> Option<Named> {
    let map = sources.get(file)?;
    let (line, column) = map.line_in_cell(line, column)?;
    let code = map.cell.lines().nth(line - 1)?.trim_end().to_owned();
    Some(Named {
        name: format!("{}:{line}:{column}", map.label),
        code: Some(code),
    })
}

/// A library's source without the machine's folders: `polars-core-0.55.2/src/frame/mod.rs`.
fn library_path(file: &str) -> &str {
    let after = |mark: &str| file.find(mark).map(|at| &file[at + mark.len()..]);
    if let Some(path) = after("/registry/src/") {
        return path.split_once('/').map_or(path, |(_, path)| path);
    }
    after("/library/").unwrap_or_else(|| file.rsplit('/').next().unwrap_or(file))
}

/// `polars_error::PolarsError` without the path.
fn short_type(name: &str) -> &str {
    match name {
        "&str" | "alloc::string::String" | "" => "error",
        name if name.starts_with("alloc::boxed::Box<dyn") => "error",
        name => name
            .rsplit("::")
            .next()
            .unwrap_or(name)
            .trim_end_matches('>'),
    }
}

/// A cell whose process ended under it. `last_words` is what it last wrote to standard error.
pub(crate) fn ended(how: &str, last_words: &str) -> CellError {
    let has = |part: &str| last_words.contains(part);
    let why = if has("has overflowed its stack") {
        Some(
            "it overflowed its stack: a function that calls itself without end, or a very large value on the stack (put it into a `Box` or a `Vec`)",
        )
    } else if has("memory allocation of") || how.contains("memory runs out") {
        Some(
            "it needed more memory than there is: load fewer columns or rows (`.columns([…])`, `.filter(…)`, `.batches(…)`), or drop what is not needed any more (`drop(name)`)",
        )
    } else if how.contains("invalid memory access") {
        Some("code that is `unsafe`, in the cell or in a crate it uses, went wrong")
    } else if how.contains("exit code") {
        Some("a cell must not call `std::process::exit`: use `return Ok(())`, or `?` with an error")
    } else {
        None
    };
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    let lost = "its variables were lost; the next cell runs in a new process";
    CellError::new(
        "process ended",
        format!("the process that runs the cells {how}{why}; {lost}"),
    )
}

/// A cell that was stopped while it ran, and the variables that went with it.
fn interrupted_running(lost: &[String]) -> CellError {
    let names = lost
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let sentence = match lost {
        [] => "no variable was lost".to_owned(),
        [_] => format!("the variable {names}, which it was using, was lost; the others were not"),
        _ => format!("the variables {names}, which it was using, were lost; the others were not"),
    };
    CellError::new(
        "interrupted",
        format!("the cell was stopped while it ran; {sentence}"),
    )
}

/// A cell that could only be stopped by ending its process.
pub(crate) fn interrupted_lost() -> CellError {
    let lost = "all variables were lost with its process; the next cell runs in a new one";
    CellError::new(
        "interrupted",
        format!("the cell was stopped while it ran; {lost}"),
    )
}

/// A cell that was stopped while it compiled.
pub(crate) fn interrupted_compiling() -> CellError {
    CellError::new(
        "interrupted",
        "the cell was stopped while it compiled; nothing ran and nothing was lost",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_libraries_are_named_without_the_machines_folders() {
        let path = "/home/a/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/polars-core-0.55.2/src/lib.rs";
        assert_eq!(library_path(path), "polars-core-0.55.2/src/lib.rs");
        assert_eq!(
            library_path("/rustc/abc/library/core/src/option.rs"),
            "core/src/option.rs"
        );
        assert_eq!(library_path("/somewhere/else.rs"), "else.rs");
    }

    #[test]
    fn types_are_named_shortly() {
        assert_eq!(short_type("polars_error::PolarsError"), "PolarsError");
        assert_eq!(
            short_type("alloc::boxed::Box<dyn core::error::Error>"),
            "error"
        );
        assert_eq!(
            short_type("core::num::error::ParseIntError"),
            "ParseIntError"
        );
    }
}
