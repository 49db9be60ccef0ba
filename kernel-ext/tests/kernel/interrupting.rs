//! Stops a cell as a frontend does.

use std::time::{Duration, Instant};

use jupyter_protocol::{
    ExecuteRequest, ExecutionState, InterruptRequest, JupyterMessage, JupyterMessageContent,
    ReplyStatus,
};

use crate::frontend::Frontend;

/// Sends a cell, waits until `ready` is printed or a while has passed, interrupts, and returns the error's sentence and
/// how long it took from the interrupt to the idle kernel.
pub(crate) async fn interrupted(
    lab: &mut Frontend,
    code: &str,
    wait_for_output: bool,
) -> (String, Duration) {
    let request = lab.send(ExecuteRequest::new(code.to_owned())).await;
    lab.expect_state(ExecutionState::Busy, &request).await;
    lab.next_iopub().await;
    if wait_for_output {
        let message = lab.next_iopub().await;
        assert!(
            matches!(message.content, JupyterMessageContent::StreamContent(_)),
            "{message:?}"
        );
    } else {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    interrupt(lab).await
}

/// Interrupts the cell that runs, and returns as [`interrupted`] does.
pub(crate) async fn interrupt(lab: &mut Frontend) -> (String, Duration) {
    let interrupt = JupyterMessage::new(InterruptRequest {}, None);
    let start = Instant::now();
    lab.control.send(interrupt).await.unwrap();
    // The interrupt's own busy and idle come between the cell's messages, in no fixed order.
    let (mut error, mut idle) = (None, 0);
    while idle < 2 {
        match lab.next_iopub().await.content {
            JupyterMessageContent::ErrorOutput(output) => error = Some(output),
            JupyterMessageContent::Status(status)
                if status.execution_state == ExecutionState::Idle =>
            {
                idle += 1
            }
            // What the cell printed up to then.
            JupyterMessageContent::Status(_) | JupyterMessageContent::StreamContent(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let took = start.elapsed();
    let reply = lab.control.read().await.unwrap();
    assert!(matches!(
        reply.content,
        JupyterMessageContent::InterruptReply(_)
    ));
    match lab.next_reply().await.content {
        JupyterMessageContent::ExecuteReply(reply) => assert_eq!(reply.status, ReplyStatus::Error),
        other => panic!("{other:?}"),
    }
    let error = error.expect("an interrupted cell shows an error");
    assert_eq!(error.ename, "interrupted");
    (error.evalue, took)
}
