//! `carnet notebook run`: executes a notebook's code cells in order through a kernel and saves every output; at the first
//! failure it saves what there is and says which cell failed.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jupyter_protocol::messaging::{
    ExecuteReply, JupyterMessage, JupyterMessageContent, ReplyStatus,
};
use jupyter_protocol::{ErrorOutput, KernelInfoReply};
use serde_json::{Value, json};
use thiserror::Error;

use super::document::{CodeCell, Document, DocumentError, excerpt};
use super::kernelspec::{Kernelspec, KernelspecError};
use super::output::Outputs;
use super::parameters::{Given, ParameterError};
use super::progress::Progress;
use super::session::{Ended, Heard, Session, SessionError};
use super::stop::Stop;

/// What to run.
#[derive(Debug)]
pub(crate) struct Request {
    /// The notebook.
    pub(crate) file: PathBuf,
    /// Where the result goes; when absent the notebook itself, or NAME.partial.ipynb beside it if a cell fails.
    pub(crate) output: Option<PathBuf>,
    /// The kernel; the one that the notebook names when absent.
    pub(crate) kernel: Option<String>,
    /// How long one cell may take; no limit when absent.
    pub(crate) timeout: Option<Duration>,
    /// How long all of it may take, the kernel's start included; no limit when absent.
    pub(crate) total: Option<Duration>,
    /// Values for the notebook's parameters.
    pub(crate) parameters: Given,
}

/// Why a run did not come to its end.
#[derive(Debug, Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Kernelspec(#[from] KernelspecError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// Ctrl-C cannot be listened to.
    #[error("cannot listen for Ctrl-C: {0}")]
    Signal(std::io::Error),
    /// A cell failed; what ran before it and what it showed is saved.
    #[error("{0}")]
    Cell(Box<CellFailure>),
}

impl RunError {
    /// The exit code that goes with it, as `carnet notebook run --help` lists them.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Session(SessionError::Stopped { .. }) => 130,
            Self::Session(SessionError::TimedOut { .. }) => 3,
            Self::Session(_) | Self::Kernelspec(_) => 4,
            Self::Document(DocumentError::Save { .. }) | Self::Signal(_) => 1,
            Self::Document(_) | Self::Parameter(_) => 2,
            Self::Cell(failure) => match failure.why {
                Why::Stopped => 130,
                Why::TimedOut(..) => 3,
                Why::Died { .. } | Why::Lost(_) => 4,
                Why::Raised(_) => 1,
            },
        }
    }
}

/// Which cell failed, why, and where the partial result is.
#[derive(Debug)]
pub(crate) struct CellFailure {
    file: PathBuf,
    cell: CodeCell,
    place: usize,
    code_cells: usize,
    cells: usize,
    why: Why,
    /// Where the partial result is, or why it is nowhere.
    saved: Result<PathBuf, String>,
}

#[derive(Debug)]
enum Why {
    Raised(ErrorOutput),
    Died { how: String, printed: String },
    TimedOut(Duration, Limit),
    Stopped,
    Lost(String),
}

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Cell,
    Total,
}

impl fmt::Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Cell => "--timeout",
            Self::Total => "--total-timeout",
        })
    }
}

impl Why {
    /// The error that the cell shows in the saved notebook; one that the kernel reported is there already.
    fn as_output(&self) -> Option<ErrorOutput> {
        let (ename, evalue) = match self {
            Self::Raised(_) => return None,
            Self::Died { how, .. } => (
                "KernelDied",
                format!("the kernel {how} while this cell ran"),
            ),
            Self::TimedOut(limit, Limit::Cell) => (
                "Timeout",
                format!("this cell took longer than {} s", limit.as_secs_f64()),
            ),
            Self::TimedOut(limit, Limit::Total) => (
                "Timeout",
                format!("the run took longer than {} s", limit.as_secs_f64()),
            ),
            Self::Stopped => (
                "Interrupted",
                "the run was stopped while this cell ran".to_owned(),
            ),
            Self::Lost(what) => (
                "KernelLost",
                format!("the kernel stopped answering: {what}"),
            ),
        };
        let traceback = vec![format!("{ename}: {evalue}")];
        Some(ErrorOutput {
            ename: ename.to_owned(),
            evalue,
            traceback,
        })
    }
}

