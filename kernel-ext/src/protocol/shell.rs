//! The shell socket's requests, one after the other, on one task that owns the engine.

use std::collections::VecDeque;

use std::time::Duration;

use jupyter_protocol::{
    CompleteReply, CompleteRequest, ExecuteReply, ExecutionCount, HistoryReply, InspectReply,
    InspectRequest, IsCompleteReply, JupyterMessage, JupyterMessageContent, ReplyStatus,
    ShutdownReply, Status,
};
use jupyter_zmq_client::RouterSendConnection;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::comms::Comms;
use super::history::History;
use super::info::kernel_info;
use super::iopub::{IoPub, media};
use super::places::{to_byte, to_code_point};
use super::stdin::Stdin;
use crate::engine::{Completeness, Engine, completeness};

/// How long before the reply to a failed cell a request counts as having waited behind it: a frontend sends all cells at once, but they
/// pass a socket and a task before they are here.
const BEHIND: Duration = Duration::from_millis(20);

/// How the shell goes on after a request.
enum Next {
    /// With the next one.
    Serve,
    /// With the next one, but the cells that wait are not run.
    Abort,
    /// Not at all.
    Stop,
}

/// Serves the shell socket.
pub(crate) struct Shell<E> {
    pub(super) engine: E,
    pub(super) iopub: IoPub,
    pub(super) replies: RouterSendConnection,
    pub(super) stdin: Stdin,
    pub(super) history: History,
    pub(super) comms: Comms,
    requests: mpsc::UnboundedReceiver<JupyterMessage>,
    /// Requests that were taken from the channel but have their turn later.
    waiting: VecDeque<JupyterMessage>,
    /// How many cells were counted so far.
    pub(super) count: usize,
    /// The last cell, which is the parent of what its threads still print.
    last_cell: Option<JupyterMessage>,
}

impl<E: Engine> Shell<E> {
    /// A server for these requests.
    pub(crate) fn new(
        engine: E,
        iopub: IoPub,
        replies: RouterSendConnection,
        stdin: Stdin,
        requests: mpsc::UnboundedReceiver<JupyterMessage>,
    ) -> Self {
        Self {
            engine,
            iopub,
            replies,
            stdin,
            history: History::open(),
            comms: Comms::default(),
            requests,
            waiting: VecDeque::new(),
            count: 0,
            last_cell: None,
        }
    }

    /// Serves no more; its socket comes back, since the last answer may still be on the way out.
    pub(crate) fn into_replies(self) -> RouterSendConnection {
        self.replies
    }

    /// Serves until the requests end or one of them is a shutdown; returns whether it was one.
    pub(crate) async fn serve(&mut self) -> bool {
        self.engine.warm_up().await;
        loop {
            let request = match self.waiting.pop_front() {
                Some(request) => request,
                None => tokio::select! {
                    request = self.requests.recv() => match request {
                        Some(request) => request,
                        None => return false,
                    },
                    output = self.engine.idle_output() => {
                        if let Some(parent) = &self.last_cell {
                            self.iopub.send_output(output, parent).await;
                        }
                        continue;
                    }
                },
            };
            self.iopub.send(Status::busy(), &request).await;
            let next = self.answer(&request).await;
            self.iopub.send(Status::idle(), &request).await;
            match next {
                Next::Serve => {}
                Next::Abort => self.abort_waiting().await,
                Next::Stop => return true,
            }
        }
    }

