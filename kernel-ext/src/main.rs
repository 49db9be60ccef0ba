//! The kernel's program: `carnet-kernel --connection-file FILE` serves a notebook, `carnet-kernel install` makes it known
//! to JupyterLab.

use std::path::PathBuf;

use anyhow::Result;
use carnet_kernel::engine::direct::Direct;
use carnet_kernel::kernelspec::DISPLAY_NAME;
use carnet_kernel::{host, program};
use clap::{Parser, Subcommand};

/// A Jupyter kernel for Rust, with the Carnet toolkit prebuilt.
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
        #[arg(long, value_name = "DIR", conflicts_with = "user")]
        prefix: Option<PathBuf>,
        /// Install for this user only (the default).
        #[arg(long)]
        user: bool,
        /// The name that notebooks refer to.
        #[arg(long, default_value = "carnet")]
        name: String,
        /// What JupyterLab calls it.
        #[arg(long, default_value = DISPLAY_NAME)]
        display_name: String,
    },
    /// Run compiled cells for the kernel.
    #[command(hide = true)]
    RunCells {
        /// The toolkit's dylib.
        toolkit: PathBuf,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match (arguments.command, arguments.connection_file) {
        (
            Some(Command::Install {
                prefix,
                user: _,
                name,
                display_name,
            }),
            _,
        ) => program::install(prefix, &name, &display_name),
        (Some(Command::RunCells { toolkit }), _) => host::serve(&toolkit),
        (None, Some(file)) => program::serve(&file, Direct::default()),
        (None, None) => anyhow::bail!("name a connection file or a command; see --help"),
    }
}
