//! The default engine: each cell is a crate of its own, compiled by rustc against the toolkit's dylib and run in a
//! process that loads it. A cell costs what rustc costs; no cell compiles a dependency, and no cell compiles another's
//! code again.
//!
//! The price: only variables that own their data, and whose type can be written, outlive a cell.

mod analysis;
mod build;
mod cell;
mod commands;
mod compile;
mod corrections;
mod dependency;
mod ending;
mod folders;
mod hints;
mod host;
mod interior;
mod item;
mod kept;
mod lifted;
mod meaning;
mod mir;
mod process_group;
mod render;
mod session;
mod settle;
mod source;
mod source_map;
mod unliftable;

use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use self::analysis::Analysis;
use self::build::{Built, Place, Unbuilt, build, syntax_errors};
use self::cell::{Cell, take_apart};
use self::compile::Diagnostic;
use self::dependency::{Group, build_group};
use self::ending::{Report, ended, interrupted_compiling, interrupted_lost};
use self::hints::hints;
use self::host::{Event, Host};
use self::render::{Sources, render};
use self::session::Session;
use self::source_map::SourceMap;
use super::asked::outside_toolkit;
use super::directive::{Directive, take_directives};
use super::{Bundle, CellError, Completions, Engine, Input, Interrupter, Output, Variable};
use crate::host::{Command, RunCell};
use crate::toolchain::Toolchain;

/// How long the process may take to stop a cell and keep the variables, before it is ended with them.
const PATIENCE: Duration = Duration::from_millis(900);

/// So much of what a cell wrote to standard error last may tell why its process ended.
const LAST_WORDS: usize = 2_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Direct {
    tools: Option<Tools>,
    host: Option<Host>,
    /// The crates a cell may use, once the process has said them.
    crates: Option<Vec<String>>,
    session: Session,
    sources: Sources,
    /// The crates of the cells that ran, in order.
    cells: Vec<String>,
    interrupter: Interrupter,
    /// Crates outside the toolkit.
    dependencies: Vec<Group>,
    /// The level that cells are optimised at.
    optimisation: u8,
    /// Whether the time that a cell takes is told.
    timing: bool,
    /// Variables for the environment of the process.
    environment: Vec<(String, String)>,
    last_errors: Vec<Diagnostic>,
    analysis: Analysis,
    /// What happened between cells, to be told in the next.
    notice: Option<String>,
}

/// What is found once.
#[derive(Debug)]
struct Tools {
    toolchain: Toolchain,
    folder: TempDir,
}

impl Engine for Direct {
    async fn evaluate(
        &mut self,
        code: &str,
        number: usize,
        outputs: &mpsc::Sender<Output>,
    ) -> Result<(), CellError> {
        let mut interrupt = self.interrupter.listen();
        let start = Instant::now();
        let (file, label) = self.names(number);
        let (cell, built) = tokio::select! {
            built = self.compile(code, &file, &label, outputs) => match built? {
                Some(built) => built,
                None => return Ok(()),
            },
            _ = interrupt.changed() => return Err(interrupted_compiling()),
        };
        let compiled = Instant::now();
        self.sources.insert(file.clone(), built.map.clone());
        let before = self.session.names();
        let report = self.run(&built, &label, outputs, &mut interrupt).await?;
        self.settle(&cell, built, &report, &file, &label);
        if self.timing {
            let text = format!(
                "(compiled in {:.2} s, ran for {:.2} s)\n",
                (compiled - start).as_secs_f64(),
                compiled.elapsed().as_secs_f64()
            );
            let _ = outputs.send(Output::Stdout(text)).await;
        }
        let lost: Vec<String> = before.difference(&self.session.names()).cloned().collect();
        report.error(&self.sources, &lost).map_or(Ok(()), Err)
    }

    async fn warm_up(&mut self) {
        if self.find_tools().await.is_ok() {
            // A failure is met again, and told, in the first cell.
            let _ = self.start_host();
        }
    }

