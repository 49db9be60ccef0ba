//! The thread that owns evcxr's context, which blocks while it compiles and runs, and the thread that passes on what cells
//! write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use carnet_kernel::engine::asked::outside_toolkit;
use carnet_kernel::engine::directive::take_directives;
use carnet_kernel::engine::frames::{Frames, Piece, shown};
use carnet_kernel::engine::{Candidate, CellError, Completions, Input, Output, Variable};
use evcxr::{CommandContext, EvalCallbacks, EvalContext, EvalContextOutputs, EvalOutputs};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::failure::cell_error;
use crate::toolkit::{Workplace, flags};

/// How values are shown: evcxr asks the value of a last expression for this method, and falls back on `Debug`. It is part of
/// each cell, not of the toolkit: there it would be found, and not be in scope, under other kernels.
const DISPLAY: &str = "trait EvcxrDisplay { fn evcxr_display(&self); }
impl<T: ::carnet::show::Show + ?Sized> EvcxrDisplay for T {
    fn evcxr_display(&self) {
        ::carnet::show::send(::carnet::show::Role::Result, &::carnet::show::Show::bundle(self));
    }
}";

/// What is asked of the thread.
pub(crate) enum Job {
    /// Begin, so that the first cell need not wait.
    Begin,
    /// Run a cell.
    Evaluate {
        code: String,
        label: String,
        outputs: mpsc::Sender<Output>,
        reply: oneshot::Sender<Result<(), CellError>>,
    },
    /// Complete at a byte.
    Complete {
        code: String,
        cursor: usize,
        reply: oneshot::Sender<Completions>,
    },
    /// Say what is known at a byte: text and Markdown.
    Inspect {
        code: String,
        cursor: usize,
        reply: oneshot::Sender<Option<String>>,
    },
}

/// What the thread tells of itself.
#[derive(Default)]
pub(crate) struct Told {
    /// The process that runs cells.
    pub(crate) child: Option<Arc<Mutex<std::process::Child>>>,
    /// The variables there are.
    pub(crate) variables: Vec<Variable>,
}

/// Where what cells write goes.
pub(crate) struct Sink {
    /// Whether a cell runs, rather than compiles.
    pub(crate) runs: bool,
    /// To the cell that runs; between cells to the last of these.
    cell: Option<mpsc::Sender<Output>>,
    idle: mpsc::UnboundedSender<Output>,
    /// The message of the last panic on the thread that runs cells.
    panic: Option<String>,
    panicked: bool,
    failed: bool,
    /// What was written to standard error by this cell.
    errors: String,
    crates: Vec<String>,
}

struct Worker {
    workplace: Workplace,
    context: Option<CommandContext>,
    sink: Arc<Mutex<Sink>>,
    told: Arc<Mutex<Told>>,
    /// Whether cells see the toolkit's crates.
    sees_toolkit: bool,
    /// Whether they see its tokio.
    sees_tokio: bool,
    /// The cells that variables come from.
    cells: BTreeMap<String, String>,
}

/// What a cell does not see yet.
struct Unseen {
    tokio: bool,
    toolkit: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread. It ends, and evcxr's process with it, when the sender is dropped.
pub(crate) fn start(
    workplace: Workplace,
    told: Arc<Mutex<Told>>,
    sink: Arc<Mutex<Sink>>,
) -> Sender<Job> {
    let (sender, jobs) = channel();
    let worker = Worker {
        workplace,
        context: None,
        sink,
        told,
        sees_toolkit: false,
        sees_tokio: false,
        cells: BTreeMap::new(),
    };
    std::thread::spawn(move || worker.work(jobs));
    sender
}

impl Worker {
    fn work(mut self, jobs: Receiver<Job>) {
        for job in jobs {
            match job {
                Job::Begin => {
                    // A failure is met again, and told, in the first cell.
                    let _ = self.begin();
                }
                Job::Evaluate {
                    code,
                    label,
                    outputs,
                    reply,
                } => {
                    let result = self.evaluate(&code, &label, outputs);
                    let _ = reply.send(result);
                }
                Job::Complete {
                    code,
                    cursor,
                    reply,
                } => {
                    let _ = reply.send(self.complete(&code, cursor));
                }
                Job::Inspect {
                    code,
                    cursor,
                    reply,
                } => {
                    let about = self.begin().ok().and_then(|context| {
                        let end = code[cursor..].find(|c: char| !c.is_alphanumeric() && c != '_');
                        let end = end.map_or(code.len(), |end| cursor + end);
                        context.hover_at(&code[..end], end).ok()
                    });
                    let about = about.map(|(text, _)| text);
                    let _ = reply.send(about.filter(|text| text != "No documentation found"));
                }
            }
        }
    }

