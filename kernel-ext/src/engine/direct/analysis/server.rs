//! Speaks to a rust-analyzer: the Language Server Protocol 3.17 over its standard streams, as far as it is needed.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::super::process_group::KillOnDrop;
use crate::toolchain::Toolchain;

/// How long the start may take.
const START: Duration = Duration::from_secs(20);

/// A running rust-analyzer; dropped, it is killed.
#[derive(Debug)]
pub(super) struct Server {
    stdin: ChildStdin,
    shared: Arc<Shared>,
    uri: String,
    next: u64,
    version: u64,
    text: String,
    _killer: KillOnDrop,
    _child: Child,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    gone: AtomicBool,
}

impl Server {
    /// Starts it on the crate in `folder`.
    pub(super) async fn start(
        program: &Path,
        folder: &Path,
        toolchain: &Toolchain,
    ) -> std::io::Result<Self> {
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env("RUSTC", toolchain.program("rustc"))
            .env("CARGO", toolchain.program("cargo"))
            .env("CARGO_NET_OFFLINE", "true")
            .env_remove("CARGO_TARGET_DIR")
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
        let shared = Arc::new(Shared::default());
        tokio::spawn(listen(stdout, Arc::clone(&shared)));
        let root = format!("file://{}", folder.display());
        let mut server = Self {
            stdin,
            shared,
            uri: format!("{root}/src/lib.rs"),
            next: 1,
            version: 0,
            text: String::new(),
            _killer: killer,
            _child: child,
        };
        server.initialize(&root).await?;
        Ok(server)
    }

    async fn initialize(&mut self, root: &str) -> std::io::Result<()> {
        let options = json!({
            "cargo": { "buildScripts": { "enable": false } },
            "procMacro": { "enable": false },
            "checkOnSave": false,
            "cachePriming": { "enable": false },
            "diagnostics": { "enable": false },
            "completion": {
                "autoimport": { "enable": false },
                "postfix": { "enable": false },
                "callable": { "snippets": "none" },
                "fullFunctionSignatures": { "enable": true },
            },
        });
        let params = json!({
            "processId": std::process::id(),
            "rootUri": root,
            "initializationOptions": options,
            "capabilities": {
                "general": { "positionEncodings": ["utf-8"] },
                "textDocument": {
                    "completion": { "completionItem": { "snippetSupport": false, "labelDetailsSupport": true } },
                    "hover": { "contentFormat": ["markdown"] },
                },
            },
        });
        let answer = self.ask("initialize", params, START).await;
        if answer.is_none() {
            return Err(std::io::Error::other("it did not answer"));
        }
        self.tell("initialized", json!({})).await;
        let document = json!({ "uri": self.uri, "languageId": "rust", "version": 0, "text": "" });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }))
            .await;
        Ok(())
    }

    /// The document's name.
    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether the process has ended.
    pub(super) fn has_gone(&self) -> bool {
        self.shared.gone.load(Ordering::SeqCst)
    }

    /// Gives the document this text.
    pub(super) async fn set_text(&mut self, text: &str) {
        if self.text == text {
            return;
        }
        text.clone_into(&mut self.text);
        self.version += 1;
        let params = json!({
            "textDocument": { "uri": self.uri, "version": self.version },
            "contentChanges": [{ "text": text }],
        });
        self.tell("textDocument/didChange", params).await;
    }

    /// Asks, and waits for the answer as long as `limit`; none when there is none by then.
    pub(super) async fn ask(
        &mut self,
        method: &str,
        params: Value,
        limit: Duration,
    ) -> Option<Value> {
        let id = self.next;
        self.next += 1;
        let (sender, answer) = oneshot::channel();
        self.waiting().insert(id, sender);
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.send(&message).await;
        let answer = timeout(limit, answer).await.ok().and_then(Result::ok);
        if answer.is_none() {
            self.waiting().remove(&id);
            self.tell("$/cancelRequest", json!({ "id": id })).await;
        }
        answer.filter(|answer| !answer.is_null())
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Value>>> {
        self.shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell(&mut self, method: &str, params: Value) {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        self.send(&message).await;
    }

    /// A server that has gone says so by the end of its output, not here.
    async fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let framed = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        if self.stdin.write_all(framed.as_bytes()).await.is_ok() {
            let _ = self.stdin.flush().await;
        }
    }
}

/// Hands answers to those who wait for them, until the server ends.
async fn listen(stdout: ChildStdout, shared: Arc<Shared>) {
    let mut stdout = BufReader::new(stdout);
    while let Some(message) = read(&mut stdout).await {
        // Requests of the server's own (to register capabilities, say) need no answer for what is asked here.
        let Some(id) = message["id"]
            .as_u64()
            .filter(|_| message["method"].is_null())
        else {
            continue;
        };
        let mut waiting = shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = waiting.remove(&id) {
            let _ = sender.send(message["result"].clone());
        }
    }
    shared.gone.store(true, Ordering::SeqCst);
    shared
        .waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
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
