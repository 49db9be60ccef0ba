//! The socket that every frontend listens to. One task owns it, so that messages leave in the order they were made, and
//! welcomes each new listener (JEP 65).

use jupyter_protocol::{
    ClearOutput, DisplayData, IoPubWelcome, JupyterMessage, JupyterMessageContent, Media,
    MediaType, StreamContent, Transient, UpdateDisplayData,
};
use jupyter_zmq_client::{KernelIoPubXPubConnection, SubscriptionEvent};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::engine::{Bundle, Output};

/// Where messages for all frontends are sent.
#[derive(Debug, Clone)]
pub(crate) struct IoPub(mpsc::Sender<JupyterMessage>);

impl IoPub {
    /// Starts the task that owns the socket; it ends when the last [`IoPub`] is dropped, after all is handed to the socket,
    /// and gives the socket back.
    pub(crate) fn start(
        mut socket: KernelIoPubXPubConnection,
    ) -> (Self, tokio::task::JoinHandle<KernelIoPubXPubConnection>) {
        let (sender, mut messages) = mpsc::channel::<JupyterMessage>(256);
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    message = messages.recv() => {
                        let Some(message) = message else { return socket };
                        if let Err(error) = socket.send(message).await {
                            tracing::warn!("a message to the frontends was lost: {error}");
                        }
                    }
                    event = socket.recv_subscription() => {
                        if let Ok(SubscriptionEvent::Subscribe(topic)) = event {
                            let _ = socket.send(IoPubWelcome::new(topic).into()).await;
                        }
                    }
                }
            }
        });
        (Self(sender), task)
    }

    /// Sends one message about `parent`.
    pub(crate) async fn send(
        &self,
        content: impl Into<JupyterMessageContent>,
        parent: &JupyterMessage,
    ) {
        // The identities of the parent are an address on another socket.
        let message = JupyterMessage::new(content, Some(parent)).with_zmq_identities(Vec::new());
        let _ = self.0.send(message).await;
    }

    /// Sends what a cell printed or showed on the way.
    pub(crate) async fn send_output(&self, output: Output, parent: &JupyterMessage) {
        match output {
            Output::Stdout(text) => self.send(StreamContent::stdout(&text), parent).await,
            Output::Stderr(text) => self.send(StreamContent::stderr(&text), parent).await,
            Output::Display { data, id } => {
                let mut display = DisplayData::new(media(data));
                display.transient = id.map(|id| Transient {
                    display_id: Some(id),
                });
                self.send(display, parent).await;
            }
            Output::Update { data, id } => {
                self.send(UpdateDisplayData::new(media(data), &id), parent)
                    .await
            }
            Output::Clear { wait } => self.send(ClearOutput { wait }, parent).await,
            Output::Result(data) => self.send(DisplayData::new(media(data)), parent).await,
            // Unanswered: the cell meets the end of its input.
            Output::Input(_) => {}
        }
    }
}

/// A bundle as the protocol's crate holds it, each type as it came.
pub(crate) fn media(data: Bundle) -> Media {
    let typed = |(mime, content): (String, Value)| match (mime.as_str(), content) {
        ("text/plain", Value::String(text)) => MediaType::Plain(text),
        (_, content) => MediaType::Other((mime, content)),
    };
    Media::new(data.into_iter().map(typed).collect())
}
