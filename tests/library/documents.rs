//! Documents into frames, and writing them: paths, filters, upserts.

use crate::world::{both, readings, upsert, world};
use bson::{doc, rawdoc};
use carnet::frame::FrameError;
use carnet::record::Record;
use carnet::store::document::Filter;
use carnet::store::{StoreError, Upserted};
use chrono::{DateTime, Utc};
use proptest::prelude::*;

#[derive(Record)]
#[record(collection = "reading")]
#[allow(dead_code)]
struct Reading {
    #[record(path = "_id", key)]
    id: String,
    station: String,
    time: DateTime<Utc>,
    #[record(path = "obs.wind.speed")]
    wind_speed: Option<f64>,
}

#[test]
fn nested_paths_become_typed_columns_with_nulls_where_nothing_is() {
    let world = world();
    assert_eq!(
        world.upsert(&readings(10)),
        Upserted {
            new: 10,
            changed: 0,
            same: 0
        }
    );
    let loaded = world
        .store
        .load::<Reading>()
        .matching(doc! { "station": "A" })
        .run()
        .unwrap();
    let wind: Vec<Option<f64>> = loaded
        .column("wind_speed")
        .unwrap()
        .f64()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(wind, [Some(0.0), Some(2.5), None, Some(6.0), Some(8.5)]);
    assert_eq!(
        loaded.report.read, 5,
        "the indexed path narrows what is read"
    );
}

#[test]
fn writing_again_changes_nothing_and_a_changed_document_is_replaced() {
    both(&readings(1_200), |store| {
        let done = |new, changed, same| Upserted { new, changed, same };
        assert_eq!(upsert(store, &readings(1_200)).unwrap(), done(0, 0, 1_200));
        let time = bson::DateTime::from_millis(5);
        let changed = [
            rawdoc! { "_id": "A/00000", "station": "C", "time": time },
            rawdoc! { "_id": "new", "station": "C", "time": time },
        ];
        assert_eq!(upsert(store, &changed).unwrap(), done(1, 1, 0));
        let load = store.load::<Reading>().matching(doc! { "station": "C" });
        assert_eq!(load.run().unwrap().height(), 2);
        let error = upsert(store, &[rawdoc! { "station": "A" }]).unwrap_err();
        assert!(
            matches!(error, StoreError::Document { position: 0, .. }),
            "{error}"
        );
    });
}

#[test]
fn a_value_that_does_not_fit_names_its_path_type_and_key() {
    let odd = [
        rawdoc! { "_id": "a", "station": 7, "time": bson::DateTime::from_millis(0) },
        rawdoc! { "_id": "b", "time": "noon", "obs": { "wind": { "speed": "strong" } } },
    ];
    both(&odd, |store| {
        let error = store.load::<Reading>().run().unwrap_err().to_string();
        for told in [
            "station: wanted text, found Int32 in 1 row, such as a",
            "station: wanted text, found nothing in 1 row, such as b",
            "time: wanted timestamp, found String in 1 row, such as b",
            "wind_speed: wanted 64-bit float, found String in 1 row, such as b",
        ] {
            assert!(error.contains(told), "{error}");
        }
        let loaded = store.load::<Reading>().misfits_as_null().run().unwrap();
        assert_eq!(loaded.report.mismatches.len(), 4);
    });
}

#[test]
fn a_path_that_is_indexed_later_is_filled_when_the_same_documents_are_written_again() {
    let world = world();
    world.upsert(&readings(10));
    world.execute("ALTER TABLE document_reading ADD COLUMN \"obs.temperature\" REAL");
    world.upsert(&readings(10));
    let filter = doc! { "obs.temperature": { "$gte": 2.0 } };
    let loaded = world
        .store
        .load::<Reading>()
        .matching(filter)
        .run()
        .unwrap();
    assert_eq!(loaded.height(), 6);
    let again = world.upsert(&readings(10));
    assert_eq!(
        again,
        Upserted {
            new: 0,
            changed: 0,
            same: 10
        }
    );
}

#[test]
fn a_double_that_a_narrow_float_cannot_hold_does_not_fit() {
    #[derive(Record)]
    #[record(collection = "reading")]
    #[allow(dead_code)]
    struct Narrow {
        #[record(path = "obs.wind.speed")]
        wind_speed: Option<f32>,
    }
    let world = world();
    world.upsert(&[rawdoc! { "_id": "x", "obs": { "wind": { "speed": 1e300 } } }]);
    let error = world.store.load::<Narrow>().run().unwrap_err().to_string();
    assert!(
        error.contains("wind_speed") && error.contains("such as x"),
        "{error}"
    );
}

#[test]
fn a_document_nests_a_hundred_levels_and_no_more() {
    let world = world();
    let nested = |levels: usize| {
        let mut inner = bson::Document::new();
        for _ in 2..levels {
            inner = doc! { "d": inner };
        }
        let whole = doc! { "_id": "x", "deep": inner };
        bson::raw::RawDocumentBuf::try_from(&whole).unwrap()
    };
    assert_eq!(upsert(&world.store, &[nested(100)]).unwrap().new, 1);
    let error = upsert(&world.store, &[nested(101)])
        .unwrap_err()
        .to_string();
    assert!(error.contains("nests deeper than 100 levels"), "{error}");
}

#[test]
fn a_filter_of_the_other_language_says_which_to_use() {
    let error = world()
        .store
        .load::<Reading>()
        .filter("station = $1", ["A"])
        .run()
        .unwrap_err();
    assert!(
        matches!(error, FrameError::WrongFilter { .. }) && error.to_string().contains(".matching("),
        "{error}"
    );
}

#[test]
fn a_missing_collection_names_those_that_exist() {
    #[derive(Record)]
    #[record(collection = "readings")]
    #[allow(dead_code)]
    struct Nowhere {
        station: String,
    }
    let error = world()
        .store
        .load::<Nowhere>()
        .run()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no collection readings; there are: reading"),
        "{error}"
    );
}

#[test]
fn a_damaged_document_is_an_error_that_names_it() {
    let world = world();
    world.upsert(&readings(2));
    world.execute("UPDATE document_reading SET body = substr(body, 1, 20) WHERE id = 'B/00001'");
    let error = world.store.load::<Reading>().run().unwrap_err().to_string();
    assert!(
        error.contains("document B/00001 of reading is damaged"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The columns beside the bodies only narrow: the answer is what trying every document gives.
    #[test]
    fn indexed_and_scanned_filters_agree(from in 0i64..60, to in 0i64..60, wind in 0i32..60, either in any::<bool>()) {
        let world = world();
        let documents = readings(60);
        world.upsert(&documents);
        let time = |hour: i64| bson::DateTime::from_millis(hour * 3_600_000);
        let range = doc! { "time": { "$gte": time(from), "$lt": time(to) }, "obs.wind.speed": { "$lte": wind } };
        let filter = if either { doc! { "$or": [range, { "station": "A", "time": time(3) }] } } else { range };
        let tried = Filter::new(&filter).unwrap();
        let expected = documents.iter().filter(|document| tried.passes(document).unwrap()).count();
        prop_assert_eq!(world.store.load::<Reading>().matching(filter).run().unwrap().height(), expected);
    }
}
