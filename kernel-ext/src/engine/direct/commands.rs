//! The commands that begin with a colon: evcxr's, each with an answer, so that a notebook written for it runs.

use tokio::sync::mpsc;

use super::super::directive::Directive;
use super::Direct;
use super::build::{Place, Unbuilt, build};
use super::cell::take_apart;
use super::mir::{TypeOf, readable};
use crate::engine::{Bundle, CellError, Engine, Output};

/// What a command does, for `:help`.
const HELP: &[(&str, &str)] = &[
    (
        ":dep NAME = …",
        "use a crate, written as in Cargo.toml; compiled once, then kept",
    ),
    (":show_deps", "the crates that cells can use"),
    (":vars", "the variables: name, type, where declared"),
    (
        ":type EXPRESSION",
        "the type of an expression or a variable (also :t)",
    ),
    (":clear", "forget all variables and items"),
    (
        ":restart",
        "end the process that runs cells and start another; variables are lost",
    ),
    (":opt LEVEL", "optimise cells: 0 (the default), 1, 2 or 3"),
    (
        ":timing",
        "say after each cell how long it compiled and ran; again to stop",
    ),
    (
        ":env NAME=VALUE",
        "an environment variable for the process that runs cells, from its next start on",
    ),
    (":explain", "rustc's explanation of the last error"),
    (":last_error_json", "the last errors as rustc wrote them"),
    (
        ":last_compile_dir",
        "the folder of the cells' generated code",
    ),
    (
        ":version",
        "the versions of kernel and compiler (also :toolchain)",
    ),
    (":help", "this list"),
];

/// Commands of evcxr for which this kernel needs none, and what to know instead.
const NEEDLESS: &[(&str, &str)] = &[
    (
        ":allow_static_linking",
        "Cells always link the prebuilt toolkit dynamically.",
    ),
    (
        ":build_env",
        "Cells are compiled by rustc alone, without build scripts; crates of `:dep` see the kernel's environment.",
    ),
    (":cache", "Compiled crates are always kept."),
    (
        ":clear_cache",
        "Compiled crates lie in the folder carnet/deps below the user's cache folder and may be deleted at any time.",
    ),
    (
        ":codegen_backend",
        "Cells are compiled by rustc's own backend.",
    ),
    (":doc", "Ask the frontend: Shift+Tab in JupyterLab."),
    (
        ":efmt",
        "A failed `?` shows the error's message and its causes.",
    ),
    (":fmt", "A value shows itself by `Show`, else by `Debug`."),
    (
        ":internal_debug",
        "Set CARNET_LOG=debug in the kernel's environment to see what it does.",
    ),
    (
        ":linker",
        "rustc's own linker is used; it links a cell in some 30 ms.",
    ),
    (":load_config", "There is no configuration file."),
    (
        ":offline",
        "Crates are only looked for online when they are not in cargo's cache; set CARGO_NET_OFFLINE=true to forbid it.",
    ),
    (
        ":preserve_vars_on_panic",
        "Variables always survive a panic.",
    ),
    (":quit", "Shut the kernel down by the frontend's menu."),
    (":sccache", "Compiled crates are kept without it."),
    (":time_passes", "See `:timing`."),
    (":types", "Types are always known; see `:vars`."),
];

/// The folder of this cell's compilation, for `:type`.
const ASKED: &str = "carnet_asked";

impl Direct {
    /// Does what a directive other than `:dep` says.
    pub(super) async fn command(
        &mut self,
        directive: &Directive,
        outputs: &mpsc::Sender<Output>,
    ) -> Result<(), CellError> {
        let argument = directive.argument.as_str();
        let text = match directive.command.as_str() {
            ":help" | ":?" => help(),
            ":vars" => {
                let _ = outputs.send(display(self.variables_shown())).await;
                return Ok(());
            }
            ":type" | ":t" => self.type_of(argument).await?,
            ":clear" => {
                let count = self.session.names().len();
                self.clear()?;
                format!("{count} variables and all items are forgotten.")
            }
            ":restart" => {
                self.lose_host("the process was restarted");
                "The process that runs cells was started anew; its variables are lost.".to_owned()
            }
            ":opt" => self.optimise(argument)?,
            ":timing" => {
                self.timing = !self.timing;
                let state = if self.timing { "shown" } else { "not shown" };
                format!("Times are {state} from now on.")
            }
            ":env" => self.set_environment(argument)?,
            ":explain" => self.explain().await?,
            ":last_error_json" => serde_json::to_string_pretty(&self.last_errors)
                .map_err(|error| CellError::new("error", error.to_string()))?,
            ":last_compile_dir" => match &self.tools {
                Some(tools) => tools.folder.path().display().to_string(),
                None => "Nothing was compiled yet.".to_owned(),
            },
            ":version" | ":toolchain" => self.versions().await,
            ":show_deps" => self.crates_shown(),
            command => match NEEDLESS.iter().find(|(name, _)| *name == command) {
                Some((_, sentence)) => (*sentence).to_owned(),
                None => return Err(unknown(command)),
            },
        };
        let _ = outputs.send(Output::Stdout(text + "\n")).await;
        Ok(())
    }

    fn variables_shown(&self) -> Bundle {
        let variables = self.variables();
        if variables.is_empty() {
            return text_bundle("There are no variables.".to_owned(), None);
        }
        let mut text = String::new();
        let mut html = "<table><thead><tr><th>variable</th><th>type</th><th>declared in</th></tr></thead><tbody>".to_owned();
        for variable in variables {
            let mutable = if variable.mutable { "mut " } else { "" };
            let type_ = readable(&variable.type_);
            text.push_str(&format!(
                "{mutable}{}: {type_}  ({})\n",
                variable.name, variable.cell
            ));
            let cell = |text: &str| {
                let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
                format!("<td style=\"text-align:left\">{escaped}</td>")
            };
            let name = format!("{mutable}{}", variable.name);
            html.push_str(&format!(
                "<tr>{}{}{}</tr>",
                cell(&name),
                cell(&type_),
                cell(&variable.cell)
            ));
        }
        html.push_str("</tbody></table>");
        text_bundle(text.trim_end().to_owned(), Some(html))
    }

