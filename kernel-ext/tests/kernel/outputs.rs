//! What a cell prints and shows arrives whole, in order, and while it runs.

use std::time::{Duration, Instant};

use jupyter_protocol::{ExecuteRequest, ExecutionState, JupyterMessageContent};

use crate::frontend::{Frontend, Shown, run};

#[test]
fn text_and_displays_keep_their_order() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "use carnet::show::{Bundle, display};\nprint!(\"before \");\ndisplay(&Bundle::text(\"shown\"));\nprintln!(\"after\");\n\
                    for i in 0..3 { println!(\"line {i}\"); }\n1 + 1";
        let ran = lab.execute(code).await;
        let expected = [
            Shown::Stdout("before ".to_owned()),
            Shown::Display("shown".to_owned()),
            Shown::Stdout("after\nline 0\nline 1\nline 2\n".to_owned()),
            Shown::Result("2".to_owned()),
        ];
        assert_eq!(ran.good().shown, expected);
        let ran = lab.execute("eprintln!(\"to stderr ü\");").await;
        assert_eq!(
            ran.good().shown,
            [Shown::Stderr("to stderr ü\n".to_owned())]
        );
        lab.finish().await;
    });
}

#[test]
fn statements_and_units_show_nothing_and_anything_else_shows_something() {
    run(async {
        let mut lab = Frontend::start().await;
        for code in [
            "()",
            "let x = 1;",
            "1;",
            "if true { print!(\"\") }",
            "for _ in 0..1 {}",
            "",
            "// nothing",
        ] {
            assert_eq!(lab.execute(code).await.good().shown, [], "{code}");
        }
        let ran = lab.execute("struct Opaque;\nOpaque").await;
        assert!(ran.result().contains("Opaque"), "{}", ran.result());
        assert_eq!(
            lab.execute("match 1 { 1 => \"one\", _ => \"more\" } // which")
                .await
                .result(),
            "\"one\""
        );
        lab.finish().await;
    });
}

#[test]
fn a_million_lines_all_arrive() {
    run(async {
        let mut lab = Frontend::start().await;
        let ran = lab
            .execute("for i in 0..1_000_000 { println!(\"{i}\"); }")
            .await;
        let text = ran.stdout();
        assert_eq!(text.lines().count(), 1_000_000);
        assert!(
            text.lines()
                .enumerate()
                .all(|(i, line)| line == i.to_string())
        );
        lab.finish().await;
    });
}

#[test]
fn output_arrives_while_the_cell_runs() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "println!(\"first\");\nstd::thread::sleep(std::time::Duration::from_secs(2));\nprintln!(\"second\");";
        let request = lab.send(ExecuteRequest::new(code.to_owned())).await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        let mut seen = Vec::new();
        while seen.len() < 2 {
            if let JupyterMessageContent::StreamContent(stream) = lab.next_iopub().await.content {
                seen.push((stream.text, Instant::now()));
            }
        }
        assert_eq!(
            (seen[0].0.as_str(), seen[1].0.as_str()),
            ("first\n", "second\n")
        );
        assert!(
            seen[1].1 - seen[0].1 > Duration::from_secs(1),
            "the first line came with the second"
        );
        lab.expect_state(ExecutionState::Idle, &request).await;
        lab.next_reply().await;
        lab.finish().await;
    });
}

#[test]
fn a_thread_that_prints_between_cells_is_heard() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "std::thread::spawn(|| { std::thread::sleep(std::time::Duration::from_millis(700)); println!(\"late\"); });";
        let request = lab.send(ExecuteRequest::new(code.to_owned())).await;
        lab.read_execution(&request, code).await.good();
        let message = lab.next_iopub().await;
        crate::frontend::assert_child(&message, &request);
        assert!(
            matches!(message.content, JupyterMessageContent::StreamContent(stream) if stream.text == "late\n")
        );
        lab.finish().await;
    });
}
