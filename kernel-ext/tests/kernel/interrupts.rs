//! A cell can be stopped at any moment, and the kernel goes on.

use std::time::{Duration, Instant};

use jupyter_protocol::{
    ExecuteRequest, ExecutionState, InterruptRequest, JupyterMessage, JupyterMessageContent,
    ReplyStatus,
};

use crate::frontend::{Frontend, run};
use crate::interrupting::interrupted;

#[test]
fn an_endless_loop_is_stopped_within_a_second_and_no_variable_is_lost() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute(
            "let x = vec![1, 2, 3]; let shared = std::rc::Rc::new(5_usize); let mut count = 0_u64;",
        )
        .await
        .good();
        let endless = "println!(\"ready\");\nloop { count += x.len() as u64 * *shared as u64; }";
        let (sentence, took) = interrupted(&mut lab, endless, true).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(sentence.contains("no variable was lost"), "{sentence}");
        assert_eq!(
            lab.execute("(&x, &shared, count > 0)").await.result(),
            "([1, 2, 3], 5, true)"
        );
        // And again, with what the first interrupt left.
        let (sentence, took) = interrupted(&mut lab, endless, true).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(sentence.contains("no variable was lost"), "{sentence}");
        assert_eq!(lab.execute("x.iter().sum::<i32>()").await.result(), "6");
        lab.finish().await;
    });
}

#[test]
fn what_a_stopped_cell_only_names_as_a_field_is_not_lost() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let mut rows = vec![1];").await.good();
        let code = "struct T { rows: u8 }\nlet t = T { rows: 1 };\nprintln!(\"ready\");\nloop { std::hint::black_box(t.rows); }";
        let (sentence, _) = interrupted(&mut lab, code, true).await;
        assert!(sentence.contains("no variable was lost"), "{sentence}");
        assert_eq!(lab.execute("rows").await.result(), "[1]");
        lab.finish().await;
    });
}

#[test]
fn a_cell_that_sleeps_allocates_or_prints_is_stopped_and_the_next_one_works() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = vec![String::from(\"a\"); 100];")
            .await
            .good();
        let cells = [
            "println!(\"ready\"); std::thread::sleep(std::time::Duration::from_secs(1000)); x.len()",
            "println!(\"ready\"); loop { let copy = x.clone(); std::hint::black_box(copy); }",
            "println!(\"ready\"); loop { std::hint::black_box(format!(\"{x:?}\")); }",
            "println!(\"ready\"); let pair = (std::sync::Mutex::new(()), std::sync::Condvar::new()); let guard = pair.0.lock().unwrap(); let _guard = pair.1.wait(guard).unwrap(); x.len()",
            "println!(\"ready\"); let child = std::process::Command::new(\"sleep\").arg(\"1000\").status(); x.len()",
        ];
        for cell in cells {
            let (sentence, took) = interrupted(&mut lab, cell, true).await;
            assert!(took < Duration::from_secs(1), "{cell}: {took:?}");
            assert!(
                sentence.contains("no variable was lost"),
                "{cell}: {sentence}"
            );
            assert_eq!(
                lab.execute("x.iter().map(String::len).sum::<usize>()")
                    .await
                    .result(),
                "100"
            );
            lab.execute("let x = x;").await.good();
        }
        lab.finish().await;
    });
}

#[test]
fn a_variable_that_may_be_half_changed_is_lost_by_name() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let kept = 1; let mut grows: Vec<i32> = Vec::new();")
            .await
            .good();
        let (sentence, _) = interrupted(&mut lab, "println!(\"ready\"); loop { grows.push(kept); if grows.len() > 1000 { grows.clear(); } }", true).await;
        assert!(
            sentence.contains("the variable `grows`, which it was using, was lost"),
            "{sentence}"
        );
        let ran = lab.execute("grows.len()").await;
        assert!(
            ran.failed()
                .text
                .contains("it is `mut` and may have been stopped half changed"),
            "{}",
            ran.failed().text
        );
        assert_eq!(lab.execute("kept").await.result(), "1");
        lab.finish().await;
    });
}

