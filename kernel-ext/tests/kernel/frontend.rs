//! A frontend for tests. It starts the kernel as JupyterLab does, by a connection file, and reads all that the kernel
//! says: what does not come in the order the protocol asks for, and what is left at the end, fails the test.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Stdio;
use std::time::Duration;

use jupyter_protocol::{
    ConnectionInfo, ExecuteReply, ExecuteRequest, ExecutionState, JupyterMessage,
    JupyterMessageContent, MediaType, ReplyStatus, ShutdownRequest, Stdio as Stream, Transport,
};
use jupyter_zmq_client::{
    ClientControlConnection, ClientHeartbeatConnection, ClientIoPubConnection,
    ClientShellConnection, ClientStdinConnection, create_client_control_connection,
    create_client_heartbeat_connection, create_client_iopub_connection,
    create_client_shell_connection_with_identity, create_client_stdin_connection_with_identity,
    peek_ports_with_listeners, peer_identity_for_session, wait_for_iopub_welcome,
};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The longest a test may take, on a machine that does other things too.
const LIMIT: Duration = Duration::from_secs(240);
/// The longest a single message may take.
const MESSAGE: Duration = Duration::from_secs(120);

/// Runs a test, with its time limit, on a runtime of its own.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        timeout(LIMIT, test)
            .await
            .expect("the test took longer than its limit")
    });
}

/// What a cell showed, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    Stdout(String),
    Stderr(String),
    /// The plain text of a display.
    Display(String),
    /// The plain text that takes the place of what was shown under an id.
    Update(String, String),
    /// What was shown goes; whether only when something new comes.
    Clear(bool),
    /// The plain text of the last expression.
    Result(String),
}

/// An error as a frontend gets it, colours taken out.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) text: String,
}

/// One executed cell.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) shown: Vec<Shown>,
    pub(crate) error: Option<Failed>,
    pub(crate) reply: ExecuteReply,
}

impl Ran {
    /// The plain text of the result of a cell that must not fail.
    pub(crate) fn result(&self) -> &str {
        match self.good().shown.last() {
            Some(Shown::Result(text)) => text,
            other => panic!("a result was expected, not {other:?}"),
        }
    }

    /// All of standard output of a cell that must not fail.
    pub(crate) fn stdout(&self) -> String {
        let text = |shown: &Shown| {
            if let Shown::Stdout(text) = shown {
                text.clone()
            } else {
                String::new()
            }
        };
        self.good().shown.iter().map(text).collect()
    }

    /// The same cell, which must not have failed.
    pub(crate) fn good(&self) -> &Self {
        assert!(
            self.error.is_none(),
            "{}",
            self.error.as_ref().unwrap().text
        );
        assert_eq!(self.reply.status, ReplyStatus::Ok);
        self
    }

    /// The error of a cell that must fail.
    pub(crate) fn failed(&self) -> &Failed {
        assert_eq!(self.reply.status, ReplyStatus::Error, "{:?}", self.shown);
        let error = self
            .error
            .as_ref()
            .expect("an error message belongs to an error reply");
        assert_eq!(self.reply.error.as_ref().unwrap().evalue, error.value);
        error
    }
}

pub(crate) struct Frontend {
    pub(crate) shell: ClientShellConnection,
    pub(crate) control: ClientControlConnection,
    pub(crate) iopub: ClientIoPubConnection,
    pub(crate) stdin: ClientStdinConnection,
    pub(crate) heartbeat: ClientHeartbeatConnection,
    pub(crate) kernel: Child,
    pub(crate) info: ConnectionInfo,
    _folder: TempDir,
}

impl Frontend {
    /// A kernel with the workspace's toolkit.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A kernel with these environment variables besides.
    pub(crate) async fn start_with(environment: &[(&str, &str)]) -> Self {
        Self::start_by(Command::new(crate::program()), environment).await
    }

