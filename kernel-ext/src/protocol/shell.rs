//! The shell socket's requests, one after the other, on one task that owns the engine.

use std::collections::VecDeque;

use jupyter_protocol::{
    CommInfoReply, CompleteReply, ExecuteReply, ExecutionCount, HistoryReply, InspectReply,
    IsCompleteReply, JupyterMessage, JupyterMessageContent, ReplyStatus, ShutdownReply, Status,
};
use jupyter_zmq_client::RouterSendConnection;
use tokio::sync::mpsc;

use super::info::kernel_info;
use super::iopub::IoPub;
use crate::engine::{Completeness, Engine, completeness};

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
        requests: mpsc::UnboundedReceiver<JupyterMessage>,
    ) -> Self {
        Self {
            engine,
            iopub,
            replies,
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
                self.reply(reply, request).await;
                return if abort { Next::Abort } else { Next::Serve };
            }
            JupyterMessageContent::KernelInfoRequest(_) => kernel_info().into(),
            JupyterMessageContent::IsCompleteRequest(asked) => match completeness(&asked.code) {
                Completeness::Complete => IsCompleteReply::complete().into(),
                Completeness::Incomplete => IsCompleteReply::incomplete("    ".to_owned()).into(),
                Completeness::Invalid => IsCompleteReply::invalid().into(),
            },
            JupyterMessageContent::CommInfoRequest(_) => CommInfoReply::default().into(),
            JupyterMessageContent::HistoryRequest(_) => HistoryReply::default().into(),
            JupyterMessageContent::InspectRequest(_) => InspectReply::default().into(),
            JupyterMessageContent::CompleteRequest(asked) => CompleteReply {
                cursor_start: asked.cursor_pos,
                cursor_end: asked.cursor_pos,
                ..Default::default()
            }
            .into(),
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

    /// After a failed cell, the cells that wait behind it do not run; other requests keep their turn.
    async fn abort_waiting(&mut self) {
        while let Ok(request) = self.requests.try_recv() {
            self.waiting.push_back(request);
        }
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
