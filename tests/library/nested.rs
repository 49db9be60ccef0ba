//! Subdocuments, lists, decimals and bytes of documents, the same from both document stores.

use crate::servers::mongodb;
use crate::world::both;
use bson::{Bson, doc};
use carnet::record::{Decimal, Record};

#[derive(Record)]
#[allow(dead_code)]
struct Wind {
    speed: Option<f64>,
    #[record(path = "from.degrees")]
    direction: i32,
}

#[derive(Record)]
#[record(collection = "reading")]
#[allow(dead_code)]
struct Reading {
    #[record(path = "_id", key)]
    id: String,
    price: Option<Decimal<2>>,
    body: Option<Vec<u8>>,
    wind: Option<Wind>,
    gusts: Option<Vec<Wind>>,
    tags: Option<Vec<Option<String>>>,
}

fn documents() -> Vec<bson::raw::RawDocumentBuf> {
    let decimal = |text: &str| Bson::Decimal128(text.parse().unwrap());
    let bytes = Bson::Binary(bson::Binary {
        subtype: bson::spec::BinarySubtype::Generic,
        bytes: vec![0, 255],
    });
    [
        doc! { "_id": "a", "price": decimal("12.3"), "body": bytes, "tags": ["x", null, "y"], "extra": 1,
        "wind": { "speed": 1.5, "from": { "degrees": 90 }, "note": "calm" },
        "gusts": [{ "from": { "degrees": 1 } }, { "speed": 2, "from": { "degrees": 2 } }] },
        doc! { "_id": "b", "price": 7, "wind": null, "gusts": [], "tags": [] },
        doc! { "_id": "c" },
    ]
    .iter()
    .map(|document| document.try_into().unwrap())
    .collect()
}

#[test]
fn subdocuments_are_structs_and_arrays_are_lists() {
    both(&documents(), |store| {
        let loaded = store.load::<Reading>().sort("id").run().unwrap();
        let text =
            |column: &str, row: usize| loaded.column(column).unwrap().get(row).unwrap().to_string();
        assert_eq!(
            (text("price", 0), text("price", 1)),
            ("12.30".into(), "7.00".into())
        );
        let bodies = loaded.column("body").unwrap().binary().unwrap();
        assert_eq!(bodies.get(0), Some(&[0, 255][..]));
        let speeds = loaded
            .column("wind")
            .unwrap()
            .struct_()
            .unwrap()
            .field_by_name("speed")
            .unwrap();
        assert_eq!(speeds.f64().unwrap().get(0), Some(1.5));
        assert_eq!(loaded.column("wind").unwrap().null_count(), 2);
        let gusts = loaded.column("gusts").unwrap().list().unwrap();
        let first = gusts.get_as_series(0).unwrap();
        let degrees = first.struct_().unwrap().field_by_name("direction").unwrap();
        assert_eq!(
            degrees.i32().unwrap().iter().collect::<Vec<_>>(),
            [Some(1), Some(2)]
        );
        assert_eq!(gusts.get_as_series(1).unwrap().len(), 0);
        let tags = loaded
            .column("tags")
            .unwrap()
            .list()
            .unwrap()
            .get_as_series(0)
            .unwrap();
        assert_eq!((tags.len(), tags.null_count()), (3, 1));
        let wind = &loaded.report.columns[3];
        assert_eq!(
            (wind.nulls, wind.missing),
            (2, 1),
            "a null is told from nothing"
        );
    });
}

#[test]
fn fields_that_the_record_does_not_name_are_reported() {
    both(&documents(), |store| {
        let report = store.load::<Reading>().run().unwrap().report;
        assert_eq!(
            report.unnamed.iter().collect::<Vec<_>>(),
            [(&"extra".to_owned(), &1)]
        );
        let narrowed = store.load::<Reading>().columns(["id"]).run().unwrap();
        assert_eq!(narrowed.report.unnamed, report.unnamed);
        let text = report.to_string();
        assert!(text.contains("not in the record: extra"), "{text}");
    });
}

#[test]
fn what_does_not_fit_within_a_subdocument_or_a_list_is_named_by_its_own_path() {
    let mut odd = documents();
    odd.push((&doc! { "_id": "d", "price": 1.25, "wind": { "speed": "high" }, "gusts": [1], "tags": ["x", 2] }).try_into().unwrap());
    both(&odd, |store| {
        let error = store.load::<Reading>().run().unwrap_err().to_string();
        for told in [
            "price: wanted decimal with 2 places, found Double in 1 row, such as d",
            "wind.speed: wanted 64-bit float, found String in 1 row, such as d",
            "wind.direction: wanted 32-bit integer, found nothing in 1 row, such as d",
            "gusts: wanted struct of speed, direction, found Int32 in a list in 1 row, such as d",
            "tags: wanted text, found Int32 in a list in 1 row, such as d",
        ] {
            assert!(error.contains(told), "{error}");
        }
        let loaded = store
            .load::<Reading>()
            .misfits_as_null()
            .sort("id")
            .run()
            .unwrap();
        assert_eq!((loaded.height(), loaded.report.mismatches.len()), (4, 5));
    });
}

