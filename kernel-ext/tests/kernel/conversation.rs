//! What a frontend and the kernel say to each other beside cells: input, history, comms, expressions.

use std::time::Duration;

use jupyter_protocol::{
    CommClose, CommId, CommInfoRequest, CommMsg, CommOpen, ExecuteRequest, ExecutionState,
    ExpressionResult, HistoryEntry, HistoryRequest, InputReply, InterruptRequest,
    IsCompleteRequest, JupyterMessage, JupyterMessageContent, KernelInfoRequest, ReplyStatus,
};
use serde_json::Map;
use tokio::time::timeout;

use crate::frontend::{Frontend, Shown, assert_child, run};
use crate::requests::ask;

fn asking(code: &str) -> ExecuteRequest {
    ExecuteRequest {
        allow_stdin: true,
        ..ExecuteRequest::new(code.to_owned())
    }
}

/// Reads one question on the stdin socket, and answers it.
async fn answer(lab: &mut Frontend, request: &JupyterMessage, value: &str) {
    let question = timeout(Duration::from_secs(60), lab.stdin.read())
        .await
        .expect("a question was expected")
        .unwrap();
    assert_child(&question, request);
    assert!(
        matches!(&question.content, JupyterMessageContent::InputRequest(asked) if !asked.password),
        "{question:?}"
    );
    let reply = InputReply {
        value: value.to_owned(),
        ..InputReply::default()
    };
    lab.stdin
        .send(JupyterMessage::new(reply, Some(&question)))
        .await
        .unwrap();
}

const READS: &str = "let mut name = String::new();\nprint!(\"Name? \");\nlet n = std::io::stdin().read_line(&mut name)?;\n(n, name)";

#[test]
fn a_cell_that_reads_standard_input_asks_the_user() {
    run(async {
        let mut lab = Frontend::start().await;
        for (typed, shown) in [("Zoë", "(5, \"Zoë\\n\")"), ("", "(1, \"\\n\")")] {
            let request = lab.send(asking(READS)).await;
            answer(&mut lab, &request, typed).await;
            let ran = lab.read_execution(&request, READS).await;
            assert_eq!(
                ran.good().shown,
                [
                    Shown::Stdout("Name? ".to_owned()),
                    Shown::Result(shown.to_owned())
                ]
            );
        }
        let lines = "let lines: Vec<String> = std::io::stdin().lines().take(2).collect::<Result<_, _>>()?;\nlines";
        let request = lab.send(asking(lines)).await;
        answer(&mut lab, &request, "one").await;
        answer(&mut lab, &request, "two").await;
        let ran = lab.read_execution(&request, lines).await;
        assert_eq!(ran.result(), "[\"one\", \"two\"]");
        // A frontend without a user: the input is at its end.
        assert_eq!(lab.execute(READS).await.result(), "(0, \"\")");
        lab.finish().await;
    });
}

#[test]
fn a_cell_that_waits_for_the_user_can_be_stopped() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let kept = 7;").await.good();
        let request = lab.send(asking(READS)).await;
        let question = lab.stdin.read().await.unwrap();
        let interrupt = JupyterMessage::new(InterruptRequest {}, None);
        lab.control.send(interrupt).await.unwrap();
        lab.control.read().await.unwrap();
        let reply = lab.next_reply().await;
        assert_child(&reply, &request);
        let mut idle = 0;
        while idle < 2 {
            if let JupyterMessageContent::Status(status) = lab.next_iopub().await.content {
                idle += usize::from(status.execution_state == ExecutionState::Idle);
            }
        }
        // An answer that comes too late is not taken for that of the next question.
        let late = InputReply {
            value: "late".to_owned(),
            ..InputReply::default()
        };
        lab.stdin
            .send(JupyterMessage::new(late, Some(&question)))
            .await
            .unwrap();
        let request = lab.send(asking(READS)).await;
        answer(&mut lab, &request, "now").await;
        let ran = lab.read_execution(&request, READS).await;
        assert_eq!(ran.result(), "(4, \"now\\n\")");
        assert_eq!(lab.execute("kept").await.result(), "7");
        lab.finish().await;
    });
}

fn tail(n: i32, output: bool) -> HistoryRequest {
    HistoryRequest::Tail {
        n,
        output,
        raw: true,
    }
}