impl fmt::Display for CellFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CellFailure {
            file,
            cell,
            place,
            code_cells,
            cells,
            ..
        } = self;
        let number = cell.index + 1;
        let first_line = excerpt(&cell.source, 80);
        let failed = match self.why {
            Why::Stopped => "was interrupted",
            _ => "failed",
        };
        writeln!(
            out,
            "{}: cell {number} of {cells} (code cell {} of {code_cells}, id {}) {failed}: {first_line}",
            file.display(),
            place + 1,
            cell.id,
        )?;
        match &self.why {
            Why::Raised(error) => {
                writeln!(out, "{}: {}", error.ename, without_colours(&error.evalue))?;
                let traceback = without_colours(&error.traceback.join("\n"));
                for line in traceback.lines().take(40) {
                    writeln!(out, "  {line}")?;
                }
            }
            Why::Died { how, printed } => {
                writeln!(out, "the kernel {how}")?;
                for line in printed.lines() {
                    writeln!(out, "  {line}")?;
                }
            }
            Why::TimedOut(limit, which) => {
                writeln!(
                    out,
                    "it took longer than the {} s of {which} and was interrupted",
                    limit.as_secs_f64()
                )?;
            }
            Why::Stopped => {}
            Why::Lost(what) => writeln!(out, "the kernel stopped answering: {what}")?,
        }
        match &self.saved {
            Ok(saved) => write!(out, "the partial result is saved in {}", saved.display()),
            Err(why) => write!(out, "the partial result could not be saved: {why}"),
        }
    }
}

/// Runs the notebook; on return the kernel has ended.
pub(crate) async fn run(request: &Request) -> Result<(), RunError> {
    let began = Instant::now();
    let stop = Stop::listen().map_err(RunError::Signal)?;
    let mut document = Document::read(&request.file)?;
    request.parameters.inject(&mut document)?;
    let kernel = Kernelspec::find(request.kernel.as_deref().or(document.kernel_name()))?;
    // What there is so far is kept here, cell by cell; a run that is killed leaves it too.
    let kept = match &request.output {
        Some(output) => output.clone(),
        None => partial_of(&request.file),
    };
    Document::can_save(&kept)?;
    let cells = document.code_cells();
    let progress = Progress::new(cells.len());
    progress.doing(format!("{} is starting", kernel.name));

    let left = request
        .total
        .map(|total| total.saturating_sub(began.elapsed()));
    let folder = folder_of(&request.file);
    let mut session = Session::start(&kernel, &folder, left, &stop).await?;
    progress.line(&format!(
        "kernel {} ready in {:.2} s",
        kernel.name,
        began.elapsed().as_secs_f64()
    ));
    describe_kernel(
        &mut document,
        &kernel,
        &session.info,
        request.kernel.is_some(),
    );

    let mut listener = Listener::new(cells.len(), &progress);
    let mut failure = None;
    for (place, cell) in cells.iter().enumerate() {
        if cell.source.trim().is_empty() {
            continue;
        }
        listener.place = place;
        progress.began(place, cell);
        let cell_began = Instant::now();
        let left = request
            .total
            .map(|total| total.saturating_sub(began.elapsed()));
        let (limit, named) = match (request.timeout, left) {
            (Some(cell), Some(left)) if cell <= left => (Some(cell), (cell, Limit::Cell)),
            (_, Some(left)) => (
                Some(left),
                (request.total.unwrap_or_default(), Limit::Total),
            ),
            (cell, None) => (cell, (cell.unwrap_or_default(), Limit::Cell)),
        };
        let ended = if stop.is_asked() {
            Ended::Stopped
        } else if limit.is_some_and(|limit| limit.is_zero()) {
            Ended::TimedOut
        } else {
            session
                .execute(&cell.source, limit, &stop, &mut listener)
                .await
        };
        let why = listener.judge(place, ended, named);
        progress.ended(place, cell, cell_began.elapsed().as_secs_f64());
        let failed = why.is_some();
        if let Some(why) = why {
            failure = Some((place, why));
        }
        listener.write_into(&mut document, &cells);
        if let Err(error) = document.save(&kept) {
            progress.line(&format!(
                "warning: what ran so far could not be saved: {error}"
            ));
        }
        if failed {
            break;
        }
    }
    progress.doing(format!("{} is ending", kernel.name));
    session.shutdown(&mut listener).await;

    listener.write_into(&mut document, &cells);
    let saved = match (&request.output, &failure) {
        (None, None) => request.file.clone(),
        _ => kept,
    };
    let written = document.save(&saved);
    if failure.is_none() {
        written?;
        // What this run, or a former one that broke off, kept on the way is out of date. A run into another file kept
        // nothing there, and leaves what there is.
        if request.output.is_none() {
            let _ = std::fs::remove_file(partial_of(&request.file));
        }
        let seconds = began.elapsed().as_secs_f64();
        progress.line(&format!(
            "{}: {} code cells in {seconds:.1} s",
            saved.display(),
            cells.len()
        ));
        return Ok(());
    }
    // The cell's failure is the news; that its trace could not be kept comes with it.
    let saved = written.map(|()| saved).map_err(|error| error.to_string());
    match failure {
        Some((place, why)) => Err(RunError::Cell(Box::new(CellFailure {
            file: request.file.clone(),
            cell: cells[place].clone(),
            place,
            code_cells: cells.len(),
            cells: document.cell_count(),
            why,
            saved,
        }))),
        None => Ok(()),
    }
}

