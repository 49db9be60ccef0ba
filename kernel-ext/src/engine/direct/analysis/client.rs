//! Speaks the Language Server Protocol 3.17 to a rust-analyzer over its standard streams, as far as it is needed here.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot, watch};

use super::super::process_group::KillOnDrop;

/// The server gave an answer up because the text changed meanwhile (`ContentModified`, `ServerCancelled`).
const CHANGED: [i64; 2] = [-32_801, -32_802];
/// How often a question is asked again for that reason.
const MOST_TRIES: usize = 3;

/// A running server; dropped, it is killed.
#[derive(Debug)]
pub(super) struct Client {
    messages: mpsc::UnboundedSender<Value>,
    shared: Arc<Shared>,
    /// Whether it has read its project and waits.
    quiet: watch::Receiver<bool>,
    _killer: KillOnDrop,
    _child: Child,
}

#[derive(Debug, Default)]
struct Shared {
    next: AtomicI64,
    /// Who waits for which answer; none once the server has gone.
    waiting: Mutex<Option<HashMap<i64, oneshot::Sender<Answer>>>>,
}

/// A result, or the code of an error.
type Answer = Result<Value, i64>;

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Option<HashMap<i64, oneshot::Sender<Answer>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Starts the program in a process group of its own, in `folder`.
    pub(super) fn start(
        program: &Path,
        folder: &Path,
        environment: &[(&str, &Path)],
    ) -> std::io::Result<Self> {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let killer = KillOnDrop::new(&child);
        let missing = || std::io::Error::other("it has no streams");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let shared = Arc::new(Shared {
            next: AtomicI64::new(1),
            waiting: Mutex::new(Some(HashMap::new())),
        });
        let (messages, outgoing) = mpsc::unbounded_channel();
        let (quiet_sender, quiet) = watch::channel(false);
        tokio::spawn(write(stdin, outgoing));
        let replies = messages.downgrade();
        let listener = Arc::clone(&shared);
        tokio::spawn(async move {
            let mut stdout = BufReader::new(stdout);
            while let Some(message) = read(&mut stdout).await {
                hear(&message, &listener, &replies, &quiet_sender);
            }
            *listener.waiting() = None;
        });
        Ok(Self {
            messages,
            shared,
            quiet,
            _killer: killer,
            _child: child,
        })
    }

    /// Whether the process has ended.
    pub(super) fn has_gone(&self) -> bool {
        self.shared.waiting().is_none()
    }

    /// Waits until the server has read its project; whether it did.
    pub(super) async fn is_quiet(&self) -> bool {
        let mut quiet = self.quiet.clone();
        quiet.wait_for(|quiet| *quiet).await.is_ok()
    }

    /// Says something that needs no answer.
    pub(super) fn tell(&self, method: &str, params: Value) {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        // A server that has gone is noticed by the end of its output.
        let _ = self.messages.send(message);
    }

    /// Asks at once; the answer can be waited for, or not. None when the server has gone or does not know.
    pub(super) async fn ask(&self, method: &str, params: Value) -> Option<Value> {
        for _ in 0..MOST_TRIES {
            let id = self.shared.next.fetch_add(1, Ordering::Relaxed);
            let (sender, answer) = oneshot::channel();
            self.shared.waiting().as_mut()?.insert(id, sender);
            let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
            self.messages.send(message).ok()?;
            match answer.await.ok()? {
                Ok(Value::Null) => return None,
                Ok(result) => return Some(result),
                Err(code) if CHANGED.contains(&code) => {}
                Err(code) => {
                    tracing::debug!("rust-analyzer answered {method} by the error {code}");
                    return None;
                }
            }
        }
        None
    }
}

/// Hands an answer to who waits for it, answers the server's own questions, and notes when it has read its project.
fn hear(
    message: &Value,
    shared: &Shared,
    replies: &mpsc::WeakUnboundedSender<Value>,
    quiet: &watch::Sender<bool>,
) {
    let id = &message["id"];
    match message["method"].as_str() {
        None => {
            let waiting = id
                .as_i64()
                .and_then(|id| shared.waiting().as_mut()?.remove(&id));
            if let Some(sender) = waiting {
                let _ = sender.send(match message["error"]["code"].as_i64() {
                    Some(code) => Err(code),
                    None => Ok(message["result"].clone()),
                });
            }
        }
        Some("experimental/serverStatus") if message["params"]["quiescent"] == true => {
            quiet.send_replace(true);
        }
        Some(method) if !id.is_null() => {
            let result = match (method, message["params"]["items"].as_array()) {
                // The settings are those it was started with.
                ("workspace/configuration", Some(items)) => vec![Value::Null; items.len()].into(),
                _ => Value::Null,
            };
            if let Some(replies) = replies.upgrade() {
                let _ = replies.send(json!({ "jsonrpc": "2.0", "id": id, "result": result }));
            }
        }
        Some(_) => {}
    }
}

async fn write(mut stdin: ChildStdin, mut messages: mpsc::UnboundedReceiver<Value>) {
    while let Some(message) = messages.recv().await {
        let text = message.to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        if stdin.write_all(framed.as_bytes()).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

/// The next message; none when the stream has ended or makes no sense any more.
async fn read(stdout: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length:") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let mut bytes = vec![0; length?];
    stdout.read_exact(&mut bytes).await.ok()?;
    serde_json::from_slice(&bytes).ok()
}