    /// The context, made when it is asked for first.
    fn begin(&mut self) -> Result<&mut CommandContext, CellError> {
        if self.context.is_none() {
            let context = self.make_context();
            self.context = Some(context.map_err(|message| CellError::new("error", message))?);
        }
        self.context
            .as_mut()
            .ok_or_else(|| CellError::new("error", "evcxr did not start"))
    }

    fn make_context(&self) -> Result<CommandContext, String> {
        let toolchain = self.workplace.toolchain()?;
        let token = uuid::Uuid::new_v4().simple().to_string();
        let child = self.workplace.child(toolchain, &token);
        let child = child.map_err(|error| format!("evcxr could not be started: {error:#}"))?;
        let told = |error: evcxr::Error| format!("evcxr could not be started: {error}");
        let (mut context, outputs) = EvalContext::with_subprocess_command(child).map_err(told)?;
        self.workplace.begun().map_err(|error| error.to_string())?;
        pass_on(outputs, &token, &self.sink);
        let mut state = context.state();
        state.set_build_env("CARGO_ENCODED_RUSTFLAGS", &flags(toolchain));
        // rust-analyzer does not know `carnet` yet, and need not: nothing has a type of it.
        context.eval_with_state(DISPLAY, state).map_err(told)?;
        locked(&self.told).child = Some(context.process_handle());
        let mut context = CommandContext::with_eval_context(context);
        // What the user's own settings ask for, as under evcxr's kernel.
        context.execute(":load_config --quiet").map_err(told)?;
        Ok(context)
    }

    fn evaluate(
        &mut self,
        code: &str,
        label: &str,
        outputs: mpsc::Sender<Output>,
    ) -> Result<(), CellError> {
        self.begin()?;
        let code = self.without_toolkit(code)?;
        {
            let mut sink = locked(&self.sink);
            sink.cell = Some(outputs.clone());
            (sink.panic, sink.panicked, sink.failed) = (None, false, false);
            sink.errors.clear();
        }
        let questions = outputs.clone();
        let clears = take_directives(&code)
            .0
            .iter()
            .any(|directive| directive.command == ":clear");
        let mut callbacks = EvalCallbacks {
            input_reader: &|request| answer(&questions, request.prompt, request.is_password),
        };
        let result = self.execute(&code, &mut callbacks);
        if clears {
            // What evcxr forgot is given to it again; a failure is met, and told, in the next cell.
            if let Some(context) = &mut self.context {
                let _ = context.execute(DISPLAY);
            }
            (self.sees_toolkit, self.sees_tokio) = (false, false);
        }
        self.settle();
        self.publish(label);
        let mut sink = locked(&self.sink);
        (sink.cell, sink.runs) = (None, false);
        match result {
            Err(error) => Err(cell_error(&error, label, &code)),
            Ok(_) if sink.panicked => {
                let message = sink.panic.take();
                let message = message.unwrap_or_else(|| "the cell panicked".to_owned());
                Err(CellError::new("panic", message))
            }
            Ok(_) if sink.failed => {
                let message = sink.errors.trim().to_owned();
                Err(CellError::new("error", message))
            }
            Ok(shown) => {
                drop(sink);
                let mut bundle = carnet_kernel::engine::Bundle::new();
                for (kind, text) in shown.content_by_mime_type {
                    bundle.insert(kind, Value::String(text.trim_end_matches('\n').to_owned()));
                }
                if !bundle.is_empty() {
                    let _ = outputs.blocking_send(Output::Result(bundle));
                }
                Ok(())
            }
        }
    }

