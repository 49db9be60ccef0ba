//! `carnet-api`: the wiring. Settings, the log, the artefact, the socket, the signals.

use anyhow::{Context, Result};
use carnet::artefact::Artefact;
use carnet_api::{Service, Settings, serve};
use clap::Parser;
use std::{
    io::{IsTerminal, Write},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

fn main() -> Result<()> {
    let settings = Settings::parse();
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy();
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(run(settings));
    // A prediction whose client has already been told that it took too long is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn run(settings: Settings) -> Result<()> {
    // Asked for first: a signal that comes while the artefact is read stops the service too.
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
    let file = settings.model;
    let artefact =
        Artefact::read(&file).with_context(|| format!("cannot serve {}", file.display()))?;
    let service = Service::new(artefact, settings.limits)
        .with_context(|| format!("cannot serve {}", file.display()))?;
    let listener = TcpListener::bind(&settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = listener
        .local_addr()
        .context("cannot tell the address listened on")?;
    let card = service.artefact().card();
    tracing::info!(model = card.name, version = card.version, file = %file.display(), %address, "serving");
    let mut out = std::io::stdout();
    writeln!(out, "listening on http://{address}")
        .and_then(|()| out.flush())
        .context("cannot print the address")?;
    let stop = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping: requests in flight may finish");
    };
    let finished = serve(
        listener,
        service,
        stop,
        Duration::from_secs(settings.stop_seconds),
    )
    .await
    .context("the socket failed")?;
    if finished {
        tracing::info!("stopped");
    } else {
        tracing::warn!(
            seconds = settings.stop_seconds,
            "stopped with requests still in flight"
        );
    }
    Ok(())
}
