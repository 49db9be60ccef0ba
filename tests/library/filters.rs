//! Filters on embedded documents find what the server finds: many filters on the same documents in both.

use crate::servers::mongodb;
use bson::oid::ObjectId;
use bson::raw::RawDocumentBuf;
use bson::{Bson, DateTime, Document, doc};
use carnet::record::Record;
use carnet::store::{Migration, Migrations, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;
use std::collections::BTreeSet;

const DOCUMENTS: usize = 400;
const FILTERS: u32 = 600;

/// Indexed paths of each type that a column can have; the values do not keep to it.
const SQLITE: &[Migration] = &[Migration::new(1, "things", "CREATE TABLE document_thing (id TEXT PRIMARY KEY, body BLOB NOT NULL,
            whole INTEGER, text TEXT, real REAL, loose, \"m.t\" TEXT, \"m.n\" INTEGER, \"d.t\" REAL);
          CREATE INDEX thing_whole_text ON document_thing (whole, text);
          CREATE INDEX thing_text ON document_thing (text);
          CREATE INDEX thing_m_n ON document_thing (\"m.n\");")];

// The server differs from MongoDB in what follows, so that the paths, values and conditions below leave it out; the unit tests
// of `store::document` hold what MongoDB answers.
//
// - A document to be equal to, without `$eq`, is to the server a filter on the elements; `{}` passes everything.
// - Documents and arrays are in another order, and `$in` does not find an array that is equal as a whole.
// - NaN is above every number, and infinity equals the largest integer.
// - `$lte: null` and `$gte: null` find no null.
// - An array in an array is gone into, and is not equal to an array that is asked for.
// - An array on the way that is empty or holds something other than documents has an absent value.
// - On arrays, `$not` and `$exists: false` need one element for which they hold, and several operators at one path one
//   element that satisfies all of them; to MongoDB each operator is a condition of its own.
// - A place in an array is no name in its elements, where MongoDB finds an absent value; one beyond its end is an absent value.

/// Paths at which there is no array, nor on the way: every kind of condition is tried.
const SINGLE: &[&str] = &[
    "_id", "whole", "text", "real", "loose", "absent", "absent.b",
];
/// Paths to arrays, and through arrays of nothing but documents: absent values are looked for as well.
const ORDERLY: &[&str] = &["d", "d.t", "d.b", "d.b.c"];
/// Paths through arrays of anything, and by places in them: only values are looked for.
const THROUGH: &[&str] = &[
    "m", "m.t", "m.n", "m.u", "a", "a.b", "a.b.c", "a.0", "a.1", "a.0.b", "a.b.0", "a.b.1.c",
];

#[derive(Record)]
#[record(collection = "thing")]
#[allow(dead_code)]
struct Thing {
    #[record(path = "_id", key)]
    id: String,
}

/// A value that is neither a document nor an array, nor null.
fn scalar() -> impl Strategy<Value = Bson> + Clone {
    let whole = prop::sample::select(vec![
        -1_i64,
        0,
        1,
        2,
        3,
        10,
        (1 << 53) - 1,
        1 << 53,
        i64::MAX,
    ]);
    let real = prop::sample::select(vec![-0.5, 0.0, 1.0, 2.0, 2.5, 9_007_199_254_740_992.0]);
    let text = prop::sample::select(vec![
        "",
        "1",
        "2",
        "2.0",
        "10",
        "a",
        "ab",
        "b",
        "B",
        "\u{e9}",
        "\u{1f600}",
    ]);
    prop_oneof![
        3 => (-1..4_i32).prop_map(Bson::Int32),
        3 => whole.prop_map(Bson::Int64),
        3 => real.prop_map(Bson::Double),
        4 => text.prop_map(Bson::from),
        1 => any::<bool>().prop_map(Bson::Boolean),
        1 => (-1..3_i64).prop_map(|millis| Bson::DateTime(DateTime::from_millis(millis))),
        1 => (0..3_u8).prop_map(|byte| Bson::ObjectId(ObjectId::from_bytes([byte * 100; 12]))),
    ]
}

fn scalar_or_null() -> impl Strategy<Value = Bson> + Clone {
    prop_oneof![1 => Just(Bson::Null), 8 => scalar()]
}

/// Up to three values.
fn array(value: impl Strategy<Value = Bson>, least: usize) -> impl Strategy<Value = Bson> {
    prop::collection::vec(value, least..4).prop_map(Bson::Array)
}

/// Elements of some names, in any order.
fn document(
    names: &'static [&'static str],
    value: impl Strategy<Value = Bson>,
    least: usize,
) -> impl Strategy<Value = Bson> {
    let elements = prop::collection::vec((prop::sample::select(names), value), least..3);
    elements.prop_map(|elements| {
        let named = |(name, value): (&str, Bson)| (name.to_owned(), value);
        Bson::Document(elements.into_iter().map(named).collect())
    })
}

/// What a document holds at a path's end.
fn leaf() -> BoxedStrategy<Bson> {
    prop_oneof![3 => scalar_or_null(), 1 => array(scalar_or_null(), 0)].boxed()
}

/// Documents and arrays in each other, but no array directly in an array.
fn nested(names: &'static [&'static str]) -> BoxedStrategy<Bson> {
    let inner = || document(&["b", "c"], leaf(), 0);
    let middle = || {
        let value = prop_oneof![
            leaf(),
            inner(),
            array(prop_oneof![scalar_or_null(), inner()], 0)
        ];
        document(names, value, 0)
    };
    prop_oneof![
        1 => scalar_or_null(),
        2 => middle(),
        3 => array(prop_oneof![scalar_or_null(), middle()], 0),
    ]
    .boxed()
}