#[test]
fn what_other_threads_of_the_cell_may_use_is_never_given_back() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let text = String::from(\"abc\"); let kept = 1;")
            .await
            .good();
        let cell = "std::thread::scope(|scope| {\n    scope.spawn(|| { std::thread::sleep(std::time::Duration::from_secs(3)); text.len() });\n    println!(\"ready\");\n    loop { std::hint::spin_loop(); }\n});";
        let (sentence, _) = interrupted(&mut lab, cell, true).await;
        assert!(
            sentence.contains("`text`, which it was using, was lost"),
            "{sentence}"
        );
        assert_eq!(lab.execute("kept").await.result(), "1");
        // The workers of polars begin with the first cell that needs them, and wait.
        lab.execute("use polars::prelude::*;\nlet frame = df![\"x\" => [3, 1, 2]]?;")
            .await
            .good();
        let cell = "let sorted = frame.sort([\"x\"], Default::default())?;\nprintln!(\"ready\");\nloop { std::hint::spin_loop(); }";
        let (sentence, _) = interrupted(&mut lab, cell, true).await;
        assert!(sentence.contains("no variable was lost"), "{sentence}");
        assert_eq!(lab.execute("frame.height()").await.result(), "3");
        // A pool's worker that was there before, in the midst of a job.
        lab.execute("type Job = Box<dyn FnOnce() + Send>;\nlet (jobs, taken) = std::sync::mpsc::channel::<Job>();\nstd::thread::Builder::new().name(\"rayon-0\".to_owned()).spawn(move || for job in taken { job() })?;")
            .await
            .good();
        let cell = "jobs.send(Box::new(|| std::thread::sleep(std::time::Duration::from_secs(3))))?;\nprintln!(\"ready\");\nloop { std::hint::black_box(&frame); }";
        let (sentence, _) = interrupted(&mut lab, cell, true).await;
        assert!(sentence.contains("`frame`"), "{sentence}");
        lab.finish().await;
    });
}

#[test]
fn what_changes_inside_a_borrowed_value_is_lost_by_name_too() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("struct Log { lines: std::cell::RefCell<Vec<u32>> }\nlet log = Log { lines: Default::default() };")
            .await
            .good();
        let cell = "println!(\"ready\"); let mut lines = log.lines.borrow_mut(); loop { lines.push(1); lines.clear(); }";
        let (sentence, _) = interrupted(&mut lab, cell, true).await;
        assert!(
            sentence.contains("`log`, which it was using, was lost"),
            "{sentence}"
        );
        let ran = lab.execute("log.lines.borrow().len()").await;
        assert!(
            ran.failed()
                .text
                .contains("it can change inside, by a `RefCell`"),
            "{}",
            ran.failed().text
        );
        lab.finish().await;
    });
}

#[test]
fn a_loop_over_the_environment_leaves_no_lock_behind() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = 1;").await.good();
        for _ in 0..3 {
            let cell = "println!(\"ready\"); loop { unsafe { std::env::set_var(\"CARNET_TEST\", \"1\") } }";
            let (sentence, took) = interrupted(&mut lab, cell, true).await;
            assert!(took < Duration::from_secs(1), "{took:?}");
            if sentence.contains("no variable was lost") {
                let ran = lab
                    .execute("(std::env::var(\"CARNET_TEST\").is_ok(), x)")
                    .await;
                assert_eq!(ran.result(), "(true, 1)");
            } else {
                // The thread was never met outside the lock: the process was ended, and says so.
                lab.execute("let x = 1;").await.good();
            }
        }
        lab.finish().await;
    });
}

#[test]
fn what_waits_for_a_future_ends_by_unwinding() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let mut seen = vec![0];").await.good();
        let cell = "println!(\"ready\"); seen.push(1); tokio::time::sleep(std::time::Duration::from_secs(1000)).await;";
        let (sentence, took) = interrupted(&mut lab, cell, true).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(sentence.contains("no variable was lost"), "{sentence}");
        assert_eq!(lab.execute("seen").await.result(), "[0, 1]");
        lab.finish().await;
    });
}

