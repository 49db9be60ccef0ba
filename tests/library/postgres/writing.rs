//! Writing rows by key, and migrations.

use crate::servers::postgres;
use carnet::record::Record;
use carnet::store::relational::{Bound, Row};
use carnet::store::{Migrated, Migration, Migrations, StoreError, Upserted};

#[test]
fn writing_by_key_counts_new_changed_and_same_rows_and_a_refused_one_undoes_all() {
    let database = postgres();
    database.execute(
        "CREATE TABLE plane (tail text PRIMARY KEY, seats int4 CHECK (seats > 0), note text, CHECK (note <> 'bad'))",
    );
    #[derive(Clone, Record)]
    #[record(table = "plane")]
    struct Plane {
        #[record(key)]
        tail: String,
        seats: Option<i32>,
        note: Option<String>,
    }
    impl Row for Plane {
        fn bind(&self, to: &mut Bound) {
            to.text(&self.tail);
            to.whole_or_null(self.seats);
            to.text_or_null(self.note.as_deref());
        }
    }
    let write = |planes: &[Plane]| -> Result<Upserted, StoreError> {
        database.store.block_on(async {
            let mut transaction = database.store.begin().await?;
            let done = transaction.upsert(planes, |_| {}).await?;
            transaction.commit().await?;
            Ok(done)
        })
    };
    let plane = |tail: &str, seats, note: Option<&str>| Plane {
        tail: tail.into(),
        seats,
        note: note.map(str::to_owned),
    };
    let mut planes = vec![
        plane("N1", Some(2), Some("tab\tline\nback\\slash \\N")),
        plane("N2", None, None),
        plane("N3", Some(9), Some("")),
    ];
    let first = write(&planes).unwrap();
    assert_eq!(
        first,
        Upserted {
            new: 3,
            changed: 0,
            same: 0
        }
    );
    planes[1].seats = Some(4);
    planes.push(plane("N4", None, None));
    let second = write(&planes).unwrap();
    assert_eq!(
        second,
        Upserted {
            new: 1,
            changed: 1,
            same: 2
        }
    );
    let loaded = database
        .store
        .load::<Plane>()
        .filter("tail = $1", ["N1"])
        .run()
        .unwrap();
    assert_eq!(
        loaded.column("note").unwrap().str().unwrap().get(0),
        Some("tab\tline\nback\\slash \\N")
    );
    let error = write(&[plane("N5", None, None), plane("N6", None, Some("bad"))]).unwrap_err();
    assert!(error.to_string().contains("plane_note_check"), "{error}");
    assert_eq!(database.number("SELECT count(*) FROM plane"), 4);
}

#[test]
fn migrations_apply_once_all_or_nothing_and_a_newer_database_is_refused() {
    let database = postgres();
    let of = |version, statements| Migration::new(version, "a step", statements);
    let migrate = |migrations: &[&Migration]| {
        database.store.migrate(&Migrations {
            postgres: migrations.iter().copied().cloned().collect(),
            ..Migrations::default()
        })
    };
    let (one, two) = (
        of(1, "CREATE TABLE a (x int4)"),
        of(2, "CREATE TABLE b (x int4)"),
    );
    let broken = of(3, "CREATE TABLE c (x int4); CREATE TABLE c (x int4)");
    assert!(matches!(
        migrate(&[&one, &two, &broken]).unwrap_err(),
        StoreError::Migration { version: 3, .. }
    ));
    assert_eq!(
        migrate(&[&one]).unwrap(),
        Migrated {
            applied: 1,
            version: 1,
            ..Migrated::default()
        }
    );
    assert_eq!(
        migrate(&[&one, &two]).unwrap(),
        Migrated {
            applied: 1,
            version: 2,
            ..Migrated::default()
        }
    );
    assert_eq!(
        migrate(&[&one, &two]).unwrap(),
        Migrated {
            applied: 0,
            version: 2,
            ..Migrated::default()
        }
    );
    assert!(matches!(
        migrate(&[&one]).unwrap_err(),
        StoreError::Newer {
            found: 2,
            known: 1,
            ..
        }
    ));
    let edited = of(1, "CREATE TABLE other (x int4)");
    assert!(matches!(
        migrate(&[&edited, &two]).unwrap_err(),
        StoreError::Changed { version: 1, .. }
    ));
}
