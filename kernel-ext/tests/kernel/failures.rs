//! What would hang or die silently elsewhere arrives in the cell as text, with what to do, and the next cell works.

use tokio::process::Command;

use crate::frontend::{Frontend, run};

#[test]
fn a_process_that_dies_says_why_and_what_to_do() {
    run(async {
        let mut lab = Frontend::start().await;
        let cells = [
            (
                "std::process::exit(3)",
                "must not call `std::process::exit`",
            ),
            ("std::process::abort()", "an abort"),
            (
                "fn f(n: u64) -> u64 { if n == u64::MAX { 0 } else { f(n + 1) + std::hint::black_box(1) } }\nf(0)",
                "overflowed its stack",
            ),
            (
                "let rows: Vec<u64> = Vec::with_capacity(1 << 50);\nrows.len()",
                "needed more memory than there is",
            ),
            (
                "unsafe { std::ptr::null_mut::<u8>().write_volatile(1) }",
                "`unsafe`",
            ),
        ];
        for (cell, part) in cells {
            lab.execute("let x = 1;").await.good();
            let ran = lab.execute(cell).await;
            let error = ran.failed();
            assert_eq!(error.name, "process ended", "{cell}: {}", error.text);
            assert!(error.value.contains(part), "{cell}: {}", error.value);
            assert!(
                error.value.contains("variables were lost"),
                "{}",
                error.value
            );
            let ran = lab.execute("x").await;
            assert!(
                ran.failed().text.contains("ended the process"),
                "{}",
                ran.failed().text
            );
            assert_eq!(lab.execute("2 + 2").await.result(), "4");
        }
        lab.finish().await;
    });
}

#[test]
fn unfinished_code_and_a_macro_that_panics_are_errors_of_their_cell() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = 1;").await.good();
        for cell in ["let a = std::", "let a =", "fn f(", "x.", "let s = \"abc"] {
            let ran = lab.execute(cell).await;
            assert!(!ran.failed().text.is_empty(), "{cell}");
        }
        // A derive that meets what it cannot take.
        let ran = lab
            .execute("use carnet::prelude::*;\n#[derive(Record)]\nstruct P(i32);")
            .await;
        assert!(
            ran.failed().text.contains("cell ["),
            "{}",
            ran.failed().text
        );
        assert_eq!(lab.execute("x").await.result(), "1");
        lab.finish().await;
    });
}

#[test]
fn an_error_whose_text_panics_is_an_error_of_its_cell() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let x = 1;\n#[derive(Debug)] struct Bad;\nimpl std::error::Error for Bad {}\nimpl std::fmt::Display for Bad { fn fmt(&self, _: &mut std::fmt::Formatter) -> std::fmt::Result { panic!(\"no text\") } }")
            .await
            .good();
        let ran = lab.execute("Err::<u8, _>(Bad)?;").await;
        assert!(
            ran.failed()
                .text
                .contains("an error whose `Display` panics"),
            "{}",
            ran.failed().text
        );
        assert_eq!(lab.execute("x").await.result(), "1");
        lab.finish().await;
    });
}

#[test]
fn a_missing_linker_is_told_with_the_package_to_install() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let rustc = carnet_kernel::toolchain::find_rustc().unwrap();
        let environment = [("PATH", path), ("CARNET_RUSTC", rustc.to_str().unwrap())];
        let mut lab = Frontend::start_with(&environment).await;
        let ran = lab.execute("1 + 1").await;
        assert!(
            ran.failed().text.contains("apt install gcc"),
            "{}",
            ran.failed().text
        );
        lab.finish().await;
    });
}

#[test]
fn a_full_disk_is_told_with_the_folder() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        // A disk of 100 kB, in a name space of mounts that ends with the kernel.
        let mut command = Command::new("unshare");
        let script = format!("mount -t tmpfs -o size=100k tmpfs {path} && exec \"$0\" \"$@\"");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
        command.arg(crate::program());
        let mut lab = Frontend::start_by(command, &[("TMPDIR", path)]).await;
        let ran = lab
            .execute("let text = \"x\".repeat(10); println!(\"{text}\"); text.len()")
            .await;
        let text = &ran.failed().text;
        assert!(text.contains(path) && text.contains("TMPDIR"), "{text}");
        lab.finish().await;
    });
}

#[test]
fn a_last_expression_that_never_has_a_value_runs_and_a_macro_in_braces_may_have_one() {
    run(async {
        let mut lab = Frontend::start().await;
        let ran = lab
            .execute("let n = 1;\nErr(\"x\".parse::<u8>().unwrap_err())?")
            .await;
        assert!(
            ran.failed().value.contains("invalid digit"),
            "{}",
            ran.failed().value
        );
        let ran = lab.execute("loop { panic!(\"out of it\") }").await;
        assert_eq!(ran.failed().name, "panic");
        assert_eq!(lab.execute("vec! { 1, 2 }").await.result(), "[1, 2]");
        let items = "macro_rules! make { ($name:ident) => { struct $name; } }\nmake! { Made }";
        lab.execute(items).await.good();
        lab.finish().await;
    });
}
