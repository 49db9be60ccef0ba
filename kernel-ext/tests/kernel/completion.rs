//! Completion and inspection, by the session and by rust-analyzer.

use std::time::Duration;

use jupyter_protocol::{CompleteRequest, InspectRequest, JupyterMessageContent, MediaType};

use crate::directives::write_crate;
use crate::frontend::{Frontend, Shown, run};
use crate::requests::ask;

/// The candidates at the end of the code.
async fn complete(lab: &mut Frontend, code: &str) -> Vec<String> {
    let asked = CompleteRequest {
        code: code.to_owned(),
        cursor_pos: code.chars().count(),
    };
    match ask(lab, asked).await {
        JupyterMessageContent::CompleteReply(reply) => {
            assert!(reply.cursor_start <= reply.cursor_end, "{reply:?}");
            reply.matches
        }
        other => panic!("{other:?}"),
    }
}

/// The candidates, when the sources have been read so far that this one is among them.
async fn complete_with(lab: &mut Frontend, code: &str, wanted: &str) -> Vec<String> {
    loop {
        let found = complete(lab, code).await;
        if found.iter().any(|found| found == wanted) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What is said of the name there, as Markdown; empty when nothing is.
async fn inspect(lab: &mut Frontend, code: &str, cursor_pos: usize, detail: usize) -> String {
    let asked = InspectRequest {
        code: code.to_owned(),
        cursor_pos,
        detail_level: Some(detail),
    };
    match ask(lab, asked).await {
        JupyterMessageContent::InspectReply(reply) => {
            let markdown = |media: &MediaType| match media {
                MediaType::Markdown(text) => Some(text.clone()),
                _ => None,
            };
            assert_eq!(reply.found, !reply.data.content.is_empty());
            reply
                .data
                .content
                .iter()
                .find_map(markdown)
                .unwrap_or_default()
        }
        other => panic!("{other:?}"),
    }
}

const RECORD: &str = "use carnet::prelude::*;\n/// A flight.\n#[derive(Debug, Record)]\n#[record(table = \"flight\")]\nstruct Flight { \
                      #[record(key)] id: i64, carrier: String, #[record(path = \"arr_delay\")] arrival_delay: Option<f64> }\nimpl Flight {\n\
                      /// Whether it comes 15 minutes late or more.\nfn is_late(&self) -> bool { self.arrival_delay >= Some(15.0) } }";
const FRAME: &str = "let df = df!(\"carrier\" => [\"UA\"], \"arrival_delay\" => [3.0])?;\nlet flight = Flight { id: 1, carrier: \
                     \"UA\".to_owned(), arrival_delay: None };";

#[test]
fn methods_fields_and_what_is_derived_are_completed_and_described() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute(RECORD).await.good();
        lab.execute(FRAME).await.good();
        assert_eq!(
            analysers(&lab),
            Vec::<i32>::new(),
            "none is started before it is asked for"
        );
        // What the session knows is there while the sources are read.
        assert_eq!(
            complete(&mut lab, "let x = fli").await,
            ["flight", "Flight"]
        );
        assert_eq!(complete(&mut lab, "Fli").await, ["Flight", "flight"]);
        // Code that does not parse is completed all the same.
        let found = complete_with(&mut lab, "let é = 1;\ndf.he", "head").await;
        assert!(found.iter().any(|name| name == "height"), "{found:?}");
        let found = complete_with(&mut lab, "flight.", "is_late").await;
        for name in ["id", "carrier", "arrival_delay"] {
            assert!(found.iter().any(|found| found == name), "{found:?}");
        }
        complete_with(&mut lab, "Flight::sch", "schema").await;
        let lazy = "let late = df.clone().lazy().filter(col(\"x\").gt_";
        complete_with(&mut lab, lazy, "gt_eq").await;
        complete_with(
            &mut lab,
            "for each in [1] { let own_name = each; own_n",
            "own_name",
        )
        .await;
        // Variables of the notebook come first, before what the toolkit brings.
        let found = complete_with(&mut lab, "d", "df!").await;
        assert_eq!(found.first().map(String::as_str), Some("df"), "{found:?}");
        assert_eq!(found.iter().filter(|name| *name == "df").count(), 1);
        assert!(!found.iter().any(|name| name.contains('$')), "{found:?}");

        let about = inspect(&mut lab, "df.height()", 5, 0).await;
        assert!(about.contains("fn height(&self) -> usize"), "{about}");
        let about = inspect(&mut lab, "df.head()", 8, 0).await;
        assert!(
            about.contains("fn head(&self, length: Option<usize>)"),
            "{about}"
        );
        let about = inspect(&mut lab, "flight.is_late()", 9, 0).await;
        assert!(
            about.contains("Whether it comes 15 minutes late or more."),
            "{about}"
        );
        assert!(!about.contains("Some(15.0)"), "{about}");
        let about = inspect(&mut lab, "flight.is_late()", 9, 1).await;
        assert!(
            about.contains("self.arrival_delay >= Some(15.0)"),
            "{about}"
        );
        let about = inspect(&mut lab, "df", 1, 0).await;
        for part in ["let df: DataFrame", "cell [2]", "| arrival_delay | f64 |"] {
            assert!(about.contains(part), "{about}");
        }
        let about = inspect(&mut lab, "let df = 1;\ndf", 13, 0).await;
        assert!(
            about.contains("let df: i32") && !about.contains("cell [2]"),
            "{about}"
        );

        // What a cell adds is there at once; what it moves away is not.
        lab.execute("let other = flight; macro_rules! twice { ($x:expr) => { $x * 2 } }")
            .await
            .good();
        complete_with(&mut lab, "other.is_l", "is_late").await;
        assert!(
            complete(&mut lab, "twi")
                .await
                .iter()
                .any(|name| name.starts_with("twice"))
        );
        assert_eq!(
            complete(&mut lab, "flight.is_l").await,
            Vec::<String>::new()
        );
        lab.finish().await;
    });
}