    async fn idle_output(&mut self) -> Output {
        loop {
            // Before the process is ready its output is the reason why it will not be: kept for the first cell.
            let Some(host) = self.host.as_mut().filter(|_| self.crates.is_some()) else {
                return std::future::pending().await;
            };
            match host.next().await {
                Event::Output(output) => return output,
                Event::Exited(how) => {
                    let notice = format!(
                        "Between cells the process that runs them {how}; the variables were lost.\n"
                    );
                    self.lose_host("the process that runs the cells ended");
                    self.notice = Some(notice);
                }
                // No cell runs that could be asked for: a thread meets the end of its input.
                Event::Input => {
                    let _ = host.send(&Command::Answer(None)).await;
                }
                Event::Ready(_) | Event::End(_) | Event::EndOfStderr => {}
            }
        }
    }

    async fn complete(&mut self, code: &str, cursor: usize) -> Completions {
        if let Some((analysis, place)) = self.analysis().await {
            let completions = analysis.complete(&place, code, cursor).await;
            self.tell_of_analysis();
            return completions;
        }
        Completions {
            replaced: cursor..cursor,
            ..Completions::default()
        }
    }

    async fn inspect(&mut self, code: &str, cursor: usize, detail: u8) -> Option<Bundle> {
        let (analysis, place) = self.analysis().await?;
        let about = analysis.inspect(&place, code, cursor, detail).await;
        self.tell_of_analysis();
        about
    }

    fn variables(&self) -> Vec<Variable> {
        let variable = |(name, variable): (&String, &session::Variable)| Variable {
            name: name.clone(),
            type_: variable.type_.clone(),
            mutable: variable.mutable,
            cell: variable.cell.clone(),
        };
        self.session.variables.iter().map(variable).collect()
    }

    fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    async fn shutdown(&mut self) {
        self.host = None;
        self.analysis = Analysis::default();
        self.tools = None;
    }
}

impl Direct {
    /// The file and the name of a cell. A number that comes again (a frontend that keeps no history) gets a second one.
    fn names(&self, number: usize) -> (String, String) {
        let mut file = format!("cell-{number}");
        if self.sources.contains_key(&file) {
            file = format!("cell-{number}-{}", self.sources.len());
        }
        (file, format!("cell [{number}]"))
    }

    /// Compiles a cell; none when there is nothing to run. Dropped half way, it leaves all as it was.
    async fn compile(
        &mut self,
        code: &str,
        file: &str,
        label: &str,
        outputs: &mpsc::Sender<Output>,
    ) -> Result<Option<(Cell, Built)>, CellError> {
        self.prepare().await?;
        if let Some(notice) = self.notice.take() {
            let _ = outputs.send(Output::Stderr(notice)).await;
        }
        let (directives, code) = take_directives(code);
        self.follow(&directives, outputs).await?;
        // A command may have started the process anew.
        self.prepare().await?;
        if code.trim().is_empty() {
            return Ok(None);
        }
        let Some(tools) = &self.tools else {
            return Ok(None);
        };
        let place = Place {
            toolchain: &tools.toolchain,
            folder: tools.folder.path(),
            cells: &self.cells,
            session: &self.session,
            dependencies: &self.dependencies,
            optimisation: self.optimisation,
            file,
            crate_name: &file.replace('-', "_"),
        };
        let built = match take_apart(&code) {
            Ok(cell) => build(&place, &cell, label, &code)
                .await
                .map(|built| (cell, built)),
            Err(error) => match syntax_errors(&place, label, &code).await {
                Ok(_) => return Err(CellError::new("syntax error", error.to_string())),
                Err(unbuilt) => Err(unbuilt),
            },
        };
        match built {
            Ok(built) => Ok(Some(built)),
            Err(Unbuilt::System(error)) => {
                let rustc = tools.toolchain.rustc.display();
                Err(CellError::new(
                    "error",
                    format!("the cell could not be compiled by `{rustc}`: {error}"),
                ))
            }
            Err(Unbuilt::Unliftable(reason)) => Err(CellError::new("error", reason.to_string())),
            Err(Unbuilt::Errors(errors, map)) => Err(self.show_errors(&errors, file, *map)),
        }
    }

