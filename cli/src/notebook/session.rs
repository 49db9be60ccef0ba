//! A conversation with a running kernel: connect, wait until it answers, execute code, interrupt, shut down.

use std::io;
use std::path::Path;
use std::time::Duration;

use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::messaging::{
    ExecuteReply, ExecuteRequest, ExecutionState, InterruptRequest, JupyterMessage,
    JupyterMessageContent, KernelInfoReply, KernelInfoRequest, ShutdownRequest,
};
use jupyter_zmq_client::{
    ClientControlConnection, ClientIoPubConnection, DealerRecvConnection, DealerSendConnection,
    RuntimeError,
};
use thiserror::Error;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use uuid::Uuid;

use super::kernelspec::Kernelspec;
use super::process::KernelProcess;
use super::stop::Stop;

/// How long a kernel may take to answer after its start.
const START: Duration = Duration::from_secs(120);
/// How long an interrupted cell may take to end, and a kernel asked to shut down.
const GRACE: Duration = Duration::from_secs(5);
/// How long the kernel's side of a cell (its reply, its `idle`) may lag behind the other.
const LAG: Duration = Duration::from_secs(10);
/// How often a port that was free may be taken by another program before the kernel binds it.
const ATTEMPTS: usize = 3;

/// Why there is no kernel to talk to.
#[derive(Debug, Error)]
pub(crate) enum SessionError {
    /// The program could not be started at all.
    #[error("the kernel `{kernel}` did not start: {source}\nits description is {}", file.display())]
    Spawn {
        kernel: String,
        file: std::path::PathBuf,
        source: io::Error,
    },
    /// The program started and ended before it answered.
    #[error("the kernel `{kernel}` {how} before it was ready; it printed:\n{printed}")]
    DiedAtStart {
        kernel: String,
        how: String,
        printed: String,
    },
    /// The program runs and does not answer.
    #[error("the kernel `{kernel}` did not answer within {} s of its start; it printed:\n{printed}", START.as_secs())]
    Silent { kernel: String, printed: String },
    /// The sockets failed.
    #[error("cannot talk to the kernel `{kernel}`: {source}")]
    Protocol {
        kernel: String,
        source: RuntimeError,
    },
    /// The user stopped the run before the kernel was ready.
    #[error("stopped while the kernel `{kernel}` was starting; nothing was changed")]
    Stopped { kernel: String },
    /// The time for the whole run was over before the kernel was ready.
    #[error(
        "the time of --total-timeout was over before the kernel `{kernel}` was ready; nothing was changed"
    )]
    TimedOut { kernel: String },
}

impl SessionError {
    /// Whether another start on other ports may help.
    fn is_about_ports(&self) -> bool {
        match self {
            Self::DiedAtStart { printed, .. } => {
                printed.to_lowercase().contains("address already in use")
            }
            Self::Protocol { .. } => true,
            _ => false,
        }
    }
}

/// How the execution of one cell ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The kernel replied; the reply says whether the code succeeded.
    Replied(ExecuteReply),
    /// The kernel's process ended: how, and what it printed last.
    Died { how: String, printed: String },
    /// The cell took longer than allowed and was interrupted.
    TimedOut,
    /// The user stopped the run.
    Stopped,
    /// The sockets failed.
    Lost(String),
}

/// What comes from the kernel.
#[derive(Debug)]
enum Incoming {
    Reply(JupyterMessage),
    Broadcast(JupyterMessage),
    Unreadable(String),
}

/// A kernel that answers.
pub(crate) struct Session {
    process: KernelProcess,
    channels: Channels,
    by_message: bool,
    /// What the kernel says about itself.
    pub(crate) info: KernelInfoReply,
}

struct Channels {
    shell: DealerSendConnection,
    control: ClientControlConnection,
    incoming: UnboundedReceiver<Incoming>,
}