    /// Answers one request; returns how to go on once it is over.
    async fn answer(&mut self, request: &JupyterMessage) -> Next {
        let reply: JupyterMessageContent = match &request.content {
            JupyterMessageContent::ExecuteRequest(execute) => {
                self.last_cell = Some(request.clone());
                let (reply, abort) = self.execute(request, execute).await;
                if abort {
                    // Before the reply: what is sent after it was sent in the knowledge of the failure.
                    self.collect_waiting().await;
                }
                self.reply(reply, request).await;
                return if abort { Next::Abort } else { Next::Serve };
            }
            JupyterMessageContent::KernelInfoRequest(_) => kernel_info().into(),
            JupyterMessageContent::IsCompleteRequest(asked) => match completeness(&asked.code) {
                Completeness::Complete => IsCompleteReply::complete().into(),
                Completeness::Incomplete => IsCompleteReply::incomplete(indent(&asked.code)).into(),
                Completeness::Invalid => IsCompleteReply::invalid().into(),
            },
            JupyterMessageContent::CommInfoRequest(asked) => {
                self.comms.info(asked.target_name.as_deref()).into()
            }
            JupyterMessageContent::CommOpen(asked) => {
                let variables = self.engine.variables();
                self.comms
                    .open(asked, variables, &self.iopub, request)
                    .await;
                return Next::Serve;
            }
            JupyterMessageContent::CommMsg(asked) => {
                let variables = self.engine.variables();
                self.comms
                    .message(asked, variables, &self.iopub, request)
                    .await;
                return Next::Serve;
            }
            JupyterMessageContent::CommClose(asked) => {
                self.comms.close(asked);
                return Next::Serve;
            }
            JupyterMessageContent::HistoryRequest(asked) => {
                HistoryReply::new(self.history.find(asked)).into()
            }
            JupyterMessageContent::InspectRequest(asked) => self.inspect(asked).await.into(),
            JupyterMessageContent::CompleteRequest(asked) => self.complete(asked).await.into(),
            JupyterMessageContent::ShutdownRequest(asked) => {
                self.reply(
                    ShutdownReply {
                        restart: asked.restart,
                        ..Default::default()
                    },
                    request,
                )
                .await;
                return Next::Stop;
            }
            other => {
                tracing::debug!(
                    "a request that this kernel does not serve: {}",
                    other.message_type()
                );
                return Next::Serve;
            }
        };
        self.reply(reply, request).await;
        Next::Serve
    }

    async fn complete(&mut self, asked: &CompleteRequest) -> CompleteReply {
        let code = &asked.code;
        let cursor = to_byte(code, asked.cursor_pos);
        let found = self.engine.complete(code, cursor).await;
        let start = to_code_point(code, found.replaced.start);
        let end = to_code_point(code, found.replaced.end);
        // JupyterLab shows a kind and a signature beside each candidate when it is told them here.
        let types: Vec<Value> = found
            .candidates
            .iter()
            .map(|candidate| {
                json!({
                    "text": candidate.text,
                    "type": candidate.kind,
                    "signature": candidate.signature.as_deref().unwrap_or_default(),
                    "start": start,
                    "end": end,
                })
            })
            .collect();
        let metadata = Map::from_iter([(
            "_jupyter_types_experimental".to_owned(),
            Value::Array(types),
        )]);
        CompleteReply {
            matches: found
                .candidates
                .into_iter()
                .map(|candidate| candidate.text)
                .collect(),
            cursor_start: start,
            cursor_end: end,
            metadata,
            ..CompleteReply::default()
        }
    }

    async fn inspect(&mut self, asked: &InspectRequest) -> InspectReply {
        let cursor = to_byte(&asked.code, asked.cursor_pos);
        let detail = asked
            .detail_level
            .and_then(|detail| u8::try_from(detail).ok());
        match self
            .engine
            .inspect(&asked.code, cursor, detail.unwrap_or(0))
            .await
        {
            Some(data) => InspectReply {
                found: true,
                data: media(data),
                ..InspectReply::default()
            },
            None => InspectReply::default(),
        }
    }

    pub(super) async fn reply(
        &mut self,
        content: impl Into<JupyterMessageContent>,
        request: &JupyterMessage,
    ) {
        if let Err(error) = self
            .replies
            .send(JupyterMessage::new(content, Some(request)))
            .await
        {
            tracing::warn!("a reply was lost: {error}");
        }
    }

    async fn collect_waiting(&mut self) {
        while let Ok(Some(request)) = timeout(BEHIND, self.requests.recv()).await {
            self.waiting.push_back(request);
        }
    }

    /// After a failed cell, the cells that wait behind it do not run; other requests keep their turn.
    async fn abort_waiting(&mut self) {
        for request in std::mem::take(&mut self.waiting) {
            if !matches!(request.content, JupyterMessageContent::ExecuteRequest(_)) {
                self.waiting.push_back(request);
                continue;
            }
            let execution_count = ExecutionCount::new(self.count);
            let aborted = ExecuteReply {
                status: ReplyStatus::Aborted,
                execution_count,
                ..Default::default()
            };
            self.iopub.send(Status::busy(), &request).await;
            self.reply(aborted, &request).await;
            self.iopub.send(Status::idle(), &request).await;
        }
    }
}

/// The indentation of a new line after unfinished code: that of the last line, and more after an opening bracket.
fn indent(code: &str) -> String {
    let last = code
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let own = &last[..last.len() - last.trim_start().len()];
    let opens = last.trim_end().ends_with(['{', '(', '[']);
    format!("{own}{}", if opens { "    " } else { "" })
}