/// Documents, and arrays of nothing but documents. `t` holds no array unless it is below one.
fn orderly() -> BoxedStrategy<Bson> {
    let inner = || document(&["c"], leaf(), 0);
    let b = || prop_oneof![scalar_or_null(), inner(), array(inner(), 1)];
    let of = |t: BoxedStrategy<Bson>| {
        (prop::option::of(t), prop::option::of(b())).prop_map(|(t, b)| {
            let t = t.map(|t| ("t".to_owned(), t));
            let b = b.map(|b| ("b".to_owned(), b));
            Bson::Document(t.into_iter().chain(b).collect())
        })
    };
    prop_oneof![
        1 => scalar_or_null(),
        3 => of(scalar_or_null().boxed()),
        3 => array(of(leaf()), 1),
    ]
    .boxed()
}

/// A document in which the indexed paths end at no array, though they may be below one.
fn thing() -> impl Strategy<Value = Document> {
    let maybe = || prop::option::weighted(0.7, scalar_or_null());
    let m = prop_oneof![
        2 => document(&["t", "n"], scalar_or_null(), 0),
        3 => array(prop_oneof![scalar_or_null(), document(&["t", "n", "u"], leaf(), 0)], 0),
    ];
    let (m, d) = (
        prop::option::weighted(0.9, m),
        prop::option::weighted(0.9, orderly()),
    );
    let a = prop::option::weighted(0.9, nested(&["b", "c"]));
    (maybe(), maybe(), maybe(), maybe(), m, d, a).prop_map(|(whole, text, real, loose, m, d, a)| {
        let values = [whole, text, real, loose, m, d, a];
        let names = ["whole", "text", "real", "loose", "m", "d", "a"];
        let elements = names.into_iter().zip(values);
        elements
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    })
}

/// An operator that a value at the path must satisfy.
fn operator() -> impl Strategy<Value = Document> {
    let ordered = prop::sample::select(vec!["$gt", "$gte", "$lt", "$lte"]);
    let whole = || prop_oneof![4 => scalar(), 1 => document(&["b", "c", "t"], scalar(), 1)];
    let equal = prop_oneof![4 => whole(), 1 => array(scalar(), 1)];
    prop_oneof![
        4 => (ordered, scalar()).prop_map(|(operator, operand)| doc! { operator: operand }),
        3 => equal.prop_map(|operand| doc! { "$eq": operand }),
        2 => prop::collection::vec(whole(), 1..4).prop_map(|operands| doc! { "$in": operands }),
    ]
}

/// A condition that no absent value meets.
fn positive() -> BoxedStrategy<Bson> {
    prop_oneof![1 => scalar(), 3 => operator().prop_map(Bson::Document)].boxed()
}

