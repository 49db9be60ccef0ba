//! What evaluates cells, behind one small trait, so that the protocol does not know how.

use std::future::Future;
use std::ops::Range;

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot, watch};

pub mod asked;
pub mod awaits;
mod completeness;
pub mod direct;
pub mod directive;
pub mod frames;
pub mod toolkit_file;

pub use completeness::{Completeness, completeness};

/// Representations of one value: mime type to content.
pub type Bundle = Map<String, Value>;

/// What a cell produces while it runs, in order.
#[derive(Debug)]
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
    /// What the cell has shown so far is to go, at once or, with `wait`, when something new is shown.
    Clear {
        /// Whether to wait.
        wait: bool,
    },
    /// The value of the last expression.
    Result(Bundle),
    /// The cell waits for a line from the user.
    Input(Input),
}

/// A question of a running cell. Dropped without an answer, the cell meets the end of its input.
#[derive(Debug)]
pub struct Input {
    /// What the user is asked.
    pub prompt: String,
    /// Whether the answer must not be seen.
    pub password: bool,
    /// Takes the answer, without a line break.
    pub answer: oneshot::Sender<String>,
}

/// A variable that a later cell can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its type, as Rust writes it.
    pub type_: String,
    /// Whether it was declared `mut`.
    pub mutable: bool,
    /// The cell that declared it: `cell [3]`.
    pub cell: String,
}

/// What can stand at the cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    /// The part of the code that a candidate replaces, in bytes.
    pub replaced: Range<usize>,
    /// What may stand there, best first.
    pub candidates: Vec<Candidate>,
}

/// One completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The text to write.
    pub text: String,
    /// What it is, in the words that JupyterLab has icons for: `function`, `field`, `module`, `struct`, `instance`.
    pub kind: String,
    /// Its signature or type, if known.
    pub signature: Option<String>,
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

    /// What can stand at a place of the code, given in bytes.
    fn complete(&mut self, code: &str, cursor: usize) -> impl Future<Output = Completions> + Send;

    /// What is known of the name at a place of the code, given in bytes: Markdown and plain text; none when nothing is.
    /// `detail` is 1 when the source is asked for too.
    fn inspect(
        &mut self,
        code: &str,
        cursor: usize,
        detail: u8,
    ) -> impl Future<Output = Option<Bundle>> + Send;

    /// The variables there are, by name.
    fn variables(&self) -> Vec<Variable>;

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
    pub fn listen(&self) -> watch::Receiver<u64> {
        let mut receiver = self.0.subscribe();
        receiver.mark_unchanged();
        receiver
    }
}
