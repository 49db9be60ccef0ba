//! Runs one cell: catches its panic or its failed `?`, puts its variables in order, and reports the end to the kernel.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use carnet::serde_json::{Value, json};
use carnet::stop::Stopped;

use super::{Failure, frame, stop, variables};

/// How the user's statements ended.
pub enum Attempt {
    /// They ran to the end.
    Done,
    /// A `?` met an error.
    Failed(Failure),
    /// They panicked with this payload.
    Panicked(Box<dyn Any + Send>),
}

impl Attempt {
    /// Whether the statements ran to the end.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

/// A panic as the hook saw it.
struct Panic {
    message: String,
    place: Value,
    /// Where in the cells' code it came from, when the panicking line itself is in a library.
    trace: Vec<String>,
}

thread_local! {
    static PANIC: RefCell<Option<Panic>> = const { RefCell::new(None) };
    static RUNNING: RefCell<bool> = const { RefCell::new(false) };
}

/// Runs the user's statements. The caller still owns what they only borrowed, whatever happened.
pub fn attempt(statements: impl FnOnce() -> Result<(), Failure>) -> Attempt {
    let (mut statements, mut result) = (Some(statements), Ok(()));
    let unwound = caught(&mut || {
        if let Some(statements) = statements.take() {
            result = statements();
        }
    });
    match (unwound, result) {
        (Some(payload), _) => Attempt::Panicked(payload),
        (None, Ok(())) => Attempt::Done,
        (None, Err(failure)) => Attempt::Failed(failure),
    }
}

/// Runs a whole cell and writes its end into both streams.
pub fn run(cell: impl FnOnce() -> Attempt) {
    let mut cell = Some(cell);
    run_and_report(&mut || match cell.take() {
        Some(cell) => cell(),
        None => Attempt::Done,
    });
}

/// What unwound from it, if anything did. Not generic, as [`run_and_report`] is not: what is generic is compiled with each cell.
#[inline(never)]
fn caught(run: &mut dyn FnMut()) -> Option<Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(run)).err()
}

#[inline(never)]
fn run_and_report(cell: &mut dyn FnMut() -> Attempt) {
    stop::begin();
    // What a cell spawns runs on the process's one runtime, and outlives the cell.
    let entered = carnet::store::enter();
    RUNNING.set(true);
    let attempt = catch_unwind(AssertUnwindSafe(cell)).unwrap_or_else(Attempt::Panicked);
    RUNNING.set(false);
    drop(entered);
    stop::end();
    let report = match attempt {
        Attempt::Done => json!({ "outcome": "done" }),
        Attempt::Failed(failure) => failed(&failure),
        Attempt::Panicked(payload) if payload.is::<Stopped>() => json!({ "outcome": "stopped" }),
        Attempt::Panicked(payload) => panicked(payload.as_ref()),
    };
    variables::end_lending();
    report_end(report);
    stop::over();
}

/// Adds what variables there are to a report and writes it.
pub(crate) fn report_end(mut report: Value) {
    report["kind"] = json!("end");
    report["stored"] = json!(variables::take_stored());
    report["columns"] = json!(variables::columns());
    report["variables"] = json!(variables::names());
    frame::write_end(&report);
}

/// An error's own text is the user's code, which may panic.
fn failed(failure: &Failure) -> Value {
    let texts = || (failure.error.to_string(), failure.causes());
    let (message, causes) = catch_unwind(AssertUnwindSafe(texts)).unwrap_or_else(|_| {
        let message = "an error whose `Display` panics";
        (message.to_owned(), Vec::new())
    });
    json!({
        "outcome": "failed",
        "type": failure.kind,
        "message": message,
        "causes": causes,
        "place": place(failure.place.file(), failure.place.line(), failure.place.column()),
    })
}

/// A panic that was only passed on (from a thread pool, say) never met the hook on this thread: its payload must do.
fn panicked(payload: &(dyn Any + Send)) -> Value {
    let message = message_of(payload);
    match PANIC.take() {
        Some(panic) if panic.message == message => {
            json!({ "outcome": "panicked", "message": panic.message, "place": panic.place, "trace": panic.trace })
        }
        _ => json!({ "outcome": "panicked", "message": message }),
    }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic whose payload is not text".to_owned())
}

fn place(file: &str, line: u32, column: u32) -> Value {
    json!({ "file": file, "line": line, "column": column })
}

/// The cell's own panic is reported by [`run`], with its line; panics of other threads print as they always do.
pub(crate) fn install_panic_hook() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !RUNNING.with_borrow(|running| *running) {
            return default(info);
        }
        let (file, line, column) = info.location().map_or(("", 0, 0), |place| {
            (place.file(), place.line(), place.column())
        });
        let in_cell = file.starts_with("cell-");
        let trace = if in_cell {
            Vec::new()
        } else {
            cell_frames(&Backtrace::force_capture().to_string())
        };
        PANIC.set(Some(Panic {
            message: message_of(info.payload()),
            place: place(file, line, column),
            trace,
        }));
    }));
}

/// Under evcxr, which catches a cell's panic itself: its message is a frame, which counts when the cell ends by it. Panics of
/// other threads print as they always do.
pub(crate) fn install_reporting_hook() {
    let default = std::panic::take_hook();
    let cells = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() != cells {
            return default(info);
        }
        let place = info
            .location()
            .map(|at| place(at.file(), at.line(), at.column()));
        frame::write(
            &json!({ "kind": "panicking", "message": message_of(info.payload()), "place": place }),
        );
    }));
}

/// The lines of a backtrace that lie in cells (`at ./cell-3:2:5`), innermost first, as `cell-3:2:5`.
fn cell_frames(backtrace: &str) -> Vec<String> {
    let lines = backtrace
        .lines()
        .filter_map(|line| line.trim().strip_prefix("at "));
    lines
        .filter_map(|place| place.rsplit('/').next())
        .filter(|place| place.starts_with("cell-"))
        .map(str::to_owned)
        .collect()
}