#[test]
fn ctrl_c_in_the_terminal_of_a_frontend_stops_the_cell_as_the_button_does() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = vec![1, 2, 3];").await.good();
        let endless = "println!(\"ready\"); loop { std::hint::black_box(&x); }";
        let request = lab.send(ExecuteRequest::new(endless.to_owned())).await;
        lab.expect_state(ExecutionState::Busy, &request).await;
        for _ in ["the input", "what it printed"] {
            lab.next_iopub().await;
        }
        let kernel = lab.kernel.id().unwrap().cast_signed();
        let start = Instant::now();
        // SAFETY: a system call without pointers, on this test's own kernel.
        assert_eq!(unsafe { libc::kill(kernel, libc::SIGINT) }, 0);
        let error = loop {
            match lab.next_iopub().await.content {
                JupyterMessageContent::ErrorOutput(error) => break error,
                JupyterMessageContent::StreamContent(_) => {}
                other => panic!("{other:?}"),
            }
        };
        lab.expect_state(ExecutionState::Idle, &request).await;
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(error.ename, "interrupted");
        assert!(
            error.evalue.contains("no variable was lost"),
            "{}",
            error.evalue
        );
        match lab.next_reply().await.content {
            JupyterMessageContent::ExecuteReply(reply) => {
                assert_eq!(reply.status, ReplyStatus::Error)
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(lab.execute("x").await.result(), "[1, 2, 3]");
        lab.finish().await;
    });
}

#[test]
fn stopping_the_compiler_loses_nothing() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = 1;").await.good();
        // A constant that takes rustc minutes to evaluate.
        let slow = "const fn slow(n: u64) -> u64 { let mut i = 0; while i < n { i += 1; } i }\n#[allow(long_running_const_eval)]\nconst N: u64 = slow(100_000_000_000);\nlet n = N;";
        let (sentence, took) = interrupted(&mut lab, slow, false).await;
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(sentence.contains("nothing was lost"), "{sentence}");
        assert_eq!(lab.execute("x + 1").await.result(), "2");
        lab.finish().await;
    });
}

#[test]
fn an_interrupt_between_cells_does_nothing() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = 1;").await.good();
        let interrupt = JupyterMessage::new(InterruptRequest {}, None);
        lab.control.send(interrupt.clone()).await.unwrap();
        lab.control.read().await.unwrap();
        lab.expect_state(ExecutionState::Busy, &interrupt).await;
        lab.expect_state(ExecutionState::Idle, &interrupt).await;
        assert_eq!(lab.execute("x + 1").await.result(), "2");
        lab.finish().await;
    });
}

#[test]
fn cells_behind_a_failed_one_are_aborted_and_counted_on() {
    run(async {
        let mut lab = Frontend::start().await;
        let first = lab
            .send(ExecuteRequest::new(
                "std::thread::sleep(std::time::Duration::from_millis(500)); panic!(\"no\")"
                    .to_owned(),
            ))
            .await;
        let behind = lab
            .send(ExecuteRequest::new("println!(\"never\")".to_owned()))
            .await;
        let ran = lab
            .read_execution(
                &first,
                "std::thread::sleep(std::time::Duration::from_millis(500)); panic!(\"no\")",
            )
            .await;
        assert_eq!(ran.failed().name, "panic");
        lab.expect_state(ExecutionState::Busy, &behind).await;
        lab.expect_state(ExecutionState::Idle, &behind).await;
        match lab.next_reply().await.content {
            JupyterMessageContent::ExecuteReply(reply) => {
                assert_eq!(reply.status, ReplyStatus::Aborted)
            }
            other => panic!("{other:?}"),
        }
        let ran = lab.execute("3").await;
        assert_eq!((ran.result(), ran.reply.execution_count.0), ("3", 2));
        lab.finish().await;
    });
}