/// Where the partial result of a notebook is kept.
fn partial_of(notebook: &Path) -> PathBuf {
    notebook.with_extension("partial.ipynb")
}

/// Gathers what the kernel says, cell by cell.
struct Listener<'a> {
    progress: &'a Progress,
    outputs: Outputs,
    counts: Vec<Option<usize>>,
    /// Which code cell a request belongs to.
    requests: HashMap<String, usize>,
    place: usize,
}

impl<'a> Listener<'a> {
    fn new(cells: usize, progress: &'a Progress) -> Self {
        Self {
            progress,
            outputs: Outputs::new(cells),
            counts: vec![None; cells],
            requests: HashMap::new(),
            place: 0,
        }
    }

    /// Puts what the cells show so far into the notebook.
    fn write_into(&self, document: &mut Document, cells: &[CodeCell]) {
        for ((cell, outputs), count) in cells.iter().zip(self.outputs.cells()).zip(&self.counts) {
            document.set_result(cell.index, *count, outputs);
        }
    }

    /// Whether the cell failed, and if so why; the failure becomes part of what the cell shows.
    fn judge(&mut self, place: usize, ended: Ended, limit: (Duration, Limit)) -> Option<Why> {
        let shown = self.outputs.error(place);
        let why = match ended {
            Ended::Replied(reply) => {
                let succeeded = reply.status == ReplyStatus::Ok && shown.is_none();
                if reply.execution_count.value() > 0 {
                    self.counts[place] = Some(reply.execution_count.value());
                }
                if succeeded {
                    return None;
                }
                if let Some(error) = shown {
                    Why::Raised(error)
                } else {
                    let error = error_of(reply);
                    self.outputs.add_error(place, &error);
                    Why::Raised(error)
                }
            }
            Ended::Died { how, printed } => Why::Died { how, printed },
            Ended::TimedOut => Why::TimedOut(limit.0, limit.1),
            Ended::Stopped => Why::Stopped,
            Ended::Lost(what) => Why::Lost(what),
        };
        if let Some(error) = why.as_output() {
            self.outputs.add_error(place, &error);
        }
        Some(why)
    }
}

impl Heard for Listener<'_> {
    fn begun(&mut self, id: &str) {
        self.requests.insert(id.to_owned(), self.place);
    }

    fn message(&mut self, message: &JupyterMessage) {
        let parent = message
            .parent_header
            .as_ref()
            .map(|parent| parent.msg_id.as_str());
        let Some(&place) = parent.and_then(|parent| self.requests.get(parent)) else {
            return;
        };
        match &message.content {
            JupyterMessageContent::ExecuteInput(input) => {
                self.counts[place] = Some(input.execution_count.value())
            }
            content => self.outputs.apply(place, content),
        }
    }

    fn unreadable(&mut self, what: &str) {
        self.progress.line(&format!(
            "warning: a message of the kernel was left out, it does not follow the protocol: {what}"
        ));
    }
}

fn error_of(reply: ExecuteReply) -> ErrorOutput {
    match reply.error {
        Some(error) => ErrorOutput {
            ename: error.ename,
            evalue: error.evalue,
            traceback: error.traceback,
        },
        None => {
            let evalue = format!("the kernel replied `{:?}` and gave no reason", reply.status)
                .to_lowercase();
            ErrorOutput {
                ename: "Error".to_owned(),
                evalue,
                traceback: Vec::new(),
            }
        }
    }
}

/// Records in the notebook which language ran, and which kernel if the notebook named none or another was asked for.
fn describe_kernel(
    document: &mut Document,
    kernel: &Kernelspec,
    info: &KernelInfoReply,
    asked_for: bool,
) {
    if let Ok(language) = serde_json::to_value(&info.language_info) {
        document.set_metadata("language_info", language);
    }
    if document.kernel_name().is_none() || asked_for {
        let spec: Value = json!({"name": kernel.name, "display_name": kernel.spec.display_name, "language": kernel.spec.language});
        document.set_metadata("kernelspec", spec);
    }
}

/// The folder of the notebook, in which its cells run.
fn folder_of(file: &Path) -> PathBuf {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    file.parent().map(Path::to_owned).unwrap_or_default()
}

/// Text without the escape sequences that colour it.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|character: char| !character.is_ascii_alphabetic());
        rest = rest.get(1..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(without_colours("\u{1b}[1;31merror\u{1b}[0m: x"), "error: x");
        assert_eq!(without_colours("plain"), "plain");
    }
}
