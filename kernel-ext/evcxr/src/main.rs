//! The kernel with evcxr as its engine: `carnet-kernel-evcxr --connection-file FILE` serves a notebook, `carnet-kernel-evcxr
//! install` makes it known to JupyterLab. Cells see the same prebuilt toolkit, and frontends the same protocol and displays,
//! as under `carnet-kernel`; what a cell may hold is what evcxr can.
//!
//! The same program is the process that runs the cells: evcxr starts it again.

mod child;
mod engine;
mod failure;
mod stop;
mod toolkit;
mod worker;

use std::path::PathBuf;

use anyhow::{Context, Result};
use carnet_kernel::kernelspec::{Destination, install};
use carnet_kernel::protocol;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

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
        ) => {
            let program = std::env::current_exe().and_then(|path| path.canonicalize());
            let program = program.context("the path of this program is not known")?;
            let destination = prefix.map_or(Destination::User, Destination::Prefix);
            let folder = install(&program, &destination, &name, &display_name)?;
            println!("The kernel `{name}` is installed in {}", folder.display());
            Ok(())
        }
        (None, Some(file)) => {
            let filter =
                EnvFilter::try_from_env("CARNET_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .init();
            // Before any thread: it sets variables of the environment.
            let workplace = Workplace::make()?;
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            let served = runtime.block_on(protocol::serve(&file, Evcxr::new(workplace)));
            runtime.shutdown_background();
            Ok(served?)
        }
        (None, None) => anyhow::bail!("name a connection file or a command; see --help"),
    }
}
