//! `carnet`, the command line. Here is only the wiring: each command lives in a module of its name, and what several of
//! them know beside those.

mod db;
mod doctor;
mod kernel;
mod notebook;
mod programs;
mod toolkit;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Rust notebooks, and the databases they read, from the command line.
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
  carnet db migrate
  carnet db query
  carnet doctor";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run notebooks headless, and check that they are ready to be read
    #[command(subcommand)]
    Notebook(notebook::NotebookCommand),
    /// Make the kernel known to JupyterLab, list kernels, take one away
    #[command(subcommand)]
    Kernel(kernel::KernelCommand),
    /// Make a project's databases, migrate them, ask them declared queries, say how they stand, drop them
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Look over all that notebooks need, and say what to do about what is missing
    #[command(after_help = doctor::HELP)]
    Doctor(doctor::DoctorArguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Notebook(command) => command.execute(),
        Command::Kernel(command) => command.execute(),
        Command::Db(command) => command.execute(),
        Command::Doctor(arguments) => arguments.execute(),
    };
    // Without a backtrace, also where the environment asks for one: it tells a user of the program nothing.
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// The commands that do something, each with its name and what stands below its options.
    fn helps(command: &clap::Command) -> Vec<(String, String)> {
        if !command.has_subcommands() {
            let help = command.get_after_help().map(ToString::to_string);
            return vec![(command.get_name().to_owned(), help.unwrap_or_default())];
        }
        command.get_subcommands().flat_map(helps).collect()
    }

    #[test]
    fn every_command_has_examples_and_no_line_of_its_help_is_too_long() {
        let helps = helps(&Arguments::command());
        assert!(helps.iter().any(|(name, _)| name == "uninstall"));
        for (name, help) in helps {
            assert!(help.contains("Examples:\n  "), "{name}: {help}");
            let long = help.lines().find(|line| line.chars().count() > 120);
            assert_eq!(long, None, "{name}");
        }
    }
}