    /// Does what the lines that begin with a colon say, in order; those that ask for crates together.
    async fn follow(
        &mut self,
        directives: &[Directive],
        outputs: &mpsc::Sender<Output>,
    ) -> Result<(), CellError> {
        let mut lines = Vec::new();
        for directive in directives {
            if directive.command == ":dep" {
                lines.push(directive.argument.clone());
            } else {
                self.command(directive, outputs).await?;
                // It may have started the process anew.
                self.prepare().await?;
            }
        }
        let lines = outside_toolkit(&lines, self.crates.as_deref().unwrap_or_default())?;
        if let (false, Some(tools)) = (lines.is_empty(), &self.tools) {
            let group = build_group(lines, &tools.toolchain, outputs).await?;
            // The process looks for libraries in the session's folder.
            if let Some(name) = group.library.file_name() {
                let link = tools.folder.path().join(name);
                let linked = std::os::unix::fs::symlink(&group.library, &link);
                if let Err(error) =
                    linked.or_else(|error| if link.exists() { Ok(()) } else { Err(error) })
                {
                    return Err(CellError::new(
                        "error",
                        format!("{} could not be made: {error}", link.display()),
                    ));
                }
            }
            self.dependencies
                .retain(|earlier| earlier.crate_name != group.crate_name);
            self.dependencies.push(group);
        }
        Ok(())
    }

    /// Forgets everything the cells so far have left.
    fn clear(&mut self) -> Result<(), CellError> {
        self.host = None;
        self.session = Session::default();
        self.cells.clear();
        self.sources.clear();
        self.analysis = Analysis::default();
        // Their libraries are found by links in the folder that goes.
        self.dependencies.clear();
        self.tools = None;
        Ok(())
    }

    fn show_errors(&mut self, errors: &[Diagnostic], file: &str, map: SourceMap) -> CellError {
        self.last_errors = errors.to_vec();
        self.sources.insert(file.to_owned(), map);
        let crates = self.crates.as_deref().unwrap_or_default();
        let error = render(errors, &self.sources, |error| {
            hints(error, &self.session, crates)
        });
        self.sources.remove(file);
        error
    }

    /// Makes sure of the tools and of a process that is ready.
    async fn prepare(&mut self) -> Result<(), CellError> {
        self.find_tools().await?;
        if self.host.is_none() {
            self.start_host()?;
        }
        let mut said = String::new();
        while let (Some(host), None) = (self.host.as_mut(), &self.crates) {
            match host.next().await {
                Event::Ready(crates) => self.crates = Some(crates),
                Event::Output(Output::Stderr(text) | Output::Stdout(text)) => said.push_str(&text),
                Event::Exited(how) => {
                    self.host = None;
                    let message = format!(
                        "the process that runs the cells {how} before it was ready: {}",
                        said.trim()
                    );
                    return Err(CellError::new("error", message));
                }
                Event::Output(_) | Event::Input | Event::End(_) | Event::EndOfStderr => {}
            }
        }
        Ok(())
    }

    async fn find_tools(&mut self) -> Result<(), CellError> {
        if self.tools.is_none() {
            let found = tokio::task::spawn_blocking(Toolchain::find).await;
            let toolchain = found.map_err(|error| CellError::new("error", error.to_string()))?;
            let toolchain =
                toolchain.map_err(|error| CellError::new("kernel not ready", error.to_string()))?;
            let folder = tempfile::Builder::new().prefix("carnet-kernel-").tempdir();
            let folder = folder.map_err(|error| {
                CellError::new(
                    "kernel not ready",
                    format!("no temporary folder for compiled cells: {error}"),
                )
            })?;
            self.tools = Some(Tools { toolchain, folder });
        }
        Ok(())
    }

