//! What a cell prints and shows arrives whole, in order, and while it runs.

use std::time::{Duration, Instant};

use jupyter_protocol::{ExecuteRequest, ExecutionState, JupyterMessageContent};

use crate::frontend::{Frontend, Shown, run};
use crate::interrupting::interrupted;

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
fn the_example_of_the_documentation_shows_itself() {
    run(async {
        let mut lab = Frontend::start().await;
        let page = include_str!("../../../docs/KERNEL.md");
        let (_, example) = page.split_once("For your own type:\n\n```rust\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        assert_eq!(lab.execute(example).await.result(), "17 min");
        lab.finish().await;
    });
}

#[test]
fn a_bar_that_a_variable_keeps_is_shown_to_its_end() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "use carnet::prelude::*;\nlet bar = progress(\"more\", 3);\nfor _ in 0..3 { bar.advance(1); }";
        let ran = lab.execute(code).await;
        assert!(
            matches!(ran.good().shown.last(), Some(Shown::Update(_, text)) if text.contains("100 % (3 of 3)")),
            "{:?}",
            ran.shown
        );
        let shown = lab.execute("bar").await;
        assert!(
            shown.result().contains("100 % (3 of 3)"),
            "{}",
            shown.result()
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
fn what_a_program_prints_meanwhile_breaks_no_display() {
    run(async {
        let mut lab = Frontend::start().await;
        let program = "for i in $(seq 1 20000); do echo out; echo err >&2; done";
        let code = format!(
            "use carnet::show::{{Bundle, display}};\n\
             let mut program = std::process::Command::new(\"sh\").args([\"-c\", \"{program}\"]).spawn()?;\n\
             let large = \"x\".repeat(300_000);\n\
             for i in 0..20 {{ display(&Bundle::text(format!(\"{{i}}{{large}}\"))); }}\n\
             program.wait()?.success()"
        );
        let ran = lab.execute(&code).await;
        assert_eq!(ran.result(), "true");
        let displayed = ran.shown.iter().filter_map(|shown| match shown {
            Shown::Display(text) => Some(text.len()),
            _ => None,
        });
        let lengths: Vec<usize> = displayed.collect();
        let expected: Vec<usize> = (0..20).map(|i| 300_000 + i.to_string().len()).collect();
        assert_eq!(lengths, expected);
        assert_eq!(ran.stdout(), "out\n".repeat(20_000));
        lab.finish().await;
    });
}

#[test]
fn a_thread_that_keeps_standard_output_keeps_no_cell_from_ending() {
    run(async {
        let mut lab = Frontend::start().await;
        let keeps = "let mut kept = 1;\nlet (sender, taken) = std::sync::mpsc::channel();\n\
                     std::thread::spawn(move || { let _held = std::io::stdout().lock(); let _ = sender.send(()); loop { std::thread::park(); } });\n\
                     taken.recv()?;";
        lab.execute(keeps).await.good();
        assert_eq!(lab.execute("kept + 1").await.result(), "2");
        let endless = "eprintln!(\"ready\");\nloop { std::hint::black_box(()); }";
        let (sentence, took) = interrupted(&mut lab, endless, true).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(sentence.contains("no variable was lost"), "{sentence}");
        assert_eq!(lab.execute("kept + 2").await.result(), "3");
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

#[test]
fn what_is_displayed_is_replaced_and_cleared_in_order() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "use carnet::prelude::*;\nlet shown = display(&Bundle::text(\"one\"));\nprintln!(\"between\");\nshown.update(&Bundle::text(\"two\"));\nclear_output(true);\ndisplay(&Bundle::text(\"three\"));";
        let ran = lab.execute(code).await;
        match &ran.good().shown[..] {
            [
                Shown::Display(one),
                Shown::Stdout(between),
                Shown::Update(id, two),
                Shown::Clear(true),
                Shown::Display(three),
            ] => {
                assert_eq!(
                    [one, between, two, three],
                    ["one", "between\n", "two", "three"]
                );
                assert!(id.starts_with("carnet-"), "{id}");
            }
            other => panic!("{other:?}"),
        }
        // A later cell replaces what an earlier one has shown.
        let ran = lab.execute("shown.update(&Bundle::text(\"later\"));").await;
        assert!(
            matches!(&ran.good().shown[..], [Shown::Update(_, text)] if text == "later"),
            "{:?}",
            ran.shown
        );
        lab.finish().await;
    });
}

#[test]
fn a_progress_bar_moves_while_its_cell_runs() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "use carnet::prelude::*;\nfor _ in progress_of(\"steps\", 0..10) { std::thread::sleep(std::time::Duration::from_millis(60)); }\nprintln!(\"after\");";
        let ran = lab.execute(code).await;
        let shown = &ran.good().shown;
        assert!(
            matches!(&shown[0], Shown::Display(text) if text.contains("0 % (0 of 10)")),
            "{shown:?}"
        );
        assert_eq!(shown.last(), Some(&Shown::Stdout("after\n".to_owned())));
        let updates: Vec<&String> = shown
            .iter()
            .filter_map(|shown| match shown {
                Shown::Update(_, text) => Some(text),
                _ => None,
            })
            .collect();
        assert!(updates.len() >= 3, "{updates:?}");
        assert!(
            updates[..updates.len() - 1]
                .iter()
                .any(|text| !text.contains("(10 of 10)")),
            "{updates:?}"
        );
        assert!(
            updates[updates.len() - 1].contains("100 % (10 of 10)"),
            "{updates:?}"
        );
        lab.finish().await;
    });
}

#[test]
fn values_of_every_kind_show_themselves() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("use carnet::prelude::*;\nuse std::collections::HashMap;\nlet frame = df!(\"a\" => [1, 2])?;")
            .await
            .good();
        for (code, start) in [
            (
                "HashMap::from([(\"b\", 2.5), (\"a\", 1.0)])",
                "{\n    \"a\": 1.0,\n    \"b\": 2.5,\n}",
            ),
            ("Some(7)", "Some(7)"),
            ("vec![frame.clone(), frame.clone()]", "[0]:\nshape: (2, 1)"),
            ("(frame.height(), &frame)", ".0:\n2\n.1:\nshape: (2, 1)"),
            (
                "\"x\".parse::<u8>()",
                "Error: invalid digit found in string",
            ),
            (
                "\"x\".parse::<u8>().unwrap_err()",
                "Error: invalid digit found in string",
            ),
            ("Estimator::from(Forest::default())", "Forest: "),
            ("struct Opaque; Opaque", "A value of type "),
        ] {
            let ran = lab.execute(code).await;
            assert!(ran.result().starts_with(start), "{code}: {}", ran.result());
        }
        lab.execute("set_limits(Limits { elements: 2, ..limits() });")
            .await
            .good();
        let ran = lab.execute("vec![1, 2, 3]").await;
        assert_eq!(ran.result(), "[1, 2]\n… (the first 2 of 3 elements)");
        let ran = lab
            .execute("let error: Box<dyn std::error::Error> = \"plain\".into();\nerror")
            .await;
        assert_eq!(ran.result(), "Error: plain");
        // A wide frame and a long text do not flood the notebook.
        lab.execute("let wide = DataFrame::new(1, (0..5000).map(|i| Column::new(format!(\"column {i}\").into(), [i])).collect())?;")
            .await
            .good();
        assert!(lab.execute("wide").await.result().len() < 5_000);
        assert!(lab.execute("\"x\".repeat(10_000_000)").await.result().len() < 25_000);
        lab.finish().await;
    });
}
