//! Completion and inspection, by the session and by rust-analyzer.

use std::time::Duration;

use jupyter_protocol::{CompleteRequest, InspectRequest, JupyterMessageContent};

use crate::frontend::{Frontend, run};
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

async fn inspect(lab: &mut Frontend, code: &str, cursor_pos: usize) -> String {
    let asked = InspectRequest {
        code: code.to_owned(),
        cursor_pos,
        detail_level: Some(0),
    };
    match ask(lab, asked).await {
        JupyterMessageContent::InspectReply(reply) => format!("{:?}", reply.data),
        other => panic!("{other:?}"),
    }
}

#[test]
fn methods_fields_and_columns_are_completed() {
    run(async {
        let mut lab = Frontend::start().await;
        lab.execute("use carnet::prelude::*;\n/// A flight.\nstruct Flight { carrier: String, delay: f64 }\nimpl Flight { fn is_late(&self) -> bool { self.delay >= 15.0 } }")
            .await
            .good();
        lab.execute("let df = df!(\"carrier\" => [\"UA\"], \"arrival_delay\" => [3.0])?;\nlet flight = Flight { carrier: \"UA\".to_owned(), delay: 3.0 };")
            .await
            .good();
        // What the session knows is there at once.
        assert_eq!(complete(&mut lab, "let x = fli").await, ["flight"]);
        assert_eq!(
            complete(&mut lab, "df.column(\"arr").await,
            ["arrival_delay"]
        );
        assert_eq!(
            complete(&mut lab, "df.clone().lazy().select([col(\"").await,
            ["arrival_delay", "carrier"]
        );
        assert_eq!(complete(&mut lab, ":va").await, [":vars"]);
        // What rust-analyzer knows comes when it has read the sources.
        let found = complete_with(&mut lab, "let é = 1;\ndf.he", "head").await;
        assert!(found.iter().any(|name| name == "height"), "{found:?}");
        let found = complete_with(&mut lab, "flight.", "is_late").await;
        assert!(
            found.iter().any(|name| name == "carrier") && found.iter().any(|name| name == "delay"),
            "{found:?}"
        );
        complete_with(
            &mut lab,
            "let late = df.clone().lazy().filter(col(\"x\").gt_",
            "gt_eq",
        )
        .await;
        let about = inspect(&mut lab, "df.height()", 5).await;
        assert!(about.contains("fn height(&self) -> usize"), "{about}");
        let about = inspect(&mut lab, "flight", 3).await;
        assert!(
            about.contains("of cell [2]") && about.contains("Markdown("),
            "{about}"
        );
        let about = inspect(&mut lab, "df", 1).await;
        assert!(
            about.contains("2 columns: `carrier`, `arrival_delay`"),
            "{about}"
        );
        lab.finish().await;
    });
}

#[test]
fn without_rust_analyzer_the_sessions_own_names_are_completed() {
    run(async {
        let environment = [("CARNET_RUST_ANALYZER", "/nonexistent")];
        let mut lab = Frontend::start_with(&environment).await;
        lab.execute("let number = 1; fn number_of() {}")
            .await
            .good();
        assert_eq!(complete(&mut lab, "num").await, ["number", "number_of"]);
        assert_eq!(complete(&mut lab, "number.").await, Vec::<String>::new());
        let about = inspect(&mut lab, "number", 2).await;
        assert!(about.contains("let number: i32"), "{about}");
        lab.finish().await;
    });
}