    fn start_host(&mut self) -> Result<(), CellError> {
        self.crates = None;
        if let Some(tools) = &self.tools {
            let host = Host::start(&tools.toolchain, tools.folder.path(), &self.environment);
            let message = |error| {
                CellError::new(
                    "error",
                    format!("the process that runs the cells did not start: {error}"),
                )
            };
            self.host = Some(host.map_err(message)?);
        }
        Ok(())
    }

    /// Kills the process, with it the variables, and starts another.
    fn lose_host(&mut self, why: &str) {
        self.host = None;
        self.session.lose_all(&format!(
            "it was lost when {why}: run the cell that declares it again"
        ));
        // A failure is met again, and told, in the next cell.
        let _ = self.start_host();
    }

    /// Runs a compiled cell to its end.
    async fn run(
        &mut self,
        built: &Built,
        label: &str,
        outputs: &mpsc::Sender<Output>,
        interrupt: &mut watch::Receiver<u64>,
    ) -> Result<Report, CellError> {
        let Some(host) = self.host.as_mut() else {
            return Err(CellError::new(
                "error",
                "there is no process to run the cell in",
            ));
        };
        let command = Command::Run(RunCell {
            library: built.library.clone(),
            symbol: built.symbol.clone(),
        });
        host.send(&command)
            .await
            .map_err(|error| CellError::new("error", error.to_string()))?;
        let mut report = None;
        let mut stderr_ended = false;
        let mut deadline = None;
        let mut last_words = String::new();
        let mut question: Option<oneshot::Receiver<String>> = None;
        loop {
            let step = async {
                match host.next().await {
                    Event::Output(output) => {
                        if let Output::Stderr(text) = &output {
                            last_words.push_str(text);
                            let cut = last_words.len().saturating_sub(LAST_WORDS);
                            last_words.drain(..last_words.ceil_char_boundary(cut));
                        }
                        let _ = outputs.send(output).await;
                        None
                    }
                    event => Some(event),
                }
            };
            let event = tokio::select! {
                event = step => event,
                _ = interrupt.changed() => {
                    deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
                    let sent = host.send(&Command::Stop).await;
                    sent.map_err(|error| CellError::new("error", error.to_string()))?;
                    continue;
                }
                answer = answer_to(&mut question) => {
                    let sent = host.send(&Command::Answer(answer)).await;
                    sent.map_err(|error| CellError::new("error", error.to_string()))?;
                    continue;
                }
                () = at(deadline) => {
                    self.lose_host(&format!("{label} was stopped"));
                    return Err(interrupted_lost());
                }
            };
            match event {
                Some(Event::End(end)) => report = Some(end),
                Some(Event::EndOfStderr) => stderr_ended = true,
                Some(Event::Input) => {
                    let (answer, receiver) = oneshot::channel();
                    question = Some(receiver);
                    let (prompt, password) = (String::new(), false);
                    let input = Input {
                        prompt,
                        password,
                        answer,
                    };
                    let _ = outputs.send(Output::Input(input)).await;
                }
                Some(Event::Exited(how)) => {
                    self.lose_host(&format!("{label} ended the process"));
                    return Err(ended(&how, &last_words));
                }
                Some(Event::Ready(_) | Event::Output(_)) | None => {}
            }
            if stderr_ended && let Some(report) = report.take() {
                let report = serde_json::from_value(report);
                return report.map_err(|error| {
                    CellError::new("error", format!("the cell's report is unreadable: {error}"))
                });
            }
        }
    }
}

/// Ends at the deadline, if there is one.
async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// The user's answer to the open question, or none when nobody will answer; pending when nothing is asked.
async fn answer_to(question: &mut Option<oneshot::Receiver<String>>) -> Option<String> {
    let Some(receiver) = question else {
        return std::future::pending().await;
    };
    let answer = receiver.await.ok();
    *question = None;
    answer
}
