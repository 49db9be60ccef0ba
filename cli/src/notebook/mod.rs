//! `carnet notebook`: what can be done with a notebook without a browser: run it, check it.

mod check;
mod document;
mod export;
pub(crate) mod kernelspec;
mod layout;
mod output;
mod parameters;
mod process;
mod progress;
mod replacement;
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
    /// Write a notebook as a crate, which `cargo check` and `cargo run` take
    #[command(after_help = EXPORT_HELP)]
    Export(ExportArguments),
}

const RUN_HELP: &str = "\
The code cells run in order in the notebook's folder. At the first cell that fails or takes too long the run stops and
the partial result is saved (beside the notebook as NAME.partial.ipynb unless --output says where); Ctrl-C does the
same. The notebook itself is replaced only by a whole result, which takes NAME.partial.ipynb away.

Kernels are looked for in JUPYTER_PATH, JUPYTER_DATA_DIR, the active virtual environment, .venv in the current folder,
the home folder's .local/share/jupyter, /usr/local/share/jupyter and /usr/share/jupyter.

Parameters work as papermill's do: the cell tagged `parameters` declares them with defaults (as by
`let start = \"2013-01-01\";`), and the run adds a cell tagged `injected-parameters` behind it. A name the cell does not
declare, or a value that does not fit its default, is an error before anything runs.

Exit codes: 0 all cells ran, 1 a cell failed (or the result could not be saved), 2 the arguments, parameters or the
notebook cannot be used, 3 a time limit was met, 4 the kernel did not start or died, 130 stopped by Ctrl-C.

Examples:
  carnet notebook run notebooks/01-late-flights.ipynb
  carnet notebook run notebooks/01-late-flights.ipynb --output executed.ipynb --timeout 600
  carnet notebook run report.ipynb -o june.ipynb -p month 6 -r code 007 -f more.yaml --total-timeout 900
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
    /// Seconds that the whole run may take; no limit unless given
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    total_timeout: Option<Duration>,
    /// A parameter; a number or a truth value if the value reads as one
    #[arg(long = "parameter", short, num_args = 2, value_names = ["NAME", "VALUE"], allow_hyphen_values = true)]
    parameter: Vec<String>,
    /// A parameter whose value is text, whatever it looks like
    #[arg(long = "raw", short, num_args = 2, value_names = ["NAME", "TEXT"], allow_hyphen_values = true)]
    raw: Vec<String>,
    /// Parameters from a file, JSON or YAML
    #[arg(long = "parameters-file", short = 'f', value_name = "FILE")]
    parameters_file: Vec<PathBuf>,
}

const EXPORT_HELP: &str = "\
The cells become the body of `main`, in order; texts become comments. The crate depends on the library that cells use.

Examples:
  carnet notebook export notebooks/01-late-flights.ipynb --to rs --output flights-notebook
  carnet notebook export my.ipynb --to rs --toolkit ~/carnet/kernel-ext/toolkit";

/// The arguments of `carnet notebook export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The notebook
    file: PathBuf,
    /// What to write
    #[arg(long, value_enum, default_value = "rs")]
    to: Target,
    /// The crate's folder; the notebook's name without its ending when absent
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The folder of the crate `carnet-toolkit`
    #[arg(long, value_name = "DIR", default_value = TOOLKIT)]
    toolkit: PathBuf,
}

/// The toolkit that this program was built with.
const TOOLKIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../kernel-ext/toolkit");

/// What a notebook can be written as.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Target {
    /// A crate
    Rs,
}

/// The arguments of `carnet notebook check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The notebooks
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl RunArguments {
    /// Files first, so that a value on the command line counts more.
    fn parameters(&self) -> Result<parameters::Given, parameters::ParameterError> {
        let mut given = parameters::Given::default();
        for file in &self.parameters_file {
            given.add_file(file)?;
        }
        for pair in self.parameter.chunks_exact(2) {
            given.add(&pair[0], &pair[1]);
        }
        for pair in self.raw.chunks_exact(2) {
            given.add_raw(&pair[0], &pair[1]);
        }
        Ok(given)
    }
}

impl NotebookCommand {
    /// Does it; the exit code is 1 when a notebook failed.
    pub(crate) fn execute(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run(arguments) => {
                let parameters = match arguments.parameters() {
                    Ok(parameters) => parameters,
                    Err(error) => {
                        eprintln!("error: {error}");
                        return Ok(ExitCode::from(2));
                    }
                };
                let request = run::Request {
                    file: arguments.file,
                    output: arguments.output,
                    kernel: arguments.kernel,
                    timeout: arguments.timeout,
                    total: arguments.total_timeout,
                    parameters,
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
            Self::Export(arguments) => {
                let Target::Rs = arguments.to;
                let folder = arguments
                    .output
                    .unwrap_or_else(|| arguments.file.with_extension(""));
                match export::export(&arguments.file, &folder, &arguments.toolkit) {
                    Ok(()) => {
                        println!("{}: a crate of the notebook", folder.display());
                        Ok(ExitCode::SUCCESS)
                    }
                    Err(error) => {
                        eprintln!("error: {error}");
                        Ok(ExitCode::from(2))
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