impl Session {
    /// Starts `kernel` in `folder` and waits until it answers on both of its channels.
    pub(crate) async fn start(
        kernel: &Kernelspec,
        folder: &Path,
        limit: Option<Duration>,
        stop: &Stop,
    ) -> Result<Self, SessionError> {
        let mut attempt = 1;
        let end = limit.map(|limit| Instant::now() + limit);
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            match Self::attempt(kernel, folder, left, stop).await {
                Err(error) if attempt < ATTEMPTS && error.is_about_ports() => attempt += 1,
                other => return other,
            }
        }
    }

    async fn attempt(
        spec: &Kernelspec,
        folder: &Path,
        left: Option<Duration>,
        stop: &Stop,
    ) -> Result<Self, SessionError> {
        let kernel = spec.name.clone();
        let mut process = match KernelProcess::start(spec, folder).await {
            Ok(process) => process,
            Err(source) => {
                return Err(SessionError::Spawn {
                    kernel,
                    file: spec.folder.join("kernel.json"),
                    source,
                });
            }
        };
        let connection = process.connection.clone();
        let failure = tokio::select! {
            ready = connect(&connection) => match ready {
                Ok((channels, info)) => {
                    return Ok(Self { process, channels, by_message: spec.interrupts_by_message(), info });
                }
                Err(source) => SessionError::Protocol { kernel, source },
            },
            how = process.ended() => SessionError::DiedAtStart { kernel, how, printed: process.last_words().await },
            () = sleep(left.unwrap_or(START)), if left.is_some_and(|left| left < START) => SessionError::TimedOut { kernel },
            () = sleep(START) => SessionError::Silent { kernel, printed: process.last_words().await },
            () = stop.asked() => SessionError::Stopped { kernel },
        };
        process.finish(Duration::ZERO).await;
        Err(failure)
    }

    /// Runs `code` and hands each message it causes to `heard`, with the id of the request that caused it, so that late
    /// output of an earlier cell still finds its cell. Returns once the kernel has replied and is idle again, or once it
    /// is clear that it will not.
    ///
    /// `begun` is told the id of the request before it is sent. `limit` is how long the cell may take.
    pub(crate) async fn execute(
        &mut self,
        code: &str,
        limit: Option<Duration>,
        stop: &Stop,
        heard: &mut impl Heard,
    ) -> Ended {
        let request: JupyterMessage = ExecuteRequest::new(code.to_owned()).into();
        let id = request.header.msg_id.clone();
        heard.begun(&id);
        if let Err(error) = self.channels.shell.send(request).await {
            return self.lost(&error.to_string(), heard).await;
        }
        let mut deadline = limit.map(|limit| Instant::now() + limit);
        let mut cut_short = None;
        let (mut reply, mut idle) = (None, false);
        loop {
            if idle && let Some(reply) = reply.take() {
                return cut_short.unwrap_or(Ended::Replied(reply));
            }
            tokio::select! {
                biased; // what the kernel said before it died is heard before its death is noticed
                incoming = self.channels.incoming.recv() => match incoming {
                    Some(Incoming::Reply(message)) => {
                        if let (true, JupyterMessageContent::ExecuteReply(content)) = (is_child(&message, &id), message.content) {
                            reply = Some(content);
                            deadline = Some(Instant::now() + LAG);
                        }
                    }
                    Some(Incoming::Broadcast(message)) => {
                        if is_child(&message, &id) && is_idle(&message) {
                            idle = true;
                            deadline = Some(Instant::now() + LAG);
                        }
                        heard.message(&message);
                    }
                    Some(Incoming::Unreadable(what)) => heard.unreadable(&what),
                    None => return self.lost("its sockets are closed", heard).await,
                },
                how = self.process.ended() => return self.died(how, heard).await,
                () = at(deadline) => match (reply.take(), cut_short.take()) {
                    (Some(reply), cut) => return cut.unwrap_or(Ended::Replied(reply)),
                    (None, Some(cut)) => return cut,
                    (None, None) if idle => return Ended::Lost("it became idle without a reply".into()),
                    (None, None) => {
                        self.interrupt().await;
                        cut_short = Some(Ended::TimedOut);
                        deadline = Some(Instant::now() + GRACE);
                    }
                },
                () = stop.asked(), if cut_short.is_none() => {
                    self.interrupt().await;
                    cut_short = Some(Ended::Stopped);
                    deadline = Some(Instant::now() + GRACE);
                }
                () = stop.insisted() => return Ended::Stopped,
            }
        }
    }

    /// Asks the kernel to end, then makes it end. What it still has to say is heard.
    pub(crate) async fn shutdown(mut self, heard: &mut impl Heard) {
        let _ = timeout(
            GRACE,
            self.channels
                .control
                .send(ShutdownRequest { restart: false }.into()),
        )
        .await;
        self.process.finish(GRACE).await;
        drain(&mut self.channels.incoming, heard).await;
    }

    async fn interrupt(&mut self) {
        if self.by_message {
            let _ = timeout(
                GRACE,
                self.channels.control.send(InterruptRequest {}.into()),
            )
            .await;
        } else {
            self.process.interrupt();
        }
    }

    /// The sockets failed: most often because the process has just ended.
    async fn lost(&mut self, what: &str, heard: &mut impl Heard) -> Ended {
        match timeout(Duration::from_secs(1), self.process.ended()).await {
            Ok(how) => self.died(how, heard).await,
            Err(_) => Ended::Lost(what.to_owned()),
        }
    }

    async fn died(&mut self, how: String, heard: &mut impl Heard) -> Ended {
        drain(&mut self.channels.incoming, heard).await;
        Ended::Died {
            how,
            printed: self.process.last_words().await,
        }
    }
}

