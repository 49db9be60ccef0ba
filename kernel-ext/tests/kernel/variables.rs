//! What cells leave to later cells.

use crate::frontend::{Frontend, Shown, run};

#[test]
fn variables_of_many_types_outlive_their_cell() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "use std::collections::HashMap;\nlet x = 5;\nlet s = \"text\";\nlet mut m: HashMap<String, (u8, Option<f32>)> = HashMap::new();\n\
                    let (a, b) = (vec![1u8], String::from(\"b\"));\nlet f: Box<dyn Fn(f64) -> f64> = Box::new(|v| v * 2.0);";
        assert_eq!(lab.execute(code).await.good().shown, []);
        lab.execute("m.insert(b.clone(), (a[0], Some(f(1.5) as f32)));")
            .await
            .good();
        assert_eq!(
            lab.execute("format!(\"{x} {s} {m:?} {a:?} {b}\")")
                .await
                .result(),
            "\"5 text {\\\"b\\\": (1, Some(3.0))} [1] b\""
        );
        // Shown by reference: naming a variable does not consume it.
        assert_eq!(lab.execute("b").await.result(), "\"b\"");
        assert_eq!(lab.execute("b").await.result(), "\"b\"");
        lab.finish().await;
    });
}

#[test]
fn a_frame_outlives_its_cell() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute(":dep polars\nuse polars::prelude::*;\nlet df = df!(\"a\" => [1, 2, 3], \"b\" => [\"x\", \"y\", \"z\"])?;").await.good();
        lab.execute("let sums = df.clone().lazy().select([col(\"a\").sum()]).collect()?;")
            .await
            .good();
        assert_eq!(
            lab.execute("(df.height(), sums.column(\"a\")?.i32()?.get(0))")
                .await
                .result(),
            "(3, Some(6))"
        );
        lab.finish().await;
    });
}

#[test]
fn a_moved_variable_is_gone_and_says_where_it_went() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let v = vec![1, 2]; let w = vec![3];")
            .await
            .good();
        lab.execute("drop(v);").await.good();
        let ran = lab.execute("v.len()").await;
        let error = ran.failed();
        assert_eq!(error.name, "E0425");
        assert!(
            error.text.contains("`v` was moved in cell [2]"),
            "{}",
            error.text
        );
        assert_eq!(lab.execute("w.len()").await.result(), "1");
        lab.finish().await;
    });
}

#[test]
fn a_variable_may_be_changed_assigned_anew_and_declared_anew() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let mut v = vec![3, 1, 2]; let name = \"old\";")
            .await
            .good();
        lab.execute("v.sort();").await.good();
        lab.execute("v = v.into_iter().rev().collect();")
            .await
            .good();
        lab.execute("let name = name.len();").await.good();
        assert_eq!(lab.execute("(&v, name)").await.result(), "([3, 2, 1], 3)");
        assert_eq!(lab.execute("(v, name)").await.result(), "([3, 2, 1], 3)");
        let ran = lab.execute("v.len()").await;
        assert!(
            ran.failed().text.contains("`v` was moved in cell [6]"),
            "{}",
            ran.failed().text
        );
        let ran = lab.execute("name += 1;").await;
        assert!(
            ran.failed()
                .text
                .contains("write `let mut name` in cell [4]"),
            "{}",
            ran.failed().text
        );
        lab.finish().await;
    });
}

#[test]
fn a_panic_and_a_failed_question_mark_lose_no_variable() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let kept = vec![1, 2, 3];").await.good();
        let ran = lab
            .execute("let n = kept.len();\nlet none: Option<u8> = None;\nnone.unwrap();")
            .await;
        assert_eq!(ran.failed().name, "panic");
        assert!(
            ran.failed().text.contains("cell [2]:3:6"),
            "{}",
            ran.failed().text
        );
        let ran = lab
            .execute("println!(\"{}\", kept.len());\nlet n: i32 = \"x\".parse()?;")
            .await;
        assert_eq!(ran.shown, [Shown::Stdout("3\n".to_owned())]);
        assert_eq!(ran.failed().name, "ParseIntError");
        assert!(
            ran.failed().text.contains("invalid digit")
                && ran.failed().text.contains("cell [3]:2:"),
            "{}",
            ran.failed().text
        );
        assert_eq!(lab.execute("kept").await.result(), "[1, 2, 3]");
        lab.finish().await;
    });
}

#[test]
fn what_borrows_or_has_no_name_is_explained_when_it_is_missed() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let v = vec![1, 2]; let first = &v[0]; let twice = |x: i32| x * 2; println!(\"{}\", twice(*first));").await.good();
        let ran = lab.execute("first").await;
        assert!(
            ran.failed()
                .text
                .contains("`first` of cell [1] borrows from another variable"),
            "{}",
            ran.failed().text
        );
        let ran = lab.execute("twice(1)").await;
        assert!(
            ran.failed().text.contains("is or holds a closure"),
            "{}",
            ran.failed().text
        );
        assert_eq!(lab.execute("v").await.result(), "[1, 2]");
        lab.finish().await;
    });
}

#[test]
fn items_and_imports_are_used_by_later_cells_and_can_be_redefined() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "use std::fmt::Write;\n/// A point.\n#[derive(Debug, Clone, Default)]\nstruct P { x: i32 }\nimpl P { fn new(x: i32) -> Self { Self { x } } }\n\
                    macro_rules! double { ($e:expr) => { $e * 2 } }\nconst TEN: i32 = 10;\nlet old = P::new(double!(TEN));";
        lab.execute(code).await.good();
        assert_eq!(lab.execute("let p = P::new(1); let mut s = String::new(); write!(s, \"{}\", p.x + double!(old.x))?; s").await.result(), "\"41\"");
        lab.execute("#[derive(Debug)]\nstruct P { name: &'static str }")
            .await
            .good();
        assert_eq!(
            lab.execute("let p = P { name: \"new\" }; format!(\"{p:?} {old:?}\")")
                .await
                .result(),
            "\"P { name: \\\"new\\\" } P { x: 20 }\""
        );
        assert_eq!(
            lab.execute("vec![p]").await.result(),
            "[P { name: \"new\" }]"
        );
        lab.finish().await;
    });
}
