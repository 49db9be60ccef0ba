//! Reads rustc's errors about generated code as answers: a variable that cannot be put back was moved, one that cannot
//! be stored borrows from another, a type that cannot be written cannot be taken. The cell is then compiled again without
//! what failed. Errors that concern the user's own text are left to be shown.

use super::compile::{Diagnostic, Span};
use super::source_map::{Origin, SourceMap};

/// One change to make before compiling again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Correction {
    /// A variable of an earlier cell is moved by the statements.
    Move(String),
    /// A variable of this cell cannot be stored, for this reason.
    Unstore(String, Reason),
    /// A variable of an earlier cell cannot be taken: its type cannot be written here.
    Untake(String),
    /// An import of an earlier cell does not hold any more.
    DropImport(String),
    /// The last expression never has a value to show.
    HideLast,
}

/// Why a variable cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It was moved within the cell.
    Moved,
    /// It borrows from another variable.
    Borrows,
    /// It has no value at the end of the cell.
    Unset,
    /// Something else.
    Other,
}

/// What rustc's errors ask for.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Compile again with these changes.
    Correct(Vec<Correction>),
    /// The user has to change the cell.
    Report(Vec<Diagnostic>),
}

/// Judges the errors of one attempt. An error in the user's text is reported at once, alone.
pub(crate) fn judge(errors: Vec<Diagnostic>, file: &str, map: &SourceMap) -> Verdict {
    let mut corrections = Vec::new();
    let mut others = Vec::new();
    for error in errors {
        match correct(&error, file, map) {
            Some(correction) => corrections.push(correction),
            None => others.push(error),
        }
    }
    if others.is_empty() && !corrections.is_empty() {
        Verdict::Correct(corrections)
    } else {
        Verdict::Report(others)
    }
}

fn correct(error: &Diagnostic, file: &str, map: &SourceMap) -> Option<Correction> {
    let code = error.code.as_ref().map_or("", |code| code.code.as_str());
    let origin = |span: &Span| in_file(span, file).map(|span| map.origin(span.byte_start).clone());
    // A borrow that has to last until a variable is stored: that variable borrows.
    for span in error.spans.iter().filter(|span| !span.is_primary) {
        if let Some(Origin::Store(name)) = origin(span) {
            return Some(Correction::Unstore(name, Reason::Borrows));
        }
    }
    let primary = error.spans.iter().find(|span| span.is_primary)?;
    // Nothing is known of what cannot be: `loop {}`, or a `?` that always fails.
    if code == "E0277" && error.message.starts_with("the trait bound `!: ") {
        return matches!(origin(primary)?, Origin::Frame).then_some(Correction::HideLast);
    }
    match origin(primary)? {
        Origin::PutBack(name) => Some(Correction::Move(name)),
        Origin::Take(name) => Some(Correction::Untake(name)),
        Origin::Import(line) => Some(Correction::DropImport(line)),
        Origin::Store(name) => {
            let reason = match code {
                "E0382" => Reason::Moved,
                "E0381" => Reason::Unset,
                "E0505" | "E0521" | "E0597" | "E0716" | "E0503" | "E0373" => Reason::Borrows,
                _ => Reason::Other,
            };
            Some(Correction::Unstore(name, reason))
        }
        Origin::Cell(_) | Origin::Frame => None,
    }
}

/// The place in `file` that a span stands for: itself, or the macro call it came from.
pub(crate) fn in_file<'a>(span: &'a Span, file: &str) -> Option<&'a Span> {
    let mut span = span;
    while span.file_name != file {
        span = &span.expansion.as_ref()?.span;
    }
    Some(span)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::compile::Code;
    use super::*;

    fn map() -> SourceMap {
        let mut map = SourceMap::new("cell [1]".to_owned(), "let r = &x;".to_owned());
        map.push_cell(0..11);
        map.push("store_r", Origin::Store("r".to_owned()));
        map.push("put_back", Origin::PutBack("x".to_owned()));
        map
    }

    fn span(byte_start: usize, is_primary: bool) -> Span {
        let file_name = "cell-1".to_owned();
        Span {
            file_name,
            byte_start,
            byte_end: byte_start + 1,
            is_primary,
            label: None,
            suggested_replacement: None,
            expansion: None,
        }
    }

    fn error(code: &str, spans: Vec<Span>) -> Diagnostic {
        let code = Some(Code {
            code: code.to_owned(),
        });
        Diagnostic {
            message: String::new(),
            code,
            level: "error".to_owned(),
            spans,
            children: Vec::new(),
        }
    }

    #[test]
    fn the_borrower_is_dropped_and_not_what_it_borrows_from() {
        let errors = vec![error("E0505", vec![span(20, true), span(12, false)])];
        match judge(errors, "cell-1", &map()) {
            Verdict::Correct(corrections) => {
                assert_eq!(
                    corrections,
                    [Correction::Unstore("r".to_owned(), Reason::Borrows)]
                );
            }
            Verdict::Report(errors) => panic!("{errors:?}"),
        }
    }

    #[test]
    fn a_use_after_move_in_the_put_back_is_a_move() {
        match judge(
            vec![error("E0382", vec![span(20, true), span(9, false)])],
            "cell-1",
            &map(),
        ) {
            Verdict::Correct(corrections) => {
                assert_eq!(corrections, [Correction::Move("x".to_owned())])
            }
            Verdict::Report(errors) => panic!("{errors:?}"),
        }
    }

    #[test]
    fn the_users_own_error_is_reported_alone() {
        let errors = vec![
            error("E0382", vec![span(20, true)]),
            error("E0308", vec![span(3, true)]),
        ];
        match judge(errors, "cell-1", &map()) {
            Verdict::Report(errors) => assert_eq!(errors.len(), 1),
            Verdict::Correct(corrections) => panic!("{corrections:?}"),
        }
    }
}
