//! Errors point at the cell's own lines and show nothing that the kernel wrote.

use crate::frontend::{Frontend, run};

#[test]
fn a_type_error_is_drawn_over_the_cells_own_line() {
    run(async {
        let mut lab = Frontend::start().await;
        let ran = lab
            .execute("let a = 1;\n\n  let b: String = a; // wrong\nstruct S { a: i32 }")
            .await;
        let error = ran.failed();
        assert_eq!(error.name, "E0308");
        assert_eq!(error.value, "mismatched types (cell [1], line 3)");
        let expected = "error[E0308]: mismatched types\n --> cell [1]:3:19\n  |\n3 |   let b: String = a; // wrong\n  |          ------   ^ expected `String`, found integer\n";
        assert!(error.text.starts_with(expected), "{}", error.text);
        assert!(
            error.text.contains("to_string()"),
            "the suggestion is kept: {}",
            error.text
        );
        assert!(!error.text.contains("carnet"), "{}", error.text);
        lab.finish().await;
    });
}

#[test]
fn errors_in_items_and_in_syntax_have_their_lines_too() {
    run(async {
        let mut lab = Frontend::start().await;
        let ran = lab
            .execute("let x = 1;\nfn f() -> u8 {\n    \"no\"\n}")
            .await;
        assert!(
            ran.failed().text.contains("cell [1]:3:5"),
            "{}",
            ran.failed().text
        );
        let ran = lab.execute("let y = 2;\nlet x = = 1;").await;
        assert!(
            ran.failed().text.contains("cell [2]:2:9"),
            "{}",
            ran.failed().text
        );
        let ran = lab.execute("let z = vec![1;\n").await;
        assert!(
            ran.failed().text.contains("cell [3]:1:"),
            "{}",
            ran.failed().text
        );
        let ran = lab.execute("let v = vec![1];\nlet w = v;\nv.len()").await;
        assert_eq!(ran.failed().name, "E0382");
        assert!(
            ran.failed().text.contains("value moved here"),
            "{}",
            ran.failed().text
        );
        lab.finish().await;
    });
}

#[test]
fn an_impl_that_belongs_to_no_cell_says_what_to_do() {
    run(async {
        let mut lab = Frontend::start().await;
        let ran = lab.execute("impl Vec<u8> { fn f(&self) {} }").await;
        assert!(
            ran.failed()
                .text
                .contains("wrap the type in a struct of your own"),
            "{}",
            ran.failed().text
        );
        lab.finish().await;
    });
}

#[test]
fn a_panic_in_an_earlier_cells_function_names_that_cells_line() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("// a comment\nfn f(v: &[i32], i: usize) -> i32 {\n    v[i]\n}")
            .await
            .good();
        let ran = lab.execute("f(&[1], 3)").await;
        assert_eq!(ran.failed().name, "panic");
        assert!(
            ran.failed().text.contains("cell [1]:3:5") && ran.failed().text.contains("v[i]"),
            "{}",
            ran.failed().text
        );
        lab.finish().await;
    });
}

#[test]
fn the_causes_of_an_error_are_listed() {
    run(async {
        let mut lab = Frontend::start().await;
        let code = "use std::{error::Error, fmt};\n#[derive(Debug)]\nstruct Outer(std::num::ParseIntError);\n\
                    impl fmt::Display for Outer { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { f.write_str(\"the count is unreadable\") } }\n\
                    impl Error for Outer { fn source(&self) -> Option<&(dyn Error + 'static)> { Some(&self.0) } }\n\
                    fn read(text: &str) -> Result<i32, Outer> { text.parse().map_err(Outer) }";
        lab.execute(code).await.good();
        let ran = lab.execute("read(\"x\")?;").await;
        assert_eq!(ran.failed().name, "Outer");
        assert!(
            ran.failed()
                .text
                .contains("caused by: invalid digit found in string"),
            "{}",
            ran.failed().text
        );
        lab.finish().await;
    });
}

#[test]
fn unknown_crates_are_refused_with_what_there_is() {
    run(async {
        let mut lab = Frontend::start().await;
        let ran = lab.execute("use nosuchcrate::x;").await;
        assert!(
            ran.failed()
                .text
                .contains("cells can use these crates: std, carnet"),
            "{}",
            ran.failed().text
        );
        lab.execute(":dep polars = { version = \"0.55\" }\n:dep plotly\n:dep serde-json\n")
            .await
            .good();
        lab.finish().await;
    });
}

#[test]
fn a_process_that_ends_takes_only_the_variables() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = 1; fn one() -> i32 { 1 }").await.good();
        let ran = lab
            .execute("println!(\"before\"); std::process::abort()")
            .await;
        assert!(
            ran.failed().value.contains("signal 6 (SIGABRT"),
            "{}",
            ran.failed().value
        );
        let ran = lab.execute("x").await;
        assert!(
            ran.failed()
                .text
                .contains("it was lost when cell [2] ended the process"),
            "{}",
            ran.failed().text
        );
        assert_eq!(lab.execute("one() + 1").await.result(), "2");
        lab.finish().await;
    });
}

#[test]
fn a_kernel_without_its_tools_says_what_to_do() {
    run(async {
        let mut lab = Frontend::start_with(&[("CARNET_RUSTC", "/nowhere/rustc")]).await;
        let ran = lab.execute("1").await;
        assert!(
            ran.failed().value.contains("/nowhere/rustc") && ran.failed().value.contains("rustup"),
            "{}",
            ran.failed().value
        );
        lab.finish().await;
        let empty = tempfile::tempdir().unwrap();
        let mut lab =
            Frontend::start_with(&[("CARNET_TOOLKIT_DIR", empty.path().to_str().unwrap())]).await;
        let ran = lab.execute("1").await;
        assert!(
            ran.failed().value.contains("libcarnet_toolkit.so")
                && ran.failed().value.contains("cargo build"),
            "{}",
            ran.failed().value
        );
        lab.finish().await;
    });
}