    /// What lets cells see the toolkit's crates, when a cell that names one or awaits something does not yet: rust-analyzer then
    /// reads their sources, which takes a while, and cells that need none of it do not wait for it.
    fn unseen(&self, code: &str) -> Option<Unseen> {
        let crates = locked(&self.sink).crates.clone();
        let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        let words: BTreeSet<&str> = words.collect();
        let tokio = words.contains("await") || words.contains("tokio");
        let toolkit = tokio || crates.iter().any(|name| words.contains(name.as_str()));
        let unseen = Unseen {
            tokio: tokio && !self.sees_tokio,
            toolkit: toolkit && !self.sees_toolkit,
        };
        (unseen.tokio || unseen.toolkit).then_some(unseen)
    }

    /// Runs a cell, and before it what it does not see yet. Both at once, as rust-analyzer takes twice the time for two; when
    /// that does not compile one after the other, so that errors have the cell's own lines.
    fn execute(
        &mut self,
        code: &str,
        callbacks: &mut EvalCallbacks<'_>,
    ) -> Result<EvalOutputs, evcxr::Error> {
        let unseen = self.unseen(code);
        let [toolkit, tokio] = self.workplace.dependencies();
        let Some(context) = &mut self.context else {
            return Err("evcxr did not start".into());
        };
        let Some(unseen) = unseen else {
            return context.execute_with_callbacks(code, callbacks);
        };
        self.workplace.lock()?;
        let mut before = String::new();
        if unseen.tokio {
            before.push_str(&tokio);
        }
        if unseen.toolkit {
            before.push_str(&toolkit);
            before.push_str("use carnet_names::*;");
        }
        let is_code = !code.trim_start().starts_with(':');
        let at_once = match is_code {
            true => context.execute_with_callbacks(&format!("{before}\n{code}"), callbacks),
            false => Err(evcxr::Error::Message(String::new())),
        };
        let result = match at_once {
            // Nothing ran.
            Err(evcxr::Error::CompilationErrors(_) | evcxr::Error::Message(_)) => {
                context.execute(&before)?;
                context.execute_with_callbacks(code, callbacks)
            }
            result => result,
        };
        self.sees_tokio |= unseen.tokio;
        self.sees_toolkit |= unseen.toolkit;
        result
    }

    /// The cell without the `:dep` lines that ask for crates of the toolkit; blanks keep the lines.
    fn without_toolkit(&self, code: &str) -> Result<String, CellError> {
        let crates = locked(&self.sink).crates.clone();
        let (directives, _) = take_directives(code);
        let mut answered = Vec::new();
        for directive in directives
            .iter()
            .filter(|directive| directive.command == ":dep")
        {
            let line = directive.argument.clone();
            // A folder alone is evcxr's own way to ask.
            let is_folder = line.starts_with(['.', '/']);
            if !is_folder && outside_toolkit(std::slice::from_ref(&line), &crates)?.is_empty() {
                answered.push(line);
            }
        }
        let keep = |line: &str| {
            let asked = line.trim().strip_prefix(":dep ").map(str::trim);
            !asked.is_some_and(|asked| answered.iter().any(|answered| answered == asked))
        };
        let lines: Vec<&str> = code
            .split('\n')
            .map(|line| if keep(line) { line } else { "" })
            .collect();
        Ok(lines.join("\n"))
    }

    /// Waits until what the cell wrote has been passed on. evcxr waits for standard output; standard error has a thread of its
    /// own there.
    fn settle(&self) {
        let start = Instant::now();
        let mut seen = usize::MAX;
        while start.elapsed() < Duration::from_millis(200) {
            std::thread::sleep(Duration::from_millis(5));
            let now = locked(&self.sink).errors.len();
            if now == seen {
                return;
            }
            seen = now;
        }
    }

    /// Tells the variables there are after a cell.
    fn publish(&mut self, label: &str) {
        let Some(context) = &self.context else { return };
        let mut variables: Vec<Variable> = Vec::new();
        for (name, type_) in context.variables_and_types() {
            let cell = self
                .cells
                .entry(name.to_owned())
                .or_insert_with(|| label.to_owned());
            variables.push(Variable {
                name: name.to_owned(),
                type_: type_.to_owned(),
                // evcxr does not tell.
                mutable: false,
                cell: cell.clone(),
            });
        }
        variables.sort_by(|a, b| a.name.cmp(&b.name));
        self.cells
            .retain(|name, _| variables.iter().any(|variable| variable.name == *name));
        locked(&self.told).variables = variables;
    }

