//! The kernel with evcxr as a frontend sees it: the real program, the real toolkit, real sockets, and the frontend of the other
//! kernel's tests, which fails on a message out of order or left over.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "../../../tests/kernel/frontend.rs"]
mod frontend;
#[path = "../../../tests/kernel/interrupting.rs"]
mod interrupting;
mod streams;

use std::time::{Duration, Instant};

use frontend::{Frontend, Shown, run};
use interrupting::interrupted;
use jupyter_protocol::{CompleteRequest, ExecutionState, JupyterMessageContent};

/// The kernel's program.
pub(crate) fn program() -> std::ffi::OsString {
    std::env::var_os("CARGO_BIN_EXE_carnet-kernel-evcxr")
        .expect("cargo names the program it built for the test")
}

#[test]
fn cells_run_by_evcxr_and_what_they_print_and_show_arrives_in_order() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let mut x = vec![1, 2];").await.good();
        lab.execute("x.push(3);\nstruct P(i32);").await.good();
        assert_eq!(lab.execute("x").await.result(), "[1, 2, 3]");
        assert_eq!(lab.execute("P(x.len() as i32).0").await.result(), "3");
        // Shown by Debug, although it would show itself if its parts did.
        let parts =
            "#[derive(Debug)]\nstruct Q;\nlet mixed: Result<Vec<Q>, String> = Ok(vec![Q]);\nmixed";
        assert_eq!(lab.execute(parts).await.result(), "Ok([Q])");
        let ran = lab
            .execute("println!(\"one\"); print!(\"no line\"); String::from(\"shown\")")
            .await;
        assert_eq!(ran.stdout(), "one\nno line");
        assert_eq!(ran.result(), "\"shown\"");
        let ran = lab.execute("let wrong: u8 = \"text\";").await;
        assert_eq!(ran.failed().name, "E0308");
        assert!(
            ran.failed().text.contains("cell [7]"),
            "{}",
            ran.failed().text
        );
        let ran = lab.execute("panic!(\"on purpose\")").await;
        assert_eq!(
            (ran.failed().name.as_str(), ran.failed().value.as_str()),
            ("panic", "on purpose")
        );
        let ran = lab.execute("let n: i32 = \"x\".parse()?;").await;
        assert!(
            ran.failed().value.contains("invalid digit"),
            "{}",
            ran.failed().value
        );
        assert_eq!(lab.execute("P(1).0").await.result(), "1");
        lab.finish().await;
    });
}

#[test]
fn the_prebuilt_toolkit_is_there_and_its_values_show_themselves() {
    run(async {
        let mut lab = Frontend::start().await;
        // As in notebooks for other kernels: the toolkit is there, so nothing is built.
        let begin = Instant::now();
        lab.execute(":dep polars = \"0.55\"\nuse carnet::prelude::*;\nlet frame = df![\"a\" => [1, 2, 3]]?;")
            .await
            .good();
        assert!(
            begin.elapsed() < Duration::from_secs(120),
            "{:?}",
            begin.elapsed()
        );
        let ran = lab.execute("frame").await;
        assert!(
            ran.result().starts_with("shape: (3, 1)"),
            "{}",
            ran.result()
        );
        let ran = lab
            .execute(
                "for done in progress_of(\"counting\", 0..3) { let _ = done; }\ndisplay(&frame);",
            )
            .await;
        let updates = ran.good().shown.iter();
        let updates = updates.filter(|shown| matches!(shown, Shown::Update(..)));
        assert!(updates.count() > 0, "{:?}", ran.shown);
        assert!(
            matches!(ran.shown.last(), Some(Shown::Display(text)) if text.starts_with("shape: (3, 1)")),
            "{:?}",
            ran.shown
        );
        let ran = lab
            .execute(
                "tokio::time::sleep(std::time::Duration::from_millis(1)).await;\nframe.height()",
            )
            .await;
        assert_eq!(ran.result(), "3");
        lab.finish().await;
    });
}

#[test]
fn a_process_that_ends_says_so_and_an_interrupt_names_what_is_lost() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = 1;").await.good();
        let ran = lab.execute("std::process::abort()").await;
        assert!(
            ran.failed().text.contains("SIGABRT")
                && ran.failed().text.contains("variables were lost"),
            "{}",
            ran.failed().text
        );
        lab.execute("let kept = 1;").await.good();
        let endless = "println!(\"ready\"); loop { std::hint::black_box(kept); }";
        let (sentence, took) = interrupted(&mut lab, endless, true).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(sentence.contains("`kept`"), "{sentence}");
        assert_eq!(lab.execute("1 + 1").await.result(), "2");
        lab.finish().await;
    });
}

#[test]
fn methods_of_variables_are_completed() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let text = String::from(\"a\");").await.good();
        let code = "text.to_upp";
        let request = lab
            .send(CompleteRequest {
                code: code.to_owned(),
                cursor_pos: code.len(),
            })
            .await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        lab.expect_state(ExecutionState::Idle, &request).await;
        let found = match lab.next_reply().await.content {
            JupyterMessageContent::CompleteReply(reply) => reply.matches,
            other => panic!("{other:?}"),
        };
        assert!(
            found.iter().any(|text| text.starts_with("to_uppercase")),
            "{found:?}"
        );
        lab.finish().await;
    });
}
