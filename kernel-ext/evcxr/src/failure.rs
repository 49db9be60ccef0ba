//! evcxr's errors as cells show them.

use ariadne::sources;
use carnet_kernel::engine::CellError;
use evcxr::{CompilationError, Error, Theme};

/// What a cell shows. `label` is how the cell is called, `code` what the user wrote.
pub(crate) fn cell_error(error: &Error, label: &str, code: &str) -> CellError {
    match error {
        Error::CompilationErrors(errors) => {
            let first = errors.first();
            let name = first.and_then(CompilationError::code).unwrap_or("error");
            let value = first.map(CompilationError::message).unwrap_or_default();
            let traceback = errors.iter().flat_map(|error| lines(error, label, code));
            CellError {
                name: name.to_owned(),
                value,
                traceback: traceback.collect(),
            }
        }
        Error::SubprocessTerminated(message) => CellError::new(
            "process ended",
            format!(
                "{}. All variables were lost with it; the next cell runs in a new one",
                message.trim().trim_end_matches('.')
            ),
        ),
        other => CellError::new("error", other.to_string().trim()),
    }
}

fn lines(error: &CompilationError, label: &str, code: &str) -> Vec<String> {
    let report = error.build_report(label.to_owned(), code.to_owned(), Theme::Light);
    let mut text = Vec::new();
    let written = report
        .map(|report| report.write(sources([(label.to_owned(), code.to_owned())]), &mut text));
    match written {
        Some(Ok(())) if error.is_from_user_code() => String::from_utf8_lossy(&text)
            .lines()
            .map(str::to_owned)
            .collect(),
        // A text that is not ASCII, or code that evcxr wrote.
        _ => error.rendered().lines().map(str::to_owned).collect(),
    }
}