    fn complete(&mut self, code: &str, cursor: usize) -> Completions {
        let found = self
            .begin()
            .ok()
            .and_then(|context| context.completions(code, cursor).ok());
        let Some(found) = found else {
            return Completions {
                replaced: cursor..cursor,
                candidates: Vec::new(),
            };
        };
        let candidates = found.completions.into_iter().map(|completion| Candidate {
            text: completion.code,
            kind: completion.kind.to_owned(),
            signature: Some(completion.label),
        });
        Completions {
            replaced: found.start_offset..found.end_offset,
            candidates: candidates.collect(),
        }
    }
}

/// Asks the user; without an answer the line is empty.
fn answer(outputs: &mpsc::Sender<Output>, prompt: String, password: bool) -> String {
    let (sender, answer) = oneshot::channel();
    let input = Input {
        prompt,
        password,
        answer: sender,
    };
    let asked = outputs.blocking_send(Output::Input(input));
    asked
        .ok()
        .and_then(|()| answer.blocking_recv().ok())
        .unwrap_or_default()
}

/// Passes on what cells write, from threads of their own.
fn pass_on(outputs: EvalContextOutputs, token: &str, sink: &Arc<Mutex<Sink>>) {
    let frames = Frames::new(token);
    let own = Arc::clone(sink);
    std::thread::spawn(move || pass_stream(&outputs.stdout, frames, &own, Output::Stdout));
    let frames = Frames::new(token);
    let own = Arc::clone(sink);
    std::thread::spawn(move || pass_stream(&outputs.stderr, frames, &own, Output::Stderr));
}

fn pass_stream(
    lines: &crossbeam_channel::Receiver<String>,
    mut frames: Frames,
    sink: &Mutex<Sink>,
    to_output: fn(String) -> Output,
) {
    let mut waiting = crossbeam_channel::Select::new();
    waiting.recv(lines);
    loop {
        waiting.ready();
        // Taken under the lock: when a cell has ended and the channel is empty, all of it has been passed on.
        let mut sink = locked(sink);
        let line = match lines.try_recv() {
            Ok(line) => line,
            Err(error) if error.is_disconnected() => return,
            Err(_) => continue,
        };
        for piece in frames.feed(format!("{line}\n").as_bytes()) {
            let output = match piece {
                Piece::Text(text) => {
                    let output = to_output(text);
                    if let Output::Stderr(text) = &output {
                        sink.errors.push_str(text);
                    }
                    Some(output)
                }
                Piece::Frame(mut frame) => sink.take_frame(&mut frame),
            };
            if let Some(output) = output {
                sink.send(output);
            }
        }
    }
}

impl Sink {
    /// One that passes on to `idle` what is written between cells.
    pub(crate) fn new(idle: mpsc::UnboundedSender<Output>) -> Self {
        Self {
            runs: false,
            cell: None,
            idle,
            panic: None,
            panicked: false,
            failed: false,
            errors: String::new(),
            crates: Vec::new(),
        }
    }

    fn take_frame(&mut self, frame: &mut Value) -> Option<Output> {
        let text = |frame: &Value, name: &str| frame[name].as_str().unwrap_or_default().to_owned();
        match frame["kind"].as_str()? {
            "ready" => {
                self.crates = serde_json::from_value(frame["crates"].take()).unwrap_or_default()
            }
            "stdout" => return Some(Output::Stdout(text(frame, "text"))),
            "running" => self.runs = true,
            "panicking" => self.panic = Some(text(frame, "message")),
            "panicked" => self.panicked = true,
            "failed" => self.failed = true,
            _ => return shown(frame),
        }
        None
    }

    fn send(&self, output: Output) {
        // Nobody reads any more when this fails.
        match &self.cell {
            Some(cell) => drop(cell.blocking_send(output)),
            None => drop(self.idle.send(output)),
        }
    }
}