    /// A kernel started by this command, which gets the connection file as its last arguments.
    pub(crate) async fn start_by(mut command: Command, environment: &[(&str, &str)]) -> Self {
        let (ports, listeners) = peek_ports_with_listeners(IpAddr::V4(Ipv4Addr::LOCALHOST), 5)
            .await
            .unwrap();
        let info = ConnectionInfo {
            ip: "127.0.0.1".to_owned(),
            transport: Transport::TCP,
            shell_port: ports[0],
            iopub_port: ports[1],
            stdin_port: ports[2],
            control_port: ports[3],
            hb_port: ports[4],
            key: "a key for tests".to_owned(),
            signature_scheme: "hmac-sha256".to_owned(),
            kernel_name: Some("carnet".to_owned()),
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("connection.json");
        std::fs::write(&file, serde_json::to_string(&info).unwrap()).unwrap();
        drop(listeners);
        command
            .arg("--connection-file")
            .arg(&file)
            .env("XDG_STATE_HOME", folder.path())
            .envs(environment.iter().copied());
        let kernel = command
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let session = "session-of-a-test";
        let mut iopub = retry(|| create_client_iopub_connection(&info, "", session)).await;
        let welcome = wait_for_iopub_welcome(&mut iopub, MESSAGE).await.unwrap();
        assert_eq!(
            welcome.as_deref(),
            Some(""),
            "the kernel welcomes a new listener"
        );
        let identity = peer_identity_for_session(session).unwrap();
        Self {
            shell: retry(|| {
                create_client_shell_connection_with_identity(&info, session, identity.clone())
            })
            .await,
            control: retry(|| create_client_control_connection(&info, session)).await,
            stdin: retry(|| {
                create_client_stdin_connection_with_identity(&info, session, identity.clone())
            })
            .await,
            heartbeat: retry(|| create_client_heartbeat_connection(&info)).await,
            iopub,
            kernel,
            info: info.clone(),
            _folder: folder,
        }
    }

    /// Runs a cell and reads all that belongs to it.
    pub(crate) async fn execute(&mut self, code: &str) -> Ran {
        let request = self.send(ExecuteRequest::new(code.to_owned())).await;
        self.read_execution(&request, code).await
    }

    /// Sends a request on the shell socket.
    pub(crate) async fn send(
        &mut self,
        request: impl Into<JupyterMessageContent>,
    ) -> JupyterMessage {
        let request = JupyterMessage::new(request, None);
        self.shell.send(request.clone()).await.unwrap();
        request
    }

    /// The next message for all frontends.
    pub(crate) async fn next_iopub(&mut self) -> JupyterMessage {
        timeout(MESSAGE, self.iopub.read())
            .await
            .expect("a message was expected")
            .unwrap()
    }

    /// The next reply on the shell socket.
    pub(crate) async fn next_reply(&mut self) -> JupyterMessage {
        timeout(MESSAGE, self.shell.read())
            .await
            .expect("a reply was expected")
            .unwrap()
    }

    /// Reads that the kernel is busy with `request` or has become idle after it.
    pub(crate) async fn expect_state(&mut self, state: ExecutionState, request: &JupyterMessage) {
        let message = self.next_iopub().await;
        assert_child(&message, request);
        match message.content {
            JupyterMessageContent::Status(status) => assert_eq!(status.execution_state, state),
            other => panic!("{state:?} was expected, not {other:?}"),
        }
    }

    /// Reads a whole execution: busy, the input, the outputs, idle, the reply.
    pub(crate) async fn read_execution(&mut self, request: &JupyterMessage, code: &str) -> Ran {
        self.expect_state(ExecutionState::Busy, request).await;
        let input = self.next_iopub().await;
        assert_child(&input, request);
        match input.content {
            JupyterMessageContent::ExecuteInput(input) => assert_eq!(input.code, code),
            other => panic!("the input was expected, not {other:?}"),
        }
        let (mut shown, mut error) = (Vec::new(), None);
        loop {
            let message = self.next_iopub().await;
            assert_child(&message, request);
            match message.content {
                JupyterMessageContent::Status(status) => {
                    assert_eq!(status.execution_state, ExecutionState::Idle);
                    break;
                }
                JupyterMessageContent::ErrorOutput(output) => {
                    let text = without_colours(&output.traceback.join("\n"));
                    error = Some(Failed {
                        name: output.ename,
                        value: output.evalue,
                        text,
                    });
                }
                content => {
                    assert!(error.is_none(), "nothing follows an error: {content:?}");
                    add(&mut shown, content);
                }
            }
        }
        let reply = self.next_reply().await;
        assert_child(&reply, request);
        match reply.content {
            JupyterMessageContent::ExecuteReply(reply) => Ran {
                shown,
                error,
                reply,
            },
            other => panic!("a reply to the execution was expected, not {other:?}"),
        }
    }

    /// Shuts the kernel down as a frontend does, and makes sure that it said nothing more and ended well.
    pub(crate) async fn finish(mut self) {
        let request = JupyterMessage::new(ShutdownRequest { restart: false }, None);
        self.control.send(request.clone()).await.unwrap();
        let reply = timeout(MESSAGE, self.control.read())
            .await
            .expect("a shutdown is answered")
            .unwrap();
        match &reply.content {
            JupyterMessageContent::ShutdownReply(reply) => assert!(!reply.restart),
            other => panic!("a reply to the shutdown was expected, not {other:?}"),
        }
        self.expect_state(ExecutionState::Busy, &request).await;
        self.expect_state(ExecutionState::Idle, &request).await;
        let status = timeout(Duration::from_secs(10), self.kernel.wait())
            .await
            .expect("the kernel ends")
            .unwrap();
        assert!(status.success(), "{status}");
        let left = timeout(Duration::from_millis(200), self.iopub.read()).await;
        assert!(
            !matches!(left, Ok(Ok(_))),
            "a message was left over: {left:?}"
        );
        let left = timeout(Duration::from_millis(100), self.shell.read()).await;
        assert!(
            !matches!(left, Ok(Ok(_))),
            "a reply was left over: {left:?}"
        );
    }
}

/// Streams may come in any number of pieces: neighbours are joined.
fn add(shown: &mut Vec<Shown>, content: JupyterMessageContent) {
    match content {
        JupyterMessageContent::StreamContent(stream) => match (stream.name, shown.last_mut()) {
            (Stream::Stdout, Some(Shown::Stdout(text)))
            | (Stream::Stderr, Some(Shown::Stderr(text))) => text.push_str(&stream.text),
            (Stream::Stdout, _) => shown.push(Shown::Stdout(stream.text)),
            (Stream::Stderr, _) => shown.push(Shown::Stderr(stream.text)),
        },
        JupyterMessageContent::DisplayData(display) => {
            shown.push(Shown::Display(plain(&display.data.content)))
        }
        JupyterMessageContent::UpdateDisplayData(update) => {
            let id = update.transient.display_id.unwrap_or_default();
            shown.push(Shown::Update(id, plain(&update.data.content)))
        }
        JupyterMessageContent::ClearOutput(clear) => shown.push(Shown::Clear(clear.wait)),
        JupyterMessageContent::ExecuteResult(result) => {
            shown.push(Shown::Result(plain(&result.data.content)))
        }
        other => panic!("an output was expected, not {other:?}"),
    }
}

fn plain(content: &[MediaType]) -> String {
    let text = |media: &MediaType| {
        if let MediaType::Plain(text) = media {
            Some(text.clone())
        } else {
            None
        }
    };
    content
        .iter()
        .find_map(text)
        .expect("everything shown has a plain text")
}

pub(crate) fn assert_child(message: &JupyterMessage, request: &JupyterMessage) {
    let parent = message
        .parent_header
        .as_ref()
        .map(|header| header.msg_id.as_str());
    assert_eq!(
        parent,
        Some(request.header.msg_id.as_str()),
        "{:?}",
        message.content
    );
}

fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

/// The kernel needs a moment to bind its sockets.
async fn retry<T, E: std::fmt::Debug, F: Future<Output = Result<T, E>>>(
    connect: impl Fn() -> F,
) -> T {
    let mut attempts = 0;
    loop {
        match connect().await {
            Ok(connection) => return connection,
            Err(error) if attempts > 600 => panic!("the kernel could not be reached: {error:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        attempts += 1;
    }
}
