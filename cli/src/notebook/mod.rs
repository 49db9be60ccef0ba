//! `carnet notebook`: what can be done with a notebook without a browser: run it, check it.

mod check;
mod document;
mod kernelspec;
mod layout;
mod output;
mod process;
mod progress;
mod run;
mod session;
mod stop;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

/// What to do with notebooks.
#[derive(Debug, Subcommand)]
pub(crate) enum NotebookCommand {
    /// Execute a notebook headless and save all its outputs
    #[command(after_help = RUN_HELP)]
    Run(RunArguments),
    /// Fail unless notebooks are ready to be read: executed in order, explained, with a still picture for every chart
    #[command(after_help = CHECK_HELP)]
    Check(CheckArguments),
}

const RUN_HELP: &str = "\
The code cells run in order in the notebook's folder. At the first cell that fails the run stops, the partial result
is saved (beside the notebook as NAME.partial.ipynb unless --output says where) and the exit code is 1; Ctrl-C does the
same with exit code 130. The notebook itself is replaced only by a whole result. Kernels are looked for in JUPYTER_PATH, JUPYTER_DATA_DIR, the active virtual environment,
the home folder's .local/share/jupyter, /usr/local/share/jupyter and /usr/share/jupyter.

Examples:
  carnet notebook run notebooks/01-late-flights.ipynb
  carnet notebook run notebooks/01-late-flights.ipynb --output executed.ipynb --timeout 600
  carnet notebook run notebooks/01-late-flights.ipynb --output stock.ipynb --kernel rust";

const CHECK_HELP: &str = "\
A notebook is good when it is valid nbformat 4.5; a text cell stands directly before every code cell; the code cells
have run in order (1, 2, 3 …) and none is empty; no output is an error or on stderr; no source and no output names a
path of this machine; and every plotly chart carries a PNG or SVG picture in the same output. Every problem is listed
with the file, the number and the id of the cell; the exit code is 1 if there is any.

Examples:
  carnet notebook check notebooks/*.ipynb";

/// The arguments of `carnet notebook run`.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The notebook
    file: PathBuf,
    /// Write the executed notebook here instead of replacing FILE
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Run through this installed kernel instead of the one the notebook names
    #[arg(long, short, value_name = "NAME")]
    kernel: Option<String>,
    /// Seconds that one cell may take; no limit unless given
    #[arg(long, short, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

/// The arguments of `carnet notebook check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The notebooks
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl NotebookCommand {
    /// Does it; the exit code is 1 when a notebook failed.
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run(arguments) => {
                let request = run::Request {
                    file: arguments.file,
                    output: arguments.output,
                    kernel: arguments.kernel,
                    timeout: arguments.timeout,
                };
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(2)
                    .enable_all()
                    .build()?;
                match runtime.block_on(run::run(&request)) {
                    Ok(()) => Ok(ExitCode::SUCCESS),
                    Err(error) => {
                        eprintln!("error: {error}");
                        Ok(ExitCode::from(error.exit_code()))
                    }
                }
            }
            Self::Check(arguments) => {
                let good = check::check_files(&arguments.files);
                Ok(if good {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                })
            }
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a number of seconds above 0, such as 600 or 0.5");
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|limit| !limit.is_zero())
        .ok_or_else(wrong)
}
