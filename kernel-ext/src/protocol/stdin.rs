//! The socket by which a running cell asks the user for a line.

use jupyter_protocol::{InputRequest, JupyterMessage, JupyterMessageContent};
use jupyter_zmq_client::KernelStdinConnection;

use super::server::is_bad_message;
use crate::engine::Input;

/// The socket, and the question that is open.
pub(crate) struct Stdin {
    socket: KernelStdinConnection,
    open: Option<Open>,
}

struct Open {
    input: Input,
    /// The identifier of the question's message.
    asked: String,
}

impl Stdin {
    /// Asks nothing yet.
    pub(crate) fn new(socket: KernelStdinConnection) -> Self {
        Self { socket, open: None }
    }

    /// Asks the frontend that sent `request`.
    pub(crate) async fn ask(&mut self, input: Input, request: &JupyterMessage) {
        let content = InputRequest {
            prompt: input.prompt.clone(),
            password: input.password,
        };
        let question = JupyterMessage::new(content, Some(request));
        let asked = question.header.msg_id.clone();
        match self.socket.send(question).await {
            Ok(()) => self.open = Some(Open { input, asked }),
            Err(error) => tracing::warn!("a question to the user was lost: {error}"),
        }
    }

    /// Waits for the answer to the open question and passes it on; pending when none is open. Safe to cancel.
    pub(crate) async fn answered(&mut self) {
        if self.open.is_none() {
            return std::future::pending().await;
        }
        let reply = match self.socket.read().await {
            Ok(reply) => reply,
            Err(error) if is_bad_message(&error) => return,
            Err(error) => {
                tracing::error!("the stdin socket failed: {error}");
                self.open = None;
                return;
            }
        };
        let JupyterMessageContent::InputReply(answer) = reply.content else {
            return tracing::debug!("a message on the stdin socket that answers nothing");
        };
        // An answer to a question of a cell that was stopped comes too late. Some frontends name no parent.
        let asked = reply.parent_header.map(|parent| parent.msg_id);
        let late = |open: &Open| {
            asked
                .as_ref()
                .is_some_and(|asked| !asked.is_empty() && *asked != open.asked)
        };
        if let Some(open) = self.open.take() {
            if late(&open) {
                self.open = Some(open);
            } else {
                let _ = open.input.answer.send(answer.value);
            }
        }
    }

    /// Forgets the open question: its cell has ended.
    pub(crate) fn close(&mut self) {
        self.open = None;
    }
}