#[test]
fn columns_and_commands_are_completed_without_rust_analyzer() {
    run(async {
        let environment = [("CARNET_RUST_ANALYZER", "/nonexistent")];
        let mut lab = Frontend::start_with(&environment).await;
        lab.execute(RECORD).await.good();
        lab.execute(FRAME).await.good();
        // The columns of a frame are its own.
        assert_eq!(
            complete(&mut lab, "df.column(\"arr").await,
            ["arrival_delay"]
        );
        assert_eq!(
            complete(&mut lab, "df[\"").await,
            ["carrier", "arrival_delay"]
        );
        let nested = "df.clone().lazy().select([col(\"carrier\"), col(\"";
        assert_eq!(
            complete(&mut lab, nested).await,
            ["carrier", "arrival_delay"]
        );
        // Those of a load are the record's, and where they are stored.
        let loaded = "let flights = store.load::<Flight>().run()?;\nflights.column(\"";
        assert_eq!(
            complete(&mut lab, loaded).await,
            ["id", "carrier", "arrival_delay", "arr_delay"]
        );
        let filter = "store.load::<Flight>().filter(\"id > 3 and arr_";
        assert_eq!(complete(&mut lab, filter).await, ["arr_delay"]);
        assert_eq!(
            complete(&mut lab, "println!(\"car").await,
            Vec::<String>::new()
        );
        // A frame that is changed in place has its new columns.
        lab.execute(
            "let mut grown = df.clone(); let _ = grown.rename(\"carrier\", \"airline\".into())?;",
        )
        .await
        .good();
        assert_eq!(
            complete(&mut lab, "grown.column(\"a").await,
            ["airline", "arrival_delay"]
        );
        lab.execute("let _ = grown.rename(\"airline\", \"line\".into())?;")
            .await
            .good();
        assert_eq!(complete(&mut lab, "grown.column(\"l").await, ["line"]);

        assert_eq!(complete(&mut lab, ":va").await, [":vars"]);
        assert!(complete(&mut lab, ":").await.contains(&":dep".to_owned()));
        let about = inspect(&mut lab, ":timing", 3, 0).await;
        assert!(about.contains("how long it compiled"), "{about}");
        let about = inspect(&mut lab, "df.column(\"carrier\")", 13, 0).await;
        assert!(
            about.contains("carrier: str") && about.contains("`df`"),
            "{about}"
        );
        lab.finish().await;
    });
}