#[test]
fn both_stores_sort_and_limit_alike() {
    both(&documents(), |store| {
        let ids = |load: carnet::frame::Load<Reading>| -> Vec<String> {
            let loaded = load.columns(["id"]).run().unwrap();
            let ids = loaded.column("id").unwrap().str().unwrap().clone();
            ids.iter().map(|id| id.unwrap().to_owned()).collect()
        };
        assert_eq!(ids(store.load().sort_descending("id")), ["c", "b", "a"]);
        assert_eq!(ids(store.load().sort("price").limit(2)), ["c", "b"]);
        assert_eq!(ids(store.load().sort_descending("price").limit(1)), ["a"]);
        let filtered = store.load().matching(doc! { "price": { "$exists": true } });
        let twice = filtered.clone().matching(doc! { "price": 7 });
        assert_eq!(ids(twice), ["b"]);
        assert_eq!(ids(filtered.sort("id")), ["a", "b"]);
    });
}

#[test]
fn stages_make_documents_on_the_server_and_the_embedded_store_says_that_it_has_none() {
    #[derive(Record)]
    #[record(collection = "reading")]
    #[allow(dead_code)]
    struct Tag {
        #[record(path = "_id", key)]
        tag: Option<String>,
        readings: i64,
    }
    let stages = [
        doc! { "$unwind": "$tags" },
        doc! { "$group": { "_id": "$tags", "readings": { "$sum": 1 } } },
        doc! { "$sort": { "_id": 1 } },
    ];
    both(&documents(), |store| {
        let loaded = store.load::<Tag>().pipeline(stages.clone()).run();
        let writing = store
            .load::<Tag>()
            .pipeline([doc! { "$out": "reading" }])
            .run();
        assert!(writing.unwrap_err().to_string().contains("does not write"));
        if store.mongodb().is_some() {
            let loaded = loaded.unwrap();
            let tags: Vec<_> = loaded
                .column("tag")
                .unwrap()
                .str()
                .unwrap()
                .iter()
                .collect();
            assert_eq!(tags, [None, Some("x"), Some("y")]);
            assert!(
                loaded.report.query.starts_with("aggregate [{"),
                "{}",
                loaded.report.query
            );
        } else {
            let error = loaded.unwrap_err().to_string();
            assert!(error.contains("no aggregation pipelines"), "{error}");
        }
    });
}

#[test]
fn partitions_by_id_have_each_document_once_whatever_its_key_is() {
    #[derive(Record)]
    #[record(collection = "reading")]
    #[allow(dead_code)]
    struct Numbered {
        n: i32,
    }
    let server = mongodb();
    let collection = server
        .store
        .mongodb()
        .unwrap()
        .collection::<bson::Document>("reading");
    let documents: Vec<bson::Document> = (0..1_000)
        .map(|n| match n % 3 {
            0 => doc! { "_id": n, "n": n },
            1 => doc! { "_id": format!("key {n:04}"), "n": n },
            _ => doc! { "n": n },
        })
        .collect();
    let insert = collection.insert_many(&documents);
    server.store.block_on(insert.into_future()).unwrap();
    let whole = server.store.load::<Numbered>().run().unwrap();
    for readers in [2, 5] {
        let loaded = server
            .store
            .load::<Numbered>()
            .partition_by("_id", readers)
            .run()
            .unwrap();
        assert_eq!(loaded.height(), 1_000);
        assert_eq!(loaded.report.hash(), whole.report.hash());
        assert_eq!(loaded.report.query, whole.report.query);
    }
    let filter = doc! { "n": { "$lt": 100 } };
    let load = server
        .store
        .load::<Numbered>()
        .matching(filter)
        .partition_by("_id", 3);
    assert_eq!(load.run().unwrap().height(), 100);
    let mut batches = server
        .store
        .load::<Numbered>()
        .partition_by("_id", 2)
        .batches(64);
    assert_eq!(
        batches
            .by_ref()
            .map(|frame| frame.unwrap().height())
            .sum::<usize>(),
        1_000
    );
    assert_eq!(batches.report().unwrap().hash(), whole.report.hash());
}
