//! Lines that begin with a colon: crates outside the toolkit, and commands.

use crate::frontend::{Frontend, Shown, run};

/// A crate in a folder of its own.
pub(crate) fn write_crate(folder: &std::path::Path, name: &str, dependencies: &str, source: &str) {
    let folder = folder.join(name);
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n"
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(folder.join("src").join("lib.rs"), source).unwrap();
}

#[test]
fn crates_outside_the_toolkit_are_built_once_and_used_by_later_cells() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        write_crate(at, "shared-part", "", "pub fn seven() -> u32 { 7 }");
        let part = "shared-part = { path = \"../shared-part\" }";
        write_crate(
            at,
            "first-crate",
            part,
            "#[derive(Debug, Clone)]\npub struct Wrapped(pub u32);\npub fn wrap() -> Wrapped { Wrapped(shared_part::seven()) }",
        );
        write_crate(
            at,
            "second-crate",
            // A library may have another name than its package.
            &format!("{part}\n\n[lib]\nname = \"doubled\""),
            "pub fn fourteen() -> u32 { 2 * shared_part::seven() }",
        );
        let cache = at.join("cache");
        let environment = [
            ("XDG_CACHE_HOME", cache.to_str().unwrap()),
            ("CARGO_NET_OFFLINE", "true"),
        ];
        let mut lab = Frontend::start_with(&environment).await;
        let dep = |name: &str| {
            format!(
                ":dep {name} = {{ path = \"{}\" }}\n",
                at.join(name).display()
            )
        };
        let ran = lab
            .execute(&format!(
                "{}use first_crate::wrap;\nlet wrapped = wrap();",
                dep("first-crate")
            ))
            .await;
        assert!(
            matches!(ran.good().shown.last(), Some(Shown::Update(_, text)) if text.contains("kept for the next time")),
            "{:?}",
            ran.shown
        );
        assert!(
            matches!(ran.shown.first(), Some(Shown::Display(text)) if text == "`first-crate`: asking cargo"),
            "{:?}",
            ran.shown
        );
        assert_eq!(lab.execute("wrapped.0").await.result(), "7");
        // Another crate, which shares a part with the first, beside values of the first.
        let ran = lab
            .execute(&format!(
                "{}let sum = wrapped.0 + doubled::fourteen();\n(sum, first_crate::wrap())",
                dep("second-crate")
            ))
            .await;
        assert!(
            matches!(ran.good().shown.last(), Some(Shown::Result(text)) if text == "(21, Wrapped(7))"),
            "{:?}",
            ran.shown
        );
        let ran = lab.execute(":show_deps").await;
        assert!(ran.stdout().contains("second-crate"), "{}", ran.stdout());
        let ran = lab.execute(":dep nosuch-crate = \"1\"").await;
        let error = ran.failed();
        assert!(
            error.value.contains("`nosuch-crate` could not be built")
                && error.text.contains("error"),
            "{}",
            error.text
        );
        assert_eq!(lab.execute("wrapped").await.result(), "Wrapped(7)");
        // A crate of two that is asked for again leaves the other one there; `:clear` forgets both and takes new ones.
        lab.execute(&format!("{}{}", dep("first-crate"), dep("second-crate")))
            .await
            .good();
        lab.execute(&dep("second-crate")).await.good();
        let both = "(first_crate::wrap().0, doubled::fourteen())";
        assert_eq!(lab.execute(both).await.result(), "(7, 14)");
        let ran = lab
            .execute(&format!(
                ":clear\n{}first_crate::wrap()",
                dep("first-crate")
            ))
            .await;
        assert!(
            matches!(ran.good().shown.last(), Some(Shown::Result(text)) if text == "Wrapped(7)"),
            "{:?}",
            ran.shown
        );
        lab.finish().await;
    });
}

