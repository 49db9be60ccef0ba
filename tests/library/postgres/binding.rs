//! Values in a filter: bound with their column's type, and never part of a statement.

use super::{Sensor, sensors};
use crate::servers::postgres;
use carnet::frame::Param;
use carnet::record::Record;
use carnet::store::relational::{Bound, Row};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn values_of_every_kind_are_bound_with_the_columns_own_type() {
    let database = sensors();
    let load = |condition: &str, values: Vec<Param>| {
        let load = database.store.load::<Sensor>();
        load.filter(condition, values).run().unwrap().height()
    };
    let at = "2013-11-03T05:00:00.25Z".parse::<DateTime<Utc>>().unwrap();
    assert_eq!(load("code = $1", vec!["söuth".into()]), 1);
    assert_eq!(
        load("floors = $2 AND code = $1", vec!["north".into(), 3.into()]),
        1
    );
    assert_eq!(load("installed = $1", vec![at.into()]), 1);
    assert_eq!(load("installed > $1", vec![at.into()]), 0);
    assert_eq!(load("active = $1", vec![true.into()]), 2);
    assert_eq!(load("height = $1", vec![f64::NEG_INFINITY.into()]), 1);
    assert_eq!(load("price < $1", vec![0.0.into()]), 1);
    assert_eq!(load("code IS NOT DISTINCT FROM $1", vec![Param::Null]), 0);
    assert_eq!(
        load(
            "$1 = ANY ('{north,x}'::text[]) AND code = $1",
            vec!["north".into()]
        ),
        1
    );
    assert_eq!(
        load("code <> '$1' AND code = $1 -- $2", vec!["north".into()]),
        1
    );
}

#[test]
fn a_filter_that_is_more_than_a_condition_or_miscounts_its_values_is_refused() {
    let database = sensors();
    for condition in [
        "true); DROP TABLE sensor; --",
        "true\n); DELETE FROM sensor; --",
        "true) TO STDOUT; DROP TABLE sensor; --",
    ] {
        let load = database.store.load::<Sensor>();
        let error = load.filter(condition, ()).run().unwrap_err();
        assert!(error.to_string().contains("syntax error"), "{error}");
        let sql = format!("SELECT code FROM sensor WHERE ({condition}");
        let error = database.store.query(&sql, ()).run().unwrap_err();
        assert!(!error.to_string().is_empty());
    }
    let load = database.store.load::<Sensor>();
    let error = load.filter("code = $1", ["a", "b"]).run().unwrap_err();
    assert!(error.to_string().contains("2 values"), "{error}");
    assert_eq!(database.store.load::<Sensor>().run().unwrap().height(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1, ..ProptestConfig::default() })]
    /// Two hundred hostile texts: each finds exactly its own row, and the table is as before.
    #[test]
    fn no_value_can_change_what_a_statement_does(
        texts in prop::collection::vec(r#"('|"|\\|\$1|\$\$|;|--|/\*|\*/|[a-zA-Z0-9 \n\t]|E'|[é€🦀\u{202e}]|\)|\(|%s|NULL){0,12}"#, 200)
    ) {
        let database = postgres();
        database.execute("CREATE TABLE tag (code text PRIMARY KEY)");
        let texts: BTreeSet<String> = texts.into_iter().collect();
        let tags: Vec<Tag> = texts.iter().map(|code| Tag { code: code.clone() }).collect();
        database.store.block_on(async {
            let mut transaction = database.store.begin().await.unwrap();
            transaction.upsert(&tags, |_| {}).await.unwrap();
            transaction.commit().await.unwrap();
        });
        for text in &texts {
            let loaded = database.store.load::<Tag>().filter("code = $1", [text.as_str()]).run().unwrap();
            prop_assert_eq!(loaded.height(), 1);
            prop_assert_eq!(loaded.column("code").unwrap().str().unwrap().get(0), Some(text.as_str()));
        }
        prop_assert_eq!(database.number("SELECT count(*) FROM tag"), texts.len() as i64);
    }
}

#[derive(Record)]
#[record(table = "tag")]
struct Tag {
    #[record(key)]
    code: String,
}

impl Row for Tag {
    fn bind(&self, to: &mut Bound) {
        to.text(&self.code);
    }
}
