//! The kernel with evcxr as its engine: `carnet-kernel-evcxr --connection-file FILE` serves a notebook, `carnet-kernel-evcxr
//! install` makes it known to JupyterLab. Cells see the same prebuilt toolkit, and frontends the same protocol and displays,
//! as under `carnet-kernel`; what a cell may hold is what evcxr can.
//!
//! The same program is the process that runs the cells: evcxr starts it again.

mod child;
mod engine;
mod failure;
mod stop;
mod streams;
mod toolkit;
mod worker;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use carnet_kernel::program;
use clap::{Parser, Subcommand};

use self::engine::Evcxr;
use self::toolkit::Workplace;

/// rust-analyzer allocates much, and completes in two thirds of the time with this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What JupyterLab calls the kernel.
const DISPLAY_NAME: &str = "Rust (Carnet, evcxr)";

/// A Jupyter kernel for Rust by evcxr, with the Carnet toolkit prebuilt.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The file by which a frontend names the sockets to serve.
    #[arg(long, short = 'f', value_name = "FILE", required = true)]
    connection_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the kernel known to JupyterLab.
    Install {
        /// Install below this folder, such as a virtual environment.
        #[arg(long, value_name = "DIR")]
        prefix: Option<PathBuf>,
        /// The name that notebooks refer to.
        #[arg(long, default_value = "carnet-evcxr")]
        name: String,
        /// What JupyterLab calls it.
        #[arg(long, default_value = DISPLAY_NAME)]
        display_name: String,
    },
}

/// What a thread that panicked left is as good as any: each change is made in one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn main() -> Result<()> {
    if child::is_child() {
        child::prepare()?;
    }
    // Does not return in the process that runs cells.
    evcxr::runtime_hook();
    let arguments = Arguments::parse();
    match (arguments.command, arguments.connection_file) {
        (
            Some(Command::Install {
                prefix,
                name,
                display_name,
            }),
            _,
        ) => program::install(prefix, &name, &display_name),
        (None, Some(file)) => {
            // Before any thread: it sets variables of the environment.
            let workplace = Workplace::make()?;
            program::serve(&file, Evcxr::new(workplace)?)
        }
        (None, None) => anyhow::bail!("name a connection file or a command; see --help"),
    }
}