    /// Compiles the expression, without running it, and reads its type.
    async fn type_of(&mut self, expression: &str) -> Result<String, CellError> {
        if expression.is_empty() {
            return Err(CellError::new(
                "missing expression",
                "`:type` wants an expression or a variable: `:type df.head(None)`",
            ));
        }
        let Some(tools) = &self.tools else {
            return Ok(String::new());
        };
        let code = format!("let {ASKED} = {{ {expression} }};");
        let cell =
            take_apart(&code).map_err(|error| CellError::new("syntax error", error.to_string()))?;
        let place = Place {
            toolchain: &tools.toolchain,
            folder: tools.folder.path(),
            cells: &self.cells,
            session: &self.session,
            dependencies: &self.dependencies,
            optimisation: 0,
            file: "cell-type",
            crate_name: "cell_type",
        };
        match build(&place, &cell, "the expression", &code).await {
            Ok(built) => Ok(match built.types.get(ASKED) {
                Some(TypeOf::Named(type_) | TypeOf::Unnameable(type_)) => readable(type_),
                None => "The type is not known.".to_owned(),
            }),
            Err(Unbuilt::System(error)) => Err(CellError::new("error", error.to_string())),
            Err(Unbuilt::Unliftable(reason)) => Err(CellError::new("error", reason.to_string())),
            Err(Unbuilt::Errors(errors, map)) => Err(self.show_errors(&errors, "cell-type", *map)),
        }
    }

    fn optimise(&mut self, level: &str) -> Result<String, CellError> {
        self.optimisation = match level {
            "" => 2 * u8::from(self.optimisation == 0),
            "0" | "1" | "2" | "3" => level.as_bytes()[0] - b'0',
            _ => {
                return Err(CellError::new(
                    "bad level",
                    format!("`:opt` wants 0, 1, 2 or 3, not `{level}`"),
                ));
            }
        };
        Ok(format!(
            "Cells are compiled at optimisation level {} from now on; the toolkit always is optimised.",
            self.optimisation
        ))
    }

    fn set_environment(&mut self, setting: &str) -> Result<String, CellError> {
        let Some((name, value)) = setting.split_once('=').filter(|(name, _)| !name.is_empty())
        else {
            return Err(CellError::new(
                "bad setting",
                format!("`:env` wants NAME=VALUE, not `{setting}`"),
            ));
        };
        self.environment.retain(|(earlier, _)| earlier != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        Ok(format!(
            "`{name}` is set when the process that runs cells starts next (`:restart`)."
        ))
    }

    async fn explain(&self) -> Result<String, CellError> {
        let code = self
            .last_errors
            .iter()
            .find_map(|error| error.code.as_ref());
        let (Some(code), Some(tools)) = (code, &self.tools) else {
            return Ok("No error with a code was met yet.".to_owned());
        };
        let mut command = tokio::process::Command::new(&tools.toolchain.rustc);
        let output = command.args(["--explain", &code.code]).output().await;
        let output = output.map_err(|error| CellError::new("error", error.to_string()))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    async fn versions(&self) -> String {
        let mut compiler = String::new();
        if let Some(tools) = &self.tools {
            let mut command = tokio::process::Command::new(&tools.toolchain.rustc);
            if let Ok(output) = command.arg("--version").output().await {
                compiler = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            }
        }
        format!("carnet-kernel {}, {compiler}", env!("CARGO_PKG_VERSION"))
    }

    fn crates_shown(&self) -> String {
        let toolkit = self.crates.as_deref().unwrap_or_default().join(", ");
        let mut text = format!("In the toolkit: std, {toolkit}");
        for group in &self.dependencies {
            text.push_str(&format!("\nBy `:dep`: {}", group.lines.join("; ")));
        }
        text
    }
}

fn help() -> String {
    let line = |(command, what): &(&str, &str)| format!("{command:<20} {what}");
    let lines: Vec<String> = HELP.iter().map(line).collect();
    let needless: Vec<&str> = NEEDLESS.iter().map(|(command, _)| *command).collect();
    format!(
        "{}\n\nAccepted, since notebooks written for evcxr have them, without effect: {}",
        lines.join("\n"),
        needless.join(" ")
    )
}

/// All commands, each with what it does or why it is not needed; those that do something first.
pub(super) fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = HELP.iter().chain(NEEDLESS);
    all.map(|(usage, what)| (usage.split(' ').next().unwrap_or(usage), *what))
}

fn unknown(command: &str) -> CellError {
    let nearest = known()
        .map(|(known, _)| (strsim::jaro(known, command), known))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(likeness, _)| *likeness > 0.7);
    let meant = nearest.map_or_else(String::new, |(_, known)| {
        format!(" Did you mean `{known}`?")
    });
    CellError::new(
        "unknown command",
        format!("`{command}` is not a command.{meant} `:help` lists them all"),
    )
}

fn text_bundle(text: String, html: Option<String>) -> Bundle {
    let mut bundle = Bundle::new();
    bundle.insert("text/plain".to_owned(), text.into());
    if let Some(html) = html {
        bundle.insert("text/html".to_owned(), html.into());
    }
    bundle
}

fn display(data: Bundle) -> Output {
    Output::Display { data, id: None }
}
