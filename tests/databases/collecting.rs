//! The records of a collection, written to both kinds of relational store by any project.

use crate::servers::postgres;
use crate::{number, sqlite, try_execute};
use carnet::store::collection::{
    self, CollectionHost, CollectionRun, Outcome, RejectedRecord, SourceCursor, SourceResponse,
};
use carnet::store::relational::Row;
use carnet::store::{Migrations, Store, StoreError, Upserted};

fn both(check: impl Fn(&Store)) {
    let ((file, _folder), server) = (sqlite(), postgres());
    for store in [&file, &server.store] {
        store
            .migrate(&Migrations {
                sqlite: vec![collection::SQLITE].into(),
                postgres: vec![collection::POSTGRES].into(),
                ..Migrations::default()
            })
            .unwrap();
        check(store);
    }
}

fn write<R: Row>(store: &Store, row: R) -> Result<Upserted, StoreError> {
    store.block_on(async {
        let mut transaction = store.begin().await?;
        let done = transaction.upsert(&[row], |_| {}).await?;
        transaction.commit().await?;
        Ok(done)
    })
}

fn response(run: &CollectionRun) -> SourceResponse {
    let sha256 = "0123456789abcdef".repeat(4);
    SourceResponse {
        response_id: 0x1234_5678_9abc_def0,
        source: "example".into(),
        url: "https://example.org/".into(),
        final_url: "https://example.org/index".into(),
        fetched_at: run.started_at,
        status: 200,
        headers: r#"{"etag": "\"x\""}"#.into(),
        sha256,
        bytes: 5_000_000_000,
        content_type: Some("text/html".into()),
        etag: Some("\"x\"".into()),
        last_modified: None,
        run_id: run.run_id,
    }
}

#[test]
fn a_run_is_written_when_it_begins_and_again_when_it_ends() {
    both(|store| {
        let run = CollectionRun::begin("example");
        assert_eq!(write(store, run.clone()).unwrap().new, 1);
        let ended =
            CollectionRun { rows_new: 3, ..run }.end(Outcome::Stopped, Some("budget".into()));
        assert_eq!(write(store, ended.clone()).unwrap().changed, 1);
        assert_eq!(write(store, ended).unwrap().same, 1);
        assert_eq!(
            number(
                store,
                "SELECT count(*) FROM collection_run WHERE outcome = 'stopped' AND rows_new = 3 AND ended_at >= started_at"
            ),
            1
        );
    });
}

#[test]
fn what_a_run_leaves_refers_to_the_run() {
    both(|store| {
        let run = CollectionRun::begin("example");
        let error = write(store, response(&run)).unwrap_err();
        assert!(
            error.to_string().to_lowercase().contains("foreign key"),
            "{error}"
        );
        write(store, run.clone()).unwrap();
        let kept = response(&run);
        let (response_id, run_id) = (kept.response_id, run.run_id);
        write(store, kept.clone()).unwrap();
        let host = CollectionHost {
            run_id,
            host: "example.org".into(),
            requests: 2,
            bytes: 5,
            cache_hits: 1,
            retries: 1,
            waited_s: 0.25,
        };
        write(store, host).unwrap();
        let rejected = RejectedRecord {
            response_id,
            place: "line 3".into(),
            rule: "delay: a whole number".into(),
            reason: "it is \"soon\"".into(),
            raw: "UA,\"soon\"".into(),
            run_id,
        };
        write(store, rejected.clone()).unwrap();
        let later =
            CollectionRun::begin_at("example", run.started_at + chrono::TimeDelta::hours(1));
        write(store, later.clone()).unwrap();
        let again = RejectedRecord {
            run_id: later.run_id,
            ..rejected
        };
        assert_eq!(write(store, again).unwrap().same, 1);
        let cursor = SourceCursor {
            source: "example".into(),
            cursor: "2013-02".into(),
            run_id,
            moved_at: run.started_at,
        };
        assert_eq!(write(store, cursor).unwrap().new, 1);
        assert_eq!(
            number(store, "SELECT bytes FROM source_response"),
            5_000_000_000
        );
    });
}

#[test]
fn what_makes_no_sense_is_refused_by_the_tables() {
    both(|store| {
        let run = CollectionRun::begin("example");
        write(store, run.clone()).unwrap();
        let wrong: [SourceResponse; 3] = [
            SourceResponse {
                headers: "{".into(),
                ..response(&run)
            },
            SourceResponse {
                sha256: "X".repeat(64),
                ..response(&run)
            },
            SourceResponse {
                status: 7,
                ..response(&run)
            },
        ];
        for response in wrong {
            assert!(write(store, response.clone()).is_err(), "{response:?}");
        }
        let done = CollectionRun {
            outcome: "done".into(),
            ..run.clone()
        };
        assert!(write(store, done).is_err(), "a run that is done has an end");
        assert!(try_execute(store, "UPDATE collection_run SET outcome = 'odd'").is_err());
    });
}
