//! `carnet`, the command line. Here is only the wiring: each command lives in a module of its name.

mod doctor;
mod kernel;
mod notebook;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Rust notebooks from the command line.
#[derive(Debug, Parser)]
#[command(name = "carnet", version, after_help = HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const HELP: &str = "\
Examples:
  carnet notebook run notebooks/01-late-flights.ipynb
  carnet notebook check notebooks/*.ipynb
  carnet kernel install --sys-prefix
  carnet doctor";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run notebooks headless, and check that they are ready to be read
    #[command(subcommand)]
    Notebook(notebook::NotebookCommand),
    /// Make the kernel known to JupyterLab, list kernels, take one away
    #[command(subcommand)]
    Kernel(kernel::KernelCommand),
    /// Look over all that notebooks need, and say what to do about what is missing
    #[command(after_help = doctor::HELP)]
    Doctor(doctor::DoctorArguments),
}

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Notebook(command) => command.execute(),
        Command::Kernel(command) => command.execute(),
        Command::Doctor(arguments) => arguments.execute(),
    }
}
