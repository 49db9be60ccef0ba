//! `carnet doctor`: looks over all that notebooks need, a line each, with what is wrong and the command that mends it.

mod jupyter;
mod machine;
mod stores;
mod tools;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

pub(crate) const HELP: &str = "\
Looked at: the compiler, which must be the one that built the toolkit, the linker, the toolkit's library, the installed
kernels, rust-analyzer (for completion), JupyterLab and its plotly renderer, both databases (CARNET_DATABASE_URL and
CARNET_DOCUMENTS_URL, or the file data/carnet.db), disk and memory. The exit code is 1 when something that notebooks
need is missing or an installed kernel is broken; a warning is about what they can do without.

Examples:
  carnet doctor
  carnet doctor --json";

/// The arguments of `carnet doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Print JSON: a list of {name, state, found, remedy}
    #[arg(long)]
    json: bool,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// As it should be.
    Ok,
    /// Notebooks can do without it.
    Warning,
    /// Notebooks cannot, or those that name it.
    Missing,
}

/// One line.
#[derive(Debug, Serialize)]
struct Finding {
    name: &'static str,
    state: State,
    /// What there is, or what is wrong.
    found: String,
    /// What mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl Finding {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Ok,
            found: found.into(),
            remedy: None,
        }
    }

    fn warning(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Warning,
            found: found.into(),
            remedy: Some(remedy.into()),
        }
    }

    fn missing(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: State::Missing,
            ..Self::warning(name, found, remedy)
        }
    }
}

impl DoctorArguments {
    /// Looks, prints, and says by the exit code whether anything is missing.
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        let findings = [
            tools::compiler(),
            tools::linker(),
            tools::toolkit(),
            jupyter::kernel(),
            jupyter::evcxr(),
            tools::analyzer(),
            jupyter::lab(),
            jupyter::plotly(),
            stores::tables(),
            stores::documents(),
            machine::disk(),
            machine::memory(),
        ];
        if self.json {
            println!("{}", serde_json::to_string_pretty(&findings)?);
        } else {
            for finding in &findings {
                let sign = match finding.state {
                    State::Ok => "ok     ",
                    State::Warning => "warning",
                    State::Missing => "MISSING",
                };
                println!("{sign}  {:<14} {}", finding.name, finding.found);
                if let Some(remedy) = &finding.remedy {
                    println!("{:<24} → {remedy}", "");
                }
            }
        }
        let missing = findings
            .iter()
            .any(|finding| finding.state == State::Missing);
        Ok(if missing {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}
