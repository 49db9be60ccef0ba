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
mod conversation;
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

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::analysis::Analysis;
use self::build::{Built, Place, Unbuilt, build, syntax_errors};
use self::cell::{Cell, take_apart};
use self::compile::Diagnostic;
use self::dependency::{Group, build_group};
use self::ending::interrupted_compiling;
use self::hints::hints;
use self::host::{Event, Host};
use self::render::{Sources, render};
use self::session::Session;
use self::source_map::SourceMap;
use super::asked::outside_toolkit;
use super::directive::{Directive, take_directives};
use super::toolkit_file::ToolkitFile;
use super::{Bundle, CellError, Completions, Engine, Interrupter, Output, Variable};
use crate::host::Command;
use crate::toolchain::Toolchain;

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
    /// As the process loads it.
    toolkit: ToolkitFile,
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
        let is_replaced = |tools: &Tools| tools.toolkit.is_replaced();
        if self.cells.is_empty()
            && self.dependencies.is_empty()
            && self.tools.as_ref().is_some_and(is_replaced)
        {
            // Nothing hangs on the old one.
            self.clear()?;
            self.prepare().await?;
        }
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
        tools.toolkit.check()?;
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
            for name in group.externs.keys() {
                let mut earlier = self.dependencies.iter().rev();
                let before = earlier.find(|earlier| earlier.externs.contains_key(name));
                if before.is_some_and(|before| before.crate_name != group.crate_name) {
                    self.session.replace_crate(name);
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
            let toolkit = ToolkitFile::look(toolchain.toolkit());
            self.tools = Some(Tools {
                toolchain,
                toolkit,
                folder,
            });
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
}