/// A condition that an absent value may meet.
fn of_absent() -> BoxedStrategy<Bson> {
    let (one, list) = (["$eq", "$ne"], ["$in", "$nin"]);
    let operands = prop::collection::vec(scalar_or_null(), 1..4);
    prop_oneof![
        1 => Just(Bson::Null),
        2 => (prop::sample::select(one.to_vec()), scalar_or_null())
            .prop_map(|(operator, operand)| Bson::Document(doc! { operator: operand })),
        2 => (prop::sample::select(list.to_vec()), operands)
            .prop_map(|(operator, operands)| Bson::Document(doc! { operator: operands })),
    ]
    .boxed()
}

/// Several operators, or one that only fits where there is no array.
fn of_single() -> BoxedStrategy<Bson> {
    let operators = || {
        prop::collection::vec(operator(), 1..3)
            .prop_map(|operators| operators.into_iter().flatten().collect::<Document>())
    };
    prop_oneof![
        3 => operators().prop_map(Bson::Document),
        2 => operators().prop_map(|operators| Bson::Document(doc! { "$not": operators })),
        1 => any::<bool>().prop_map(|exists| Bson::Document(doc! { "$exists": exists })),
    ]
    .boxed()
}

fn filter() -> impl Strategy<Value = Document> {
    let single = prop_oneof![positive(), of_absent(), of_single()];
    let conditions = prop_oneof![
        (prop::sample::select(SINGLE), single),
        (
            prop::sample::select(ORDERLY),
            prop_oneof![positive(), of_absent()]
        ),
        (prop::sample::select(THROUGH), positive()),
    ];
    let plain = prop::collection::vec(conditions, 1..4)
        .prop_map(|conditions| {
            let named = |(path, condition): (&str, Bson)| (path.to_owned(), condition);
            conditions.into_iter().map(named).collect::<Document>()
        })
        .boxed();
    let branches = prop::collection::vec(plain.clone(), 1..4);
    let combined = (prop::sample::select(vec!["$and", "$or", "$nor"]), branches);
    prop_oneof![
        2 => plain.clone(),
        1 => (prop::option::of(plain), combined).prop_map(|(plain, (operator, branches))| {
            let mut filter = plain.unwrap_or_default();
            filter.insert(operator, branches);
            filter
        }),
    ]
}

fn found(store: &Store, filter: &Document) -> BTreeSet<String> {
    let loaded = store.load::<Thing>().matching(filter.clone()).run();
    let loaded = loaded.unwrap_or_else(|error| panic!("{filter}: {error}"));
    let ids = loaded.column("id").unwrap().str().unwrap();
    ids.iter().flatten().map(str::to_owned).collect()
}

fn write(store: &Store, documents: &[RawDocumentBuf]) {
    store.block_on(async {
        let mut transaction = store.begin().await.unwrap();
        transaction
            .upsert_documents("thing", documents)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    });
}

#[test]
fn a_filter_finds_the_same_documents_embedded_as_on_the_server() {
    let (server, folder) = (mongodb(), tempfile::tempdir().unwrap());
    let embedded = Store::create_file(folder.path().join("things.db")).unwrap();
    let migrations = Migrations {
        sqlite: SQLITE.into(),
        ..Migrations::default()
    };
    embedded.migrate(&migrations).unwrap();

    // The same documents and filters each time, so that no run finds what another one did not.
    let generator = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = ProptestConfig {
        cases: FILTERS,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new_with_rng(config, generator);
    let things: Vec<Document> = (0..DOCUMENTS)
        .map(|number| {
            let mut document = doc! { "_id": format!("{number:03}") };
            document.extend(thing().new_tree(&mut runner).unwrap().current());
            document
        })
        .collect();
    let raw: Vec<_> = things
        .iter()
        .map(|thing| RawDocumentBuf::try_from(thing).unwrap())
        .collect();
    write(&server.store, &raw);
    write(&embedded, &raw);

    // Filters that tell some documents from others.
    let telling = Cell::new(0);
    let outcome = runner.run(&filter(), |filter| {
        let (here, there) = (found(&embedded, &filter), found(&server.store, &filter));
        if !here.is_empty() && here.len() < DOCUMENTS {
            telling.set(telling.get() + 1);
        }
        prop_assert_eq!(here, there, "{}", filter);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(
        telling.get() > FILTERS / 3,
        "{} filters tell",
        telling.get()
    );
}