#[test]
fn without_rust_analyzer_the_notebooks_own_names_are_completed_and_the_remedy_is_told() {
    run(async {
        let environment = [("CARNET_RUST_ANALYZER", "/nonexistent")];
        let mut lab = Frontend::start_with(&environment).await;
        lab.execute("let number = 1; fn number_of() {}")
            .await
            .good();
        assert_eq!(complete(&mut lab, "num").await, ["number", "number_of"]);
        assert_eq!(complete(&mut lab, "number.").await, Vec::<String>::new());
        let about = inspect(&mut lab, "number", 2, 0).await;
        assert!(about.contains("let number: i32"), "{about}");
        let remedy = "rustup component add rust-analyzer rust-src";
        let about = inspect(&mut lab, "number.pow", 9, 0).await;
        assert!(about.contains(remedy), "{about}");
        // Once, in the next cell.
        let ran = lab.execute("2").await;
        assert!(
            matches!(&ran.good().shown[..], [Shown::Stderr(text), Shown::Result(_)] if text.contains(remedy)),
            "{ran:?}"
        );
        assert_eq!(complete(&mut lab, "num").await, ["number", "number_of"]);
        let ran = lab.execute("2").await;
        assert_eq!(ran.good().shown, [Shown::Result("2".to_owned())]);
        lab.finish().await;
    });
}

#[test]
fn a_rust_analyzer_that_dies_is_started_again_and_one_that_lives_ends_with_the_kernel() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("let text = String::from(\"a\");").await.good();
        complete_with(&mut lab, "text.as_s", "as_str").await;
        let [first] = analysers(&lab)[..] else {
            panic!("one process was expected: {:?}", analysers(&lab));
        };
        // SAFETY: a system call without pointers, on a process of this test's own kernel.
        unsafe { libc::kill(first, libc::SIGKILL) };
        while analysers(&lab).contains(&first) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(complete(&mut lab, "tex").await, ["text"]);
        let ran = lab.execute("text.len()").await;
        assert!(
            matches!(&ran.good().shown[..], [Shown::Stderr(text), Shown::Result(_)] if text.contains("started again")),
            "{ran:?}"
        );
        complete_with(&mut lab, "text.as_s", "as_str").await;
        let [second] = analysers(&lab)[..] else {
            panic!("one process was expected: {:?}", analysers(&lab));
        };
        lab.finish().await;
        while std::path::Path::new(&format!("/proc/{second}/exe")).exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

#[test]
fn crates_outside_the_toolkit_are_completed_once_they_are_asked_for() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let source = "/// So many seas.\npub fn seven() -> u32 { 7 }";
        write_crate(folder.path(), "seas", "", source);
        let cache = folder.path().join("cache");
        let environment = [
            ("XDG_CACHE_HOME", cache.to_str().unwrap()),
            ("CARGO_NET_OFFLINE", "true"),
        ];
        let mut lab = Frontend::start_with(&environment).await;
        // A rust-analyzer that runs already learns of them too.
        lab.execute("let number = 1;").await.good();
        complete_with(&mut lab, "number.po", "pow").await;
        let at = folder.path().join("seas");
        lab.execute(&format!(
            ":dep seas = {{ path = \"{}\" }}\nlet sum = seas::seven();",
            at.display()
        ))
        .await
        .good();
        complete_with(&mut lab, "seas::se", "seven").await;
        let about = inspect(&mut lab, "seas::seven()", 8, 0).await;
        assert!(about.contains("So many seas."), "{about}");
        complete_with(&mut lab, "number.po", "pow").await;
        lab.finish().await;
    });
}

/// The processes of rust-analyzer that this kernel has started.
fn analysers(lab: &Frontend) -> Vec<i32> {
    let kernel = lab.kernel.id().unwrap_or_default().to_string();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_one = |id: &i32| {
        let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let Some((name, rest)) = status.rsplit_once(')') else {
            return false;
        };
        let mut fields = rest.split_whitespace();
        let (state, parent) = (fields.next(), fields.next());
        name.ends_with("(rust-analyzer") && state != Some("Z") && parent == Some(&kernel)
    };
    ids.filter(is_one).collect()
}
