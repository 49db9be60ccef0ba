//! What the kernel's programs do, whatever their engine: make themselves known to JupyterLab, and serve a notebook.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::engine::Engine;
use crate::kernelspec::{self, Destination};
use crate::protocol;

/// Installs this very program as the kernel `name` below `prefix`, or else for the user, and says where.
pub fn install(prefix: Option<PathBuf>, name: &str, display_name: &str) -> Result<()> {
    let program = std::env::current_exe().and_then(|path| path.canonicalize());
    let program = program.context("the path of this program is not known")?;
    let destination = prefix.map_or(Destination::User, Destination::Prefix);
    let folder = kernelspec::install(&program, &destination, name, display_name)?;
    println!("The kernel `{name}` is installed in {}", folder.display());
    Ok(())
}

/// Serves the engine at the sockets that the connection file names, until a shutdown; `CARNET_LOG` says what is logged.
pub fn serve(connection_file: &Path, engine: impl Engine + 'static) -> Result<()> {
    let filter = EnvFilter::try_from_env("CARNET_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let served = runtime.block_on(protocol::serve(connection_file, engine));
    // A blocked reader must not hold the end up.
    runtime.shutdown_background();
    Ok(served?)
}
