//! What evaluates cells, behind one small trait, so that the protocol does not know how.

use std::future::Future;

use serde_json::{Map, Value};
use tokio::sync::{mpsc, watch};

mod completeness;
pub mod direct;

pub use completeness::{Completeness, completeness};

/// Representations of one value: mime type to content.
pub type Bundle = Map<String, Value>;

/// What a cell produces while it runs, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Text printed to standard output.
    Stdout(String),
    /// Text printed to standard error.
    Stderr(String),
    /// Something shown on the way. With an id it can be replaced later by [`Output::Update`].
    Display {
        /// Its representations.
        data: Bundle,
        /// The id under which it can be replaced.
        id: Option<String>,
    },
    /// New content for everything shown under `id`.
    Update {
        /// The representations.
        data: Bundle,
        /// The id it was shown under.
        id: String,
    },
    /// The value of the last expression.
    Result(Bundle),
}

/// Why a cell did not run to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct CellError {
    /// A short name: the compiler's code (`E0308`), `panic`, the type of an error.
    pub name: String,
    /// One sentence.
    pub value: String,
    /// What a person reads, line by line, with ANSI colours.
    pub traceback: Vec<String>,
}

impl CellError {
    /// An error whose text says everything there is to say.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        let traceback = format!("\u{1b}[1;31m{name}\u{1b}[0m\u{1b}[1m: {value}\u{1b}[0m");
        Self {
            name: name.to_owned(),
            value,
            traceback: traceback.lines().map(str::to_owned).collect(),
        }
    }
}

/// Evaluates cells one at a time and keeps what they define.
pub trait Engine: Send {
    /// Evaluates one cell, numbered as the notebook numbers it, and sends what it produces into `outputs`.
    fn evaluate(
        &mut self,
        code: &str,
        number: usize,
        outputs: &mpsc::Sender<Output>,
    ) -> impl Future<Output = Result<(), CellError>> + Send;

    /// Starts what can be started before the first cell. What fails here fails again, and is told, in a cell.
    fn warm_up(&mut self) -> impl Future<Output = ()> + Send;

    /// What threads of earlier cells print between cells; pending for ever when there is nothing. Safe to cancel.
    fn idle_output(&mut self) -> impl Future<Output = Output> + Send;

    /// A handle that stops the cell being evaluated, from any task.
    fn interrupter(&self) -> Interrupter;

    /// Ends all that the engine started.
    fn shutdown(&mut self) -> impl Future<Output = ()> + Send;
}

/// Stops the cell that is being evaluated; between cells it does nothing.
#[derive(Debug, Clone)]
pub struct Interrupter(watch::Sender<u64>);

impl Default for Interrupter {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Interrupter {
    /// Asks for the stop and returns at once.
    pub fn interrupt(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// Begins to listen: only interrupts from now on count.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        let mut receiver = self.0.subscribe();
        receiver.mark_unchanged();
        receiver
    }
}
