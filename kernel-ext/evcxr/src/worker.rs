//! The thread that owns evcxr's context, which blocks while it compiles and runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use carnet_kernel::engine::asked::outside_toolkit;
use carnet_kernel::engine::directive::take_directives;
use carnet_kernel::engine::toolkit_file::ToolkitFile;
use carnet_kernel::engine::{Candidate, CellError, Completions, Input, Output, Variable};
use evcxr::{CommandContext, EvalCallbacks, EvalContext, EvalOutputs};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use crate::child::COLON;
use crate::failure::cell_error;
use crate::locked;
use crate::streams::Streams;
use crate::toolkit::{Workplace, flags};

/// What is asked of the thread.
pub(crate) enum Job {
    /// Begin, so that the first cell need not wait.
    Begin,
    /// Run a cell.
    Evaluate {
        code: String,
        label: String,
        outputs: mpsc::Sender<Output>,
        stops: watch::Receiver<u64>,
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

struct Worker {
    workplace: Arc<Workplace>,
    context: Option<CommandContext>,
    /// As the process that runs cells loads it.
    toolkit: Option<ToolkitFile>,
    streams: Arc<Streams>,
    told: Arc<Mutex<Told>>,
    /// Whether cells see what shows their values.
    sees_display: bool,
    /// Whether they see the toolkit's crates.
    sees_toolkit: bool,
    /// Whether they see its tokio.
    sees_tokio: bool,
    /// The cells that variables come from.
    cells: BTreeMap<String, String>,
}

/// What a cell does not see yet.
struct Unseen {
    display: bool,
    tokio: bool,
    toolkit: bool,
}

/// Starts the thread. It ends, and evcxr's process with it, when the sender is dropped.
pub(crate) fn start(
    workplace: Arc<Workplace>,
    told: Arc<Mutex<Told>>,
    streams: Arc<Streams>,
) -> Sender<Job> {
    let (sender, jobs) = channel();
    let worker = Worker {
        workplace,
        context: None,
        toolkit: None,
        streams,
        told,
        sees_display: false,
        sees_toolkit: false,
        sees_tokio: false,
        cells: BTreeMap::new(),
    };
    std::thread::spawn(move || worker.work(jobs));
    sender
}

impl Worker {
    fn work(mut self, jobs: Receiver<Job>) {
        let mut next = None;
        while let Some(job) = next.take().or_else(|| jobs.recv().ok()) {
            match job {
                Job::Begin => {
                    // A failure is met again, and told, in the first cell.
                    let _ = self.begin();
                    next = jobs.try_recv().ok();
                    // A cell that waits sees it with the rest.
                    if next.is_none() {
                        self.see_display();
                    }
                }
                Job::Evaluate {
                    code,
                    label,
                    outputs,
                    stops,
                    reply,
                } => {
                    let result = self.evaluate(&code, &label, &outputs, &stops);
                    // The cell has ended when nobody can send to it.
                    drop(outputs);
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
            let toolkit = self.workplace.toolchain().ok();
            self.toolkit = toolkit.map(|toolchain| ToolkitFile::look(toolchain.toolkit()));
            let context = self.make_context();
            self.context = Some(context.map_err(|message| CellError::new("error", message))?);
        }
        self.context
            .as_mut()
            .ok_or_else(|| CellError::new("error", "evcxr did not start"))
    }

    fn make_context(&self) -> Result<CommandContext, String> {
        let toolchain = self.workplace.toolchain()?;
        let child = self.workplace.child(toolchain);
        let child = child.map_err(|error| format!("evcxr could not be started: {error:#}"))?;
        let errors = || self.streams.errors();
        let told = |error: evcxr::Error| format!("evcxr could not be started: {}{error}", errors());
        // What the process writes comes by the streams.
        let (context, _) = EvalContext::with_subprocess_command(child).map_err(told)?;
        locked(&self.told).child = Some(context.process_handle());
        let mut context = CommandContext::with_eval_context(context);
        // What the user's own settings ask for, as under evcxr's kernel.
        context.execute(":load_config --quiet").map_err(told)?;
        let environment = format!(":build_env CARGO_ENCODED_RUSTFLAGS={}", flags(toolchain));
        context.execute(&environment).map_err(told)?;
        Ok(context)
    }

    fn evaluate(
        &mut self,
        code: &str,
        label: &str,
        outputs: &mpsc::Sender<Output>,
        stops: &watch::Receiver<u64>,
    ) -> Result<(), CellError> {
        self.begin()?;
        if let Some(toolkit) = &self.toolkit {
            toolkit.check()?;
        }
        let code = self.without_toolkit(code)?;
        self.streams.begin(outputs.clone());
        let clears = take_directives(&code)
            .0
            .iter()
            .any(|directive| directive.command == ":clear");
        let mut callbacks = EvalCallbacks {
            input_reader: &|request| answer(outputs, stops, &request.prompt, request.is_password),
        };
        let result = self.execute(&code, &mut callbacks);
        if clears {
            // What evcxr forgot is given to it again.
            (self.sees_display, self.sees_toolkit, self.sees_tokio) = (false, false, false);
            self.see_display();
        }
        let broken = matches!(&result, Err(evcxr::Error::SubprocessTerminated(_)));
        let told = self.streams.end(broken);
        self.publish(label);
        match result {
            Err(error) => Err(cell_error(&error, label, &code)),
            Ok(_) if told.panicked => {
                let message = told
                    .message
                    .unwrap_or_else(|| "the cell panicked".to_owned());
                Err(CellError::new("panic", message))
            }
            // All of it was shown; evcxr writes the error last.
            Ok(_) if told.failed => {
                let last = told.errors.trim().lines().next_back();
                Err(CellError::new("error", last.unwrap_or_default()))
            }
            Ok(shown) => {
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
        let crates = self.streams.crates();
        let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        let words: BTreeSet<&str> = words.collect();
        let tokio = words.contains("await") || words.contains("tokio");
        let toolkit = tokio || crates.iter().any(|name| words.contains(name.as_str()));
        let unseen = Unseen {
            display: !self.sees_display,
            tokio: tokio && !self.sees_tokio,
            toolkit: toolkit && !self.sees_toolkit,
        };
        (unseen.display || unseen.tokio || unseen.toolkit).then_some(unseen)
    }

    /// Lets cells see what shows their values. A failure is met again, and told, in the next cell.
    fn see_display(&mut self) {
        if let Some(context) = &mut self.context {
            let (line, import) = self.workplace.display();
            self.sees_display |= context.execute(&format!("{line}{import}")).is_ok();
        }
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
        if unseen.tokio || unseen.toolkit {
            self.workplace.lock()?;
        }
        let (mut before, mut imports) = (String::new(), String::new());
        if unseen.display && !unseen.toolkit {
            let (line, import) = self.workplace.display();
            before.push_str(&line);
            imports.push_str(import);
        }
        if unseen.tokio {
            before.push_str(&tokio);
        }
        if unseen.toolkit {
            before.push_str(&toolkit);
            imports.push_str("use carnet_names::*;");
        }
        let before = before + &imports;
        let is_code = take_directives(code).0.is_empty();
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
        self.sees_display = true;
        self.sees_tokio |= unseen.tokio;
        self.sees_toolkit |= unseen.toolkit;
        result
    }

    /// The cell without the `:dep` lines that ask for crates of the toolkit; blanks keep the lines.
    fn without_toolkit(&self, code: &str) -> Result<String, CellError> {
        let crates = self.streams.crates();
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

/// Asks the user, until the cell is stopped. The answer is JSON, as the process that runs cells takes it: a text, or null for
/// the end of the input.
fn answer(
    outputs: &mpsc::Sender<Output>,
    stops: &watch::Receiver<u64>,
    prompt: &str,
    password: bool,
) -> String {
    let (sender, answer) = oneshot::channel();
    let input = Input {
        prompt: prompt.replace(COLON, ":"),
        password,
        answer: sender,
    };
    let mut stops = stops.clone();
    let asked = tokio::runtime::Builder::new_current_thread().build();
    let text = asked.ok().and_then(|runtime| {
        runtime.block_on(async {
            outputs.send(Output::Input(input)).await.ok()?;
            tokio::select! {
                text = answer => text.ok(),
                _ = stops.changed() => None,
            }
        })
    });
    serde_json::json!(text).to_string()
}
