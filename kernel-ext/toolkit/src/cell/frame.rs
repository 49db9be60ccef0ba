//! The lines by which the process that runs cells speaks to the kernel, in the midst of what cells print: `U+001E`, the
//! session's token, a space, JSON, a line break. The token is random, so that nothing a cell prints is taken for one.

use std::io::Write;
use std::sync::OnceLock;

use carnet::serde_json::{Value, json};

/// The token of this session; empty when nobody listens for frames.
fn token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| std::env::var("CARNET_DISPLAY_TOKEN").unwrap_or_default())
}

/// Writes one frame to standard output. A kernel that has gone cannot be told so: a failed write is ignored.
pub(crate) fn write(content: &Value) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "\u{1e}{} {content}", token());
    let _ = stdout.flush();
}

/// Marks the end of a cell in both streams: what was printed before is before the mark, in each.
pub(crate) fn write_end(report: &Value) {
    write(report);
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "\u{1e}{} {}", token(), json!({ "kind": "end" }));
    let _ = stderr.flush();
}

/// Prepares the process for cells: the panic hook, and a first frame that lists the crates cells may use. The kernel's
/// host calls it once, before the first cell.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_open() {
    if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        super::run::install_reporting_hook();
    } else {
        super::run::install_panic_hook();
    }
    carnet::show::watch_long_work();
    write(&json!({ "kind": "ready", "crates": crate::crates::NAMES }));
}

/// Passes on what cells have printed so far. A host whose own copy of the standard library is not the cells' calls it.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_flush() {
    let _ = std::io::stdout().lock().flush();
    let _ = std::io::stderr().lock().flush();
}

/// Asks the kernel for a line of the user's, after what the cell has printed so far. The host calls it, and waits.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_ask() {
    write(&json!({ "kind": "input" }));
}
