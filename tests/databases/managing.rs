//! Making and dropping whole databases by URL.

use crate::servers::{mongodb, postgres};
use carnet::store::{Databases, MadeBy, StoreError};

fn names(made: Vec<carnet::store::Made>) -> Vec<(String, bool)> {
    made.into_iter()
        .map(|one| (one.database.name, one.by == MadeBy::This))
        .collect()
}

#[test]
fn a_file_is_made_once_and_dropped_by_its_name_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/my.db");
    let databases = Databases::at(Some(&format!("sqlite:{}", path.display())), None).unwrap();
    assert!(matches!(
        databases.open().unwrap_err(),
        StoreError::NoFile { .. }
    ));
    assert_eq!(
        names(databases.create().unwrap()),
        [("my.db".to_owned(), true)]
    );
    assert_eq!(
        names(databases.create().unwrap()),
        [("my.db".to_owned(), false)]
    );
    databases.open().unwrap();
    let error = databases.drop(&["other.db".to_owned()]).unwrap_err();
    assert!(error.to_string().contains("there are my.db"), "{error}");
    assert!(path.exists());
    databases.drop(&["my.db".to_owned()]).unwrap();
    assert_eq!(
        std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
        0
    );
    let error = databases.drop(&["my.db".to_owned()]).unwrap_err();
    assert!(matches!(error, StoreError::NoFile { .. }), "{error}");
}

#[test]
fn databases_on_servers_are_made_once_and_dropped_by_their_names() {
    let (tables, documents) = (postgres(), mongodb());
    let url = format!("{}_made", tables.url);
    let databases = Databases::at(Some(&url), Some(&documents.url)).unwrap();
    assert!(matches!(
        databases.open().unwrap_err(),
        StoreError::Connect { .. }
    ));
    let made = names(databases.create().unwrap());
    assert!(made[0].1 && made[0].0.ends_with("_made"), "{made:?}");
    assert!(!names(databases.create().unwrap())[0].1);
    let store = databases.open().unwrap();
    store.migrate(&crate::migrations()).unwrap();
    // Somebody is connected, so the tables stay.
    let error = databases
        .drop(std::slice::from_ref(&made[0].0))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is being accessed by other users"),
        "{error}"
    );
    store.block_on(store.postgres().unwrap().close());
    drop(store);
    let all: Vec<String> = made.into_iter().map(|(name, _)| name).collect();
    assert_eq!(databases.drop(&all).unwrap().len(), 2);
    assert!(databases.open().is_err());
    assert_eq!(documents.store.contents().unwrap().len(), 0);
}
