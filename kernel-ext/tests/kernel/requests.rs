//! Requests other than cells, and messages that are none.

use jupyter_protocol::{
    CommInfoRequest, CompleteRequest, ExecuteRequest, ExecutionState, HistoryRequest,
    InspectRequest, IsCompleteReplyStatus, IsCompleteRequest, JupyterMessage,
    JupyterMessageContent, KernelInfoRequest, ReplyStatus, ShutdownRequest,
};
use jupyter_zmq_client::create_client_control_connection;

use crate::frontend::{Frontend, run};

/// Asks on the shell socket; reads busy, idle and the reply.
pub(crate) async fn ask(
    lab: &mut Frontend,
    request: impl Into<JupyterMessageContent>,
) -> JupyterMessageContent {
    let request = lab.send(request).await;
    lab.expect_state(ExecutionState::Busy, &request).await;
    lab.expect_state(ExecutionState::Idle, &request).await;
    lab.next_reply().await.content
}

#[test]
fn the_kernel_says_what_it_is_and_answers_every_question() {
    run(async {
        let mut lab = Frontend::start().await;
        match ask(&mut lab, KernelInfoRequest {}).await {
            JupyterMessageContent::KernelInfoReply(info) => {
                assert_eq!(
                    (
                        info.implementation.as_str(),
                        info.language_info.name.as_str()
                    ),
                    ("carnet", "rust")
                );
                assert_eq!(info.language_info.file_extension.as_deref(), Some(".rs"));
            }
            other => panic!("{other:?}"),
        }
        match ask(
            &mut lab,
            IsCompleteRequest {
                code: "fn f() {".to_owned(),
            },
        )
        .await
        {
            JupyterMessageContent::IsCompleteReply(reply) => {
                assert_eq!(reply.status, IsCompleteReplyStatus::Incomplete)
            }
            other => panic!("{other:?}"),
        }
        let history = ask(
            &mut lab,
            HistoryRequest::Tail {
                n: 5,
                output: false,
                raw: true,
            },
        )
        .await;
        assert!(
            matches!(history, JupyterMessageContent::HistoryReply(reply) if reply.history.is_empty())
        );
        let comms = ask(&mut lab, CommInfoRequest { target_name: None }).await;
        assert!(
            matches!(comms, JupyterMessageContent::CommInfoReply(reply) if reply.comms.is_empty())
        );
        let matches = ask(
            &mut lab,
            CompleteRequest {
                code: "// le".to_owned(),
                cursor_pos: 5,
            },
        )
        .await;
        assert!(
            matches!(matches, JupyterMessageContent::CompleteReply(reply) if reply.cursor_start == 5)
        );
        let about = ask(
            &mut lab,
            InspectRequest {
                code: "// x".to_owned(),
                cursor_pos: 4,
                detail_level: None,
            },
        )
        .await;
        assert!(matches!(about, JupyterMessageContent::InspectReply(reply) if !reply.found));
        lab.heartbeat.single_heartbeat().await.unwrap();
        lab.finish().await;
    });
}

#[test]
fn a_silent_cell_is_neither_heard_nor_counted() {
    run(async {
        let mut lab = Frontend::start().await;
        let silent = ExecuteRequest {
            silent: true,
            ..ExecuteRequest::new("println!(\"unheard\"); 1".to_owned())
        };
        match ask(&mut lab, silent).await {
            JupyterMessageContent::ExecuteReply(reply) => {
                assert_eq!(
                    (reply.status, reply.execution_count.0),
                    (ReplyStatus::Ok, 0)
                );
            }
            other => panic!("{other:?}"),
        }
        let ran = lab.execute("2").await;
        assert_eq!((ran.result(), ran.reply.execution_count.0), ("2", 1));
        let kept_out = ExecuteRequest {
            store_history: false,
            ..ExecuteRequest::new("let y = 3;".to_owned())
        };
        let request = lab.send(kept_out).await;
        assert_eq!(
            lab.read_execution(&request, "let y = 3;")
                .await
                .reply
                .execution_count
                .0,
            1
        );
        assert_eq!(lab.execute("y").await.reply.execution_count.0, 2);
        lab.finish().await;
    });
}

#[test]
fn messages_with_a_wrong_key_or_content_are_dropped() {
    run(async {
        let mut lab = Frontend::start().await;
        let mut forged = lab.info.clone();
        forged.key = "another key".to_owned();
        let mut stranger = create_client_control_connection(&forged, "stranger")
            .await
            .unwrap();
        stranger
            .send(ShutdownRequest { restart: false }.into())
            .await
            .unwrap();
        let bad = jupyter_protocol::UnknownMessage {
            msg_type: "execute_request".to_owned(),
            content: serde_json::json!({ "code": 7 }),
        };
        lab.send(bad).await;
        let unknown = jupyter_protocol::UnknownMessage {
            msg_type: "nosuch_request".to_owned(),
            content: serde_json::json!({}),
        };
        let request = lab.send(unknown).await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        lab.expect_state(ExecutionState::Idle, &request).await;
        assert_eq!(lab.execute("1 + 1").await.result(), "2");
        lab.finish().await;
    });
}

#[test]
fn a_restart_is_confirmed_as_one() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = 1;").await.good();
        let request = JupyterMessage::new(ShutdownRequest { restart: true }, None);
        lab.control.send(request).await.unwrap();
        match lab.control.read().await.unwrap().content {
            JupyterMessageContent::ShutdownReply(reply) => assert!(reply.restart),
            other => panic!("{other:?}"),
        }
        assert!(lab.kernel.wait().await.unwrap().success());
    });
}
