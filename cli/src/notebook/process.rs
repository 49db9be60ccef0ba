//! The kernel's process: started with a connection file of its own on free loopback ports, in a process group of its own
//! (so that a Ctrl-C in the terminal reaches only us), its last words kept, and never left running.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::connection_info::Transport;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::kernelspec::Kernelspec;

/// How much of what the kernel's process prints is kept, in bytes.
const LAST_WORDS: usize = 8 * 1024;

/// A kernel's process.
#[derive(Debug)]
pub(crate) struct KernelProcess {
    child: Child,
    group: libc::pid_t,
    /// Where its sockets are.
    pub(crate) connection: ConnectionInfo,
    printed: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
    _folder: TempDir,
}

impl KernelProcess {
    /// Starts the kernel with `folder` as its working directory.
    pub(crate) async fn start(kernel: &Kernelspec, folder: &Path) -> io::Result<Self> {
        let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (ports, listeners) = jupyter_zmq_client::peek_ports_with_listeners(ip, 5)
            .await
            .map_err(io::Error::other)?;
        let &[shell_port, iopub_port, stdin_port, control_port, hb_port] = ports.as_slice() else {
            return Err(io::Error::other(
                "five free ports were asked for, others came",
            ));
        };
        let connection = ConnectionInfo {
            ip: ip.to_string(),
            transport: Transport::TCP,
            shell_port,
            iopub_port,
            stdin_port,
            control_port,
            hb_port,
            key: Uuid::new_v4().to_string(),
            signature_scheme: "hmac-sha256".to_owned(),
            kernel_name: Some(kernel.name.clone()),
        };
        // A folder only this user may read: whoever has the key can run code.
        let private = tempfile::Builder::new().prefix("carnet-run-").tempdir()?;
        let file = private.path().join("connection.json");
        std::fs::write(&file, serde_json::to_vec_pretty(&connection)?)?;

        let line = kernel.command_line(&file);
        let (program, arguments) = line
            .split_first()
            .ok_or_else(|| io::Error::other("an empty command line"))?;
        // Not held until the kernel binds its ports: the new process has them open for a moment, and a connection made in
        // that moment is reset. A port that is taken in between ends the kernel, which is then started again elsewhere.
        drop(listeners);
        let mut child = Command::new(program)
            .args(arguments)
            .envs(kernel.environment())
            .env("JPY_PARENT_PID", std::process::id().to_string()) // ipykernel ends when this process is gone
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("`{program}`: {error}")))?;
        let group = child
            .id()
            .and_then(|id| libc::pid_t::try_from(id).ok())
            .unwrap_or_default();
        let printed = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(tokio::spawn(keep_last(pipe, Arc::clone(&printed))));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.push(tokio::spawn(keep_last(pipe, Arc::clone(&printed))));
        }
        Ok(Self {
            child,
            group,
            connection,
            printed,
            readers,
            _folder: private,
        })
    }

    /// Waits until the process ends. May be cancelled and called again.
    pub(crate) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => describe(status),
            Err(error) => format!("cannot be watched ({error})"),
        }
    }

    /// The end of what the process printed, once it has ended and its pipes are closed (or shortly after).
    pub(crate) async fn last_words(&mut self) -> String {
        for reader in std::mem::take(&mut self.readers) {
            let _ = tokio::time::timeout(Duration::from_millis(500), reader).await;
        }
        let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&printed).trim().to_owned()
    }

    /// Sends the interrupt signal to the kernel and what it started.
    pub(crate) fn interrupt(&self) {
        self.signal(libc::SIGINT);
    }

    /// Waits `grace` for an orderly end, then kills the kernel and whatever it left running.
    pub(crate) async fn finish(mut self, grace: Duration) {
        let _ = tokio::time::timeout(grace, self.child.wait()).await;
        self.signal(libc::SIGKILL);
        let _ = self.child.wait().await;
    }

    fn signal(&self, signal: libc::c_int) {
        if self.group > 1 {
            // SAFETY: kill(2) takes two integers and touches no memory of ours; the group is the one we created.
            unsafe { libc::kill(-self.group, signal) };
        }
    }
}

impl Drop for KernelProcess {
    fn drop(&mut self) {
        self.signal(libc::SIGKILL);
    }
}

async fn keep_last(mut pipe: impl AsyncRead + Unpin, kept: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(&buffer[..count]);
        let excess = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..excess);
    }
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
