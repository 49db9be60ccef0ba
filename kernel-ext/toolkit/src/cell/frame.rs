//! What the process that runs cells tells the kernel beside what cells show, by the frames of [`carnet::show::frame`].

use carnet::serde_json::{Value, json};
use carnet::show::frame::{self, Stream};

/// Writes one frame, in order with what cells print.
pub(crate) fn write(content: &Value) {
    frame::write(Stream::Out, content);
}

/// Marks the end of a cell in both streams: what was printed before is before the mark, in each.
pub(crate) fn write_end(report: &Value) {
    write(report);
    frame::write(Stream::Error, &json!({ "kind": "end" }));
}

/// Prepares the process for cells: the panic hook, TLS for cells that use reqwest itself, and a first frame that lists the crates cells may use. The kernel's
/// host calls it once, before the first cell.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_open() {
    if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        super::run::install_reporting_hook();
    } else {
        super::run::install_panic_hook();
    }
    carnet::show::watch_long_work();
    carnet::source::prepare_tls();
    write(&json!({ "kind": "ready", "crates": crate::crates::NAMES }));
}

/// Passes on what cells have printed so far, unless a thread of theirs keeps standard output to itself. A host whose own copy of
/// the standard library is not the cells' calls it.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_flush() {
    frame::flush();
}

/// Asks the kernel for a line of the user's, after what the cell has printed so far. The host calls it, and waits.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_ask() {
    write(&json!({ "kind": "input" }));
}
