//! Binds the sockets of a connection file and runs the tasks that serve them, until a shutdown.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jupyter_protocol::ConnectionInfo;
use jupyter_zmq_client::{
    RuntimeError, create_kernel_control_connection, create_kernel_heartbeat_connection,
    create_kernel_iopub_xpub_connection, create_kernel_shell_connection,
    create_kernel_stdin_connection,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use super::iopub::IoPub;
use super::stdin::Stdin;
use super::{control, shell::Shell};
use crate::engine::Engine;

/// How long the sockets stay open at the end. Sending only hands a message to a socket's own task, and a socket that is
/// dropped at once takes the last answer with it.
const LINGER: Duration = Duration::from_millis(500);

/// Why the kernel could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The connection file is missing or is not one.
    #[error(
        "the connection file {path} could not be used: {source}; JupyterLab writes it and names it by --connection-file"
    )]
    ConnectionFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// A socket could not be bound.
    #[error("the socket {url} could not be opened: {source}")]
    Socket {
        /// Its address.
        url: String,
        /// What went wrong.
        source: RuntimeError,
    },
    /// Signals cannot be handled.
    #[error("signals could not be handled: {0}")]
    Signals(std::io::Error),
}

/// Serves an engine at the sockets that the connection file names. Returns after a shutdown.
pub async fn serve(
    connection_file: &Path,
    engine: impl Engine + 'static,
) -> Result<(), ServerError> {
    let info = read_connection_file(connection_file)?;
    let session = Uuid::new_v4().to_string();
    let at = |url: String| move |source| ServerError::Socket { url, source };
    let mut heartbeat = create_kernel_heartbeat_connection(&info)
        .await
        .map_err(at(info.hb_url()))?;
    let control = create_kernel_control_connection(&info, &session)
        .await
        .map_err(at(info.control_url()))?;
    let shell = create_kernel_shell_connection(&info, &session)
        .await
        .map_err(at(info.shell_url()))?;
    let iopub = create_kernel_iopub_xpub_connection(&info, &session)
        .await
        .map_err(at(info.iopub_url()))?;
    let stdin = create_kernel_stdin_connection(&info, &session)
        .await
        .map_err(at(info.stdin_url()))?;

    let heartbeat = tokio::spawn(async move {
        loop {
            if heartbeat.single_heartbeat().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
    let interrupter = engine.interrupter();
    let (iopub, publisher) = IoPub::start(iopub);
    let (replies, mut requests) = shell.split();
    let (sender, receiver) = mpsc::unbounded_channel();
    let reader = tokio::spawn(async move {
        loop {
            match requests.read().await {
                Ok(request) => {
                    if sender.send(request).is_err() {
                        return;
                    }
                }
                Err(error) if is_bad_message(&error) => {}
                Err(error) => return tracing::error!("the shell socket failed: {error}"),
            }
        }
    });
    let controller = tokio::spawn(control::serve(control, iopub.clone(), interrupter.clone()));
    // Ctrl-C in the terminal of a frontend goes to all its processes: here it means what the interrupt button does.
    let mut ctrl_c = signal(SignalKind::interrupt()).map_err(ServerError::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(ServerError::Signals)?;
    let ctrl_c = tokio::spawn(async move {
        while ctrl_c.recv().await.is_some() {
            interrupter.interrupt();
        }
    });
    let mut shell = Shell::new(engine, iopub, replies, Stdin::new(stdin), receiver);
    let control = tokio::select! {
        _ = shell.serve() => None,
        socket = controller => socket.ok(),
        _ = terminate.recv() => None,
        () = parent_gone() => None,
    };
    shell.engine.shutdown().await;
    let replies = shell.into_replies();
    reader.abort();
    heartbeat.abort();
    ctrl_c.abort();
    // What is still to be published is, but no frontend that does not read can hold the end up.
    let published = timeout(LINGER, publisher).await;
    tokio::time::sleep(LINGER).await;
    drop((control, replies, published));
    Ok(())
}

/// A message that cannot be read is dropped with a line in the log; the sockets go on.
pub(super) fn is_bad_message(error: &RuntimeError) -> bool {
    let socket_failed = matches!(error, RuntimeError::ZmqError(_) | RuntimeError::IoError(_));
    if !socket_failed {
        tracing::warn!("a message that could not be read was dropped: {error}");
    }
    !socket_failed
}

fn read_connection_file(path: &Path) -> Result<ConnectionInfo, ServerError> {
    let error = |source| ServerError::ConnectionFile {
        path: path.to_owned(),
        source,
    };
    let text = std::fs::read_to_string(path).map_err(error)?;
    serde_json::from_str(&text).map_err(|source| error(source.into()))
}

/// A kernel whose frontend has died without a word ends too. Frontends say who they are by `JPY_PARENT_PID`.
async fn parent_gone() {
    let named = std::env::var("JPY_PARENT_PID")
        .ok()
        .and_then(|text| text.parse::<u32>().ok());
    let Some(parent) = named.filter(|parent| *parent == std::os::unix::process::parent_id()) else {
        return std::future::pending().await;
    };
    while std::os::unix::process::parent_id() == parent {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