/// Who listens while a cell runs.
pub(crate) trait Heard {
    /// A request with this id is about to be sent.
    fn begun(&mut self, id: &str);
    /// The kernel broadcast a message.
    fn message(&mut self, message: &JupyterMessage);
    /// A message came that does not follow the protocol and was left out.
    fn unreadable(&mut self, what: &str);
}

async fn drain(incoming: &mut UnboundedReceiver<Incoming>, heard: &mut impl Heard) {
    while let Ok(Some(incoming)) = timeout(Duration::from_millis(100), incoming.recv()).await {
        if let Incoming::Broadcast(message) = incoming {
            heard.message(&message);
        }
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn is_child(message: &JupyterMessage, id: &str) -> bool {
    message
        .parent_header
        .as_ref()
        .is_some_and(|parent| parent.msg_id == id)
}

fn is_idle(message: &JupyterMessage) -> bool {
    matches!(&message.content, JupyterMessageContent::Status(status) if status.execution_state == ExecutionState::Idle)
}

/// Connects to the kernel's sockets and waits until it answers. Ends only when it does: the caller sets the limit.
async fn connect(connection: &ConnectionInfo) -> Result<(Channels, KernelInfoReply), RuntimeError> {
    let session = Uuid::new_v4().to_string();
    let iopub =
        jupyter_zmq_client::create_client_iopub_connection(connection, "", &session).await?;
    let identity = jupyter_zmq_client::peer_identity_for_session(&session)?;
    let shell = jupyter_zmq_client::create_client_shell_connection_with_identity(
        connection, &session, identity,
    )
    .await?;
    let control =
        jupyter_zmq_client::create_client_control_connection(connection, &session).await?;
    let (mut shell, replies) = shell.split();
    let (sender, mut incoming) = unbounded_channel();
    tokio::spawn(forward(Reading::Replies(replies), sender.clone()));
    tokio::spawn(forward(Reading::Broadcasts(iopub), sender));

    // The kernel's broadcasts are lost until it has taken note of our subscription: only when both the reply and the
    // broadcast that goes with it have arrived can no output be missed.
    let (mut info, mut subscribed) = (None, false);
    loop {
        shell.send(KernelInfoRequest {}.into()).await?;
        let again = sleep(Duration::from_millis(500));
        tokio::pin!(again);
        loop {
            if subscribed && let Some(info) = info.take() {
                return Ok((
                    Channels {
                        shell,
                        control,
                        incoming,
                    },
                    info,
                ));
            }
            tokio::select! {
                message = incoming.recv() => match message {
                    Some(Incoming::Reply(message)) => {
                        if let JupyterMessageContent::KernelInfoReply(reply) = message.content {
                            info = Some(*reply);
                        }
                    }
                    Some(Incoming::Broadcast(_)) => subscribed = true,
                    Some(Incoming::Unreadable(what)) => return Err(RuntimeError::ZmqMessageError(what)),
                    None => return Err(RuntimeError::ZmqMessageError("its sockets are closed".into())),
                },
                () = &mut again => break,
            }
        }
    }
}

/// A socket that is only read.
enum Reading {
    Replies(DealerRecvConnection),
    Broadcasts(ClientIoPubConnection),
}

impl Reading {
    async fn next(&mut self) -> Result<Incoming, RuntimeError> {
        match self {
            Self::Replies(socket) => socket.read().await.map(Incoming::Reply),
            Self::Broadcasts(socket) => socket.read().await.map(Incoming::Broadcast),
        }
    }
}

/// Reads one socket for as long as there is someone to tell.
async fn forward(mut socket: Reading, sender: UnboundedSender<Incoming>) {
    loop {
        let incoming = match socket.next().await {
            Ok(incoming) => incoming,
            Err(RuntimeError::ZmqError(_)) => return,
            Err(error) => Incoming::Unreadable(error.to_string()),
        };
        if sender.send(incoming).is_err() {
            return;
        }
    }
}