async fn history(lab: &mut Frontend, asked: HistoryRequest) -> Vec<HistoryEntry> {
    match ask(lab, asked).await {
        JupyterMessageContent::HistoryReply(reply) => reply.history,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_history_is_kept_across_kernels() {
    run(async {
        let state = tempfile::tempdir().unwrap();
        let environment = [("XDG_STATE_HOME", state.path().to_str().unwrap())];
        let mut first = Frontend::start_with(&environment).await;
        first.execute("1 + 1").await.good();
        first.finish().await;
        let mut second = Frontend::start_with(&environment).await;
        second.execute("let x = 3;").await.good();
        let hidden = ExecuteRequest {
            store_history: false,
            ..ExecuteRequest::new("4".to_owned())
        };
        let request = second.send(hidden).await;
        second.read_execution(&request, "4").await.good();
        let all = history(&mut second, tail(10, true)).await;
        let text: Vec<String> = all.iter().map(|entry| format!("{entry:?}")).collect();
        assert_eq!(
            text,
            [
                "InputOutput(1, 1, (\"1 + 1\", \"2\"))",
                "InputOutput(2, 1, (\"let x = 3;\", \"\"))"
            ]
        );
        let found = HistoryRequest::Search {
            pattern: "*x*".to_owned(),
            unique: true,
            output: false,
            raw: true,
            n: 5,
        };
        assert!(
            matches!(&history(&mut second, found).await[..], [HistoryEntry::Input(2, 1, code)] if code == "let x = 3;")
        );
        let range = HistoryRequest::Range {
            session: Some(-1),
            start: 1,
            stop: 2,
            output: false,
            raw: true,
        };
        assert!(
            matches!(&history(&mut second, range).await[..], [HistoryEntry::Input(1, 1, code)] if code == "1 + 1")
        );
        second.finish().await;
    });
}

#[test]
fn a_view_of_the_variables_is_told_of_each_cell() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let mut x = 5_u8;").await.good();
        let id = CommId("view".to_owned());
        let open = |target: &str| CommOpen {
            comm_id: id.clone(),
            target_name: target.to_owned(),
            ..CommOpen::default()
        };
        let request = lab.send(open("nosuch")).await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        let message = lab.next_iopub().await;
        assert!(
            matches!(&message.content, JupyterMessageContent::CommClose(close) if close.comm_id == id),
            "{message:?}"
        );
        lab.expect_state(ExecutionState::Idle, &request).await;

        let request = lab.send(open("carnet.variables")).await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        let seen = variables(&lab.next_iopub().await);
        assert_eq!(
            seen,
            "[{\"name\":\"x\",\"type\":\"u8\",\"mutable\":true,\"cell\":\"cell [1]\"}]"
        );
        lab.expect_state(ExecutionState::Idle, &request).await;
        match ask(&mut lab, CommInfoRequest { target_name: None }).await {
            JupyterMessageContent::CommInfoReply(reply) => {
                assert_eq!(reply.comms[&id].target_name, "carnet.variables")
            }
            other => panic!("{other:?}"),
        }

        let code = "let y = \"text\";".to_owned();
        let request = lab.send(ExecuteRequest::new(code)).await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        lab.next_iopub().await;
        let seen = variables(&lab.next_iopub().await);
        assert!(seen.contains("\"y\"") && seen.contains("\"x\""), "{seen}");
        lab.expect_state(ExecutionState::Idle, &request).await;
        lab.next_reply().await;

        let again = CommMsg {
            comm_id: id.clone(),
            data: Map::new(),
        };
        let request = lab.send(again).await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        assert_eq!(variables(&lab.next_iopub().await), seen);
        lab.expect_state(ExecutionState::Idle, &request).await;

        let close = CommClose {
            comm_id: id,
            data: Map::new(),
        };
        let request = lab.send(close).await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        lab.expect_state(ExecutionState::Idle, &request).await;
        assert_eq!(lab.execute("x").await.result(), "5");
        lab.finish().await;
    });
}

fn variables(message: &JupyterMessage) -> String {
    match &message.content {
        JupyterMessageContent::CommMsg(message) => message.data["variables"].to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn expressions_beside_a_cell_are_evaluated_after_it() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "let x = 20;";
        let expressions = [("twice", "x * 2 + 2"), ("wrong", "nosuch")];
        let request = ExecuteRequest {
            user_expressions: Some(
                expressions
                    .map(|(name, code)| (name.to_owned(), code.to_owned()))
                    .into(),
            ),
            ..ExecuteRequest::new(code.to_owned())
        };
        let request = lab.send(request).await;
        let ran = lab.read_execution(&request, code).await;
        let results = ran.good().reply.user_expressions.clone().unwrap();
        match &results["twice"] {
            ExpressionResult::Ok { data, .. } => {
                assert!(format!("{data:?}").contains("42"), "{data:?}")
            }
            other => panic!("{other:?}"),
        }
        assert!(
            matches!(&results["wrong"], ExpressionResult::Error { ename, .. } if ename == "E0425")
        );
        assert_eq!(lab.execute("x").await.reply.execution_count.0, 2);
        lab.finish().await;
    });
}

#[test]
fn control_is_served_while_a_cell_runs() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "println!(\"ready\"); std::thread::sleep(std::time::Duration::from_secs(3));";
        let request = lab.send(ExecuteRequest::new(code.to_owned())).await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        lab.next_iopub().await;
        lab.next_iopub().await;
        let asked = JupyterMessage::new(KernelInfoRequest {}, None);
        lab.control.send(asked.clone()).await.unwrap();
        let reply = timeout(Duration::from_secs(2), lab.control.read())
            .await
            .expect("control answers while a cell runs")
            .unwrap();
        assert!(matches!(
            reply.content,
            JupyterMessageContent::KernelInfoReply(_)
        ));
        lab.expect_state(ExecutionState::Busy, &asked).await;
        lab.expect_state(ExecutionState::Idle, &asked).await;
        lab.expect_state(ExecutionState::Idle, &request).await;
        assert!(
            matches!(lab.next_reply().await.content, JupyterMessageContent::ExecuteReply(reply) if reply.status == ReplyStatus::Ok)
        );
        lab.finish().await;
    });
}

#[test]
fn unfinished_code_is_indented_as_deep_as_it_stands() {
    run(async {
        let mut lab = Frontend::start().await;
        for (code, indent) in [
            ("fn f() {", "    "),
            ("fn f() {\n    if true {\n", "        "),
            ("let x =\n    f(", "        "),
            ("let x =", ""),
        ] {
            let asked = IsCompleteRequest {
                code: code.to_owned(),
            };
            match ask(&mut lab, asked).await {
                JupyterMessageContent::IsCompleteReply(reply) => {
                    assert_eq!(reply.indent, indent, "{code}")
                }
                other => panic!("{other:?}"),
            }
        }
        lab.finish().await;
    });
}
