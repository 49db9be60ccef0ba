//! The kernel's program: `carnet-kernel --connection-file FILE` serves a notebook, `carnet-kernel install` makes it known
//! to JupyterLab.

use std::path::PathBuf;

use anyhow::{Context, Result};
use carnet_kernel::engine::direct::Direct;
use carnet_kernel::kernelspec::{DISPLAY_NAME, Destination, install};
use carnet_kernel::{host, protocol};
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

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
        ) => {
            let program = std::env::current_exe().and_then(|path| path.canonicalize());
            let program = program.context("the path of this program is not known")?;
            let destination = prefix.map_or(Destination::User, Destination::Prefix);
            let folder = install(&program, &destination, &name, &display_name)?;
            println!("The kernel `{name}` is installed in {}", folder.display());
            Ok(())
        }
        (Some(Command::RunCells { toolkit }), _) => host::serve(&toolkit),
        (None, Some(file)) => {
            let filter =
                EnvFilter::try_from_env("CARNET_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .init();
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            let served = runtime.block_on(protocol::serve(&file, Direct::default()));
            // A blocked reader must not hold the end up.
            runtime.shutdown_background();
            Ok(served?)
        }
        (None, None) => anyhow::bail!("name a connection file or a command; see --help"),
    }
}
