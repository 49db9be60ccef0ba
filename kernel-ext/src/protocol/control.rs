//! The control socket, served while a cell runs: interrupt, shutdown, kernel_info.

use jupyter_protocol::{
    InterruptReply, JupyterMessage, JupyterMessageContent, ShutdownReply, Status,
};
use jupyter_zmq_client::KernelControlConnection;

use super::info::kernel_info;
use super::iopub::IoPub;
use super::server::is_bad_message;
use crate::engine::Interrupter;

/// Serves the control socket until a shutdown was asked for and answered. The socket comes back, since its last answer may
/// still be on the way out.
pub(crate) async fn serve(
    mut socket: KernelControlConnection,
    iopub: IoPub,
    interrupter: Interrupter,
) -> KernelControlConnection {
    loop {
        let request = match socket.read().await {
            Ok(request) => request,
            Err(error) if is_bad_message(&error) => continue,
            Err(error) => {
                tracing::error!("the control socket failed: {error}");
                return socket;
            }
        };
        iopub.send(Status::busy(), &request).await;
        let mut shutdown = false;
        let reply: Option<JupyterMessageContent> = match &request.content {
            JupyterMessageContent::InterruptRequest(_) => {
                interrupter.interrupt();
                Some(InterruptReply::new().into())
            }
            JupyterMessageContent::ShutdownRequest(asked) => {
                shutdown = true;
                Some(
                    ShutdownReply {
                        restart: asked.restart,
                        ..Default::default()
                    }
                    .into(),
                )
            }
            JupyterMessageContent::KernelInfoRequest(_) => Some(kernel_info().into()),
            other => {
                tracing::debug!(
                    "a control request that this kernel does not serve: {}",
                    other.message_type()
                );
                None
            }
        };
        if let Some(reply) = reply
            && let Err(error) = socket
                .send(JupyterMessage::new(reply, Some(&request)))
                .await
        {
            tracing::warn!("a reply was lost: {error}");
        }
        iopub.send(Status::idle(), &request).await;
        if shutdown {
            return socket;
        }
    }
}