#[test]
fn commands_answer_and_those_without_effect_say_so() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let mut x = vec![1_u8]; struct P;")
            .await
            .good();
        let ran = lab.execute(":vars").await;
        assert!(
            matches!(&ran.good().shown[..], [Shown::Display(text)] if text.contains("mut x: std::vec::Vec<u8>  (cell [1])")),
            "{:?}",
            ran.shown
        );
        for (command, part) in [
            (":type x.len()", "usize"),
            (":t x", "std::vec::Vec<u8>"),
            (":opt 1", "optimisation level 1"),
            (":help", ":last_compile_dir"),
            (":version", "rustc 1."),
            (":sccache 1", "kept without it"),
            (":preserve_vars_on_panic 1", "always survive"),
            (":last_compile_dir", "carnet-kernel-"),
            (":env CARNET_TEST=1", "starts next"),
        ] {
            let ran = lab.execute(command).await;
            assert!(ran.stdout().contains(part), "{command}: {}", ran.stdout());
        }
        // With code below, and at the level asked for.
        assert_eq!(lab.execute(":vars\nx.len()").await.result(), "1");
        let ran = lab.execute(":timing\nlet y = 1;").await;
        assert!(ran.stdout().contains("(compiled in "), "{}", ran.stdout());
        lab.execute(":timing").await.good();
        lab.execute("let wrong: u8 = \"\";").await.failed();
        assert!(lab.execute(":explain").await.stdout().contains("type"));
        assert!(
            lab.execute(":last_error_json")
                .await
                .stdout()
                .contains("E0308")
        );
        let ran = lab.execute(":type nosuch").await;
        assert_eq!(ran.failed().name, "E0425");
        let ran = lab
            .execute(":restart\nstd::env::var(\"CARNET_TEST\")?")
            .await;
        assert_eq!(ran.result(), "\"1\"");
        let ran = lab.execute("x").await;
        assert!(
            ran.failed().text.contains("the process was restarted"),
            "{}",
            ran.failed().text
        );
        lab.execute("let z = 1;").await.good();
        assert!(lab.execute(":clear").await.stdout().contains("forgotten"));
        assert_eq!(lab.execute("z").await.failed().name, "E0425");
        assert_eq!(lab.execute("1 + 1").await.result(), "2");
        let ran = lab.execute(":varz").await;
        assert!(
            ran.failed().value.contains("Did you mean `:vars`?"),
            "{}",
            ran.failed().value
        );
        lab.finish().await;
    });
}

#[test]
fn a_crate_in_a_folder_that_was_edited_is_asked_for_again_as_it_is_now() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let cache = at.join("cache");
        let environment = [
            ("XDG_CACHE_HOME", cache.to_str().unwrap()),
            ("CARGO_NET_OFFLINE", "true"),
        ];
        let mut lab = Frontend::start_with(&environment).await;
        let line = format!(
            ":dep edited = {{ path = \"{}\" }}\n",
            at.join("edited").display()
        );
        for value in [1, 2, 1] {
            let code =
                format!("pub fn value() -> u32 {{ inner() }}\npub fn inner() -> u32 {{ {value} }}");
            write_crate(at, "edited", "", &code);
            let ran = lab.execute(&format!("{line}edited::value()")).await;
            assert!(
                matches!(ran.good().shown.last(), Some(Shown::Result(text)) if *text == value.to_string()),
                "{value}: {:?}",
                ran.shown
            );
        }
        lab.finish().await;
    });
}

#[test]
fn what_there_is_of_a_crate_that_is_asked_for_anew_is_not_mistaken_for_the_new_one() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let cache = at.join("cache");
        let environment = [
            ("XDG_CACHE_HOME", cache.to_str().unwrap()),
            ("CARGO_NET_OFFLINE", "true"),
        ];
        let mut lab = Frontend::start_with(&environment).await;
        let line = format!(
            ":dep mine = {{ path = \"{}\" }}\n",
            at.join("mine").display()
        );
        let source = |inner: &str, make: &str| {
            format!("pub struct T(pub {inner});\npub fn make() -> T {{ T({make}) }}")
        };
        write_crate(at, "mine", "", &source("u64", "7"));
        lab.execute(&format!(
            "{line}use mine::T;\nstruct P {{ t: T }}\nlet p = P {{ t: mine::make() }};\nlet t = mine::make();"
        ))
        .await
        .good();
        write_crate(at, "mine", "", &source("Box<u8>", "Box::new(1)"));
        lab.execute(&line).await.good();
        // Of the same size, and no pointer.
        let ran = lab
            .execute("impl P { fn inner(&self) -> u8 { *self.t.0 } }\np.inner()")
            .await;
        assert!(
            ran.failed().value.contains("would not mean what it meant"),
            "{}",
            ran.failed().value
        );
        let ran = lab.execute("t.0").await;
        assert!(
            ran.failed().text.contains("as it was before"),
            "{}",
            ran.failed().text
        );
        // What was made of the old one is still what it was.
        assert_eq!(lab.execute("p.t.0").await.result(), "7");
        assert_eq!(lab.execute("*mine::make().0").await.result(), "1");
        lab.finish().await;
    });
}
