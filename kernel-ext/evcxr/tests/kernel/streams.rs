//! What cells write and read, by whatever way.

use jupyter_protocol::{ExecuteRequest, InputReply, JupyterMessage, JupyterMessageContent};

use crate::frontend::{Frontend, Shown, run};
use crate::interrupting::{interrupt, interrupted};

#[test]
fn what_a_cell_or_a_program_it_starts_writes_arrives_with_its_cell() {
    run(async {
        let mut lab = Frontend::start().await;
        assert_eq!(lab.execute("print!(\"alone\");").await.stdout(), "alone");
        // The value shows itself by Debug: nothing says how it is shown.
        lab.execute("#[derive(Debug)]\nstruct Plain(Vec<u32>);")
            .await
            .good();
        let ran = lab
            .execute("print!(\"abc\");\nPlain((0..1000).collect())")
            .await;
        assert_eq!(ran.stdout(), "abc");
        let expected: Vec<u32> = (0..1000).collect();
        assert_eq!(ran.result(), format!("Plain({expected:?})"));
        let ran = lab
            .execute("std::process::Command::new(\"printf\").arg(\"from a program\").status()?;")
            .await;
        assert_eq!(ran.stdout(), "from a program");
        let ran = lab
            .execute("use std::io::Write;\nstd::io::stdout().write_all(b\"a\\xffb\\n\")?;\neprint!(\"wrong\");\nprintln!(\"EVCXR_ is no mark\");")
            .await;
        assert_eq!(ran.stdout(), "a\u{fffd}b\nEVCXR_ is no mark\n");
        assert!(
            ran.shown.contains(&Shown::Stderr("wrong".to_owned())),
            "{:?}",
            ran.shown
        );
        // A thread that keeps standard output to itself keeps no cell from ending.
        let keeps = "let (sender, taken) = std::sync::mpsc::channel();\nstd::thread::spawn(move || { let _held = std::io::stdout().lock(); sender.send(()).unwrap(); std::thread::park(); });\ntaken.recv()?;";
        lab.execute(keeps).await.good();
        assert_eq!(lab.execute("1 + 1").await.result(), "2");
        lab.finish().await;
    });
}

/// Runs a cell that reads; each question must have this prompt.
async fn answered(lab: &mut Frontend, code: &str, prompt: &str, answers: &[&str]) -> String {
    let request = ExecuteRequest {
        allow_stdin: true,
        ..ExecuteRequest::new(code.to_owned())
    };
    let request = lab.send(request).await;
    for answer in answers {
        let question = lab.stdin.read().await.unwrap();
        match &question.content {
            JupyterMessageContent::InputRequest(asked) => assert_eq!(asked.prompt, prompt),
            other => panic!("{other:?}"),
        }
        let value = (*answer).to_owned();
        let reply = InputReply {
            value,
            ..InputReply::default()
        };
        let reply = JupyterMessage::new(reply, Some(&question));
        lab.stdin.send(reply).await.unwrap();
    }
    let ran = lab.read_execution(&request, code).await;
    ran.result().to_owned()
}

#[test]
fn a_cell_that_reads_asks_once_a_line_and_meets_the_end_of_the_input() {
    run(async {
        let mut lab = Frontend::start().await;
        let line = "let mut line = String::new(); std::io::stdin().read_line(&mut line)?; line";
        assert_eq!(answered(&mut lab, line, "", &["Zoë"]).await, "\"Zoë\\n\"");
        let bytes = "use std::io::Read; let mut three = [0; 3]; std::io::stdin().read_exact(&mut three)?; three";
        assert_eq!(answered(&mut lab, bytes, "", &["ab"]).await, "[97, 98, 10]");
        lab.execute(":dep evcxr_input = \"1\"").await.good();
        let asked = "evcxr_input::get_string(\"Name: \")";
        assert_eq!(
            answered(&mut lab, asked, "Name: ", &["Zoë"]).await,
            "\"Zoë\""
        );
        // A frontend without a user.
        assert_eq!(
            lab.execute("std::io::read_to_string(std::io::stdin())?")
                .await
                .result(),
            "\"\""
        );
        lab.finish().await;
    });
}

#[test]
fn cells_that_print_compile_or_wait_for_the_user_are_stopped() {
    run(async {
        let mut lab = Frontend::start().await;
        // The first cell that sees the toolkit compiles for a while.
        lab.execute("let kept = 1;").await.good();
        let (sentence, took) = interrupted(
            &mut lab,
            "use carnet::prelude::*;\nlet frame = df![\"a\" => [1]]?;",
            false,
        )
        .await;
        assert!(
            sentence.contains("no variable was lost"),
            "{sentence} after {took:?}"
        );
        assert_eq!(lab.execute("kept").await.result(), "1");
        let (_, took) = interrupted(&mut lab, "loop { println!(\"again\"); }", true).await;
        assert!(took.as_secs_f64() < 1.0, "{took:?}");
        // Nothing of it comes with the next cell.
        assert_eq!(lab.execute("println!(\"next\");").await.stdout(), "next\n");
        let code = "let mut line = String::new(); std::io::stdin().read_line(&mut line)?;";
        let request = ExecuteRequest {
            allow_stdin: true,
            ..ExecuteRequest::new(code.to_owned())
        };
        lab.send(request).await;
        for _ in ["busy", "the cell's text"] {
            lab.next_iopub().await;
        }
        lab.stdin.read().await.unwrap();
        let (_, took) = interrupt(&mut lab).await;
        assert!(took.as_secs_f64() < 1.0, "{took:?}");
        assert_eq!(lab.execute("1 + 1").await.result(), "2");
        lab.finish().await;
    });
}
