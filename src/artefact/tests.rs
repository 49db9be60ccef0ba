//! What an artefact promises: the same answers after the file as before, and an error for every file that is not whole.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::model::{Boost, Estimator, Forest, Logistic, Prior, Split, Tree, compare};
use crate::recipe::Recipe;
use crate::record::{Column, Columns};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Four hundred parcels, one an hour; those that are far or from the north come late more often, never surely.
fn parcels() -> Columns {
    let hash = |row: u64, part: u64| {
        (row * 4 + part + 1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(23)
            % 1000
    };
    let mut columns = Columns::new();
    let of = |part| (0..400).map(move |row| hash(row, part));
    let depots = ["north", "east", "south"];
    columns
        .push(
            "distance",
            Column::Float(of(0).map(|v| (v > 30).then_some(v as f64 / 7.0)).collect()),
        )
        .unwrap();
    columns
        .push(
            "depot",
            Column::Text(
                of(1)
                    .map(|v| Some(depots[v as usize % 3].to_owned()))
                    .collect(),
            ),
        )
        .unwrap();
    columns
        .push(
            "sent",
            Column::Timestamp((0..400).map(|row| Some(row * 3_600_000_000)).collect()),
        )
        .unwrap();
    let late = (0..400).map(|row| {
        hash(row, 0) + if hash(row, 1) % 3 == 0 { 300 } else { 0 } + hash(row, 2) > 1100
    });
    columns
        .push("late", Column::Bool(late.map(Some).collect()))
        .unwrap();
    columns
}

fn recipe() -> Recipe {
    Recipe::new()
        .numeric(["distance"])
        .category(["depot"])
        .clock("sent")
        .time_zone("Europe/Paris")
}

fn estimators() -> [Estimator; 5] {
    [
        Prior.into(),
        Logistic::default().into(),
        Tree { depth: 3, leaf: 20 }.into(),
        Forest {
            trees: 4,
            depth: 3,
            leaf: 10,
            ..Forest::default()
        }
        .into(),
        Boost {
            rounds: 3,
            depth: 2,
            leaf: 10,
            boosters: 2,
            rows: 150,
            ..Boost::default()
        }
        .into(),
    ]
}

fn made(name: &str) -> Artefact {
    let split = Split::columns_by_time(&parcels(), "sent", "1970-01-13", "late", "UTC").unwrap();
    let compared = compare(&split, &recipe(), estimators()).unwrap();
    let notes = CardNotes::new("parcel-late")
        .target("the parcel comes late")
        .licence("CC0-1.0")
        .limit("Parcels only");
    compared
        .choose(name, "for a test")
        .unwrap()
        .artefact(notes)
        .unwrap()
}

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| made("Boost").to_bytes().unwrap());

#[test]
fn every_model_answers_with_the_same_bits_after_the_file_as_before() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["Prior", "Logistic", "Tree", "Forest", "Boost"] {
        let before = made(name);
        let path = folder.path().join("new/folder").join(name);
        before.write(&path).unwrap();
        let after = Artefact::read(&path).unwrap();
        assert_eq!(before, after);
        let bits = |artefact: &Artefact| {
            artefact
                .predict(&parcels())
                .unwrap()
                .into_iter()
                .map(f64::to_bits)
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&before), bits(&after), "{name}");
        assert_eq!(
            std::fs::read_dir(path.parent().unwrap())
                .unwrap()
                .filter(|e| e
                    .as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .ends_with("tmp"))
                .count(),
            0
        );
    }
}

#[test]
fn the_card_tells_data_scores_choice_and_versions_and_its_example_can_be_asked() {
    let artefact = made("Forest");
    let card = artefact.card();
    assert_eq!(
        (card.name.as_str(), card.chosen.as_str(), card.scores.len()),
        ("parcel-late", "Forest", 5)
    );
    assert_eq!(card.data.train_rows + card.data.test_rows, 400);
    assert_eq!(card.data.training_sha256.len(), 64);
    assert_eq!(
        card.data.test_period.as_ref().unwrap().first,
        "1970-01-13T00:00:00Z"
    );
    assert_eq!(card.versions, Versions::current());
    assert!(card.scores_of_chosen().unwrap().scores.auc > 0.5);
    let columns = artefact
        .schema()
        .read_json(std::slice::from_ref(&card.example))
        .unwrap();
    let probability = artefact.predict(&columns).unwrap()[0];
    assert_eq!(artefact.label(probability), probability >= 0.5);
    let text = serde_json::to_string(card).unwrap();
    assert_eq!(&serde_json::from_str::<Card>(&text).unwrap(), card);
}

#[test]
fn the_same_training_gives_the_same_version_and_another_model_another() {
    assert_eq!(made("Forest").card().version, made("Forest").card().version);
    assert_ne!(made("Forest").card().version, made("Boost").card().version);
    assert_eq!(made("Tree").card().version.len(), 12);
}

#[test]
fn a_file_cut_at_any_length_is_an_error() {
    for length in 0..BYTES.len() {
        let error = Artefact::from_bytes(&BYTES[..length]).unwrap_err();
        let expected = if length == 0 {
            "not a Carnet artefact"
        } else {
            "cut short"
        };
        assert!(error.to_string().contains(expected), "{length}: {error}");
    }
    let mut longer = BYTES.clone();
    longer.push(0);
    assert!(matches!(
        Artefact::from_bytes(&longer),
        Err(FormatError::Trailing { extra: 1 })
    ));
}

#[test]
fn a_file_of_another_kind_or_a_newer_format_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    std::fs::write(&path, b"PK\x03\x04 something else").unwrap();
    let told = Artefact::read(&path).unwrap_err().to_string();
    assert!(
        told.contains("not a Carnet artefact") && told.contains("model"),
        "{told}"
    );
    let mut newer = BYTES.clone();
    newer[8] = 2;
    std::fs::write(&path, newer).unwrap();
    assert!(
        Artefact::read(&path)
            .unwrap_err()
            .to_string()
            .contains("format 2, but this program reads format 1")
    );
    assert!(
        Artefact::read(folder.path().join("none"))
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
}

#[test]
fn a_write_that_fails_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taken");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("inside"), "kept").unwrap();
    assert!(made("Prior").write(&path).is_err());
    assert_eq!(
        std::fs::read_to_string(path.join("inside")).unwrap(),
        "kept"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn notes_without_sense_are_refused() {
    let split = Split::columns_by_time(&parcels(), "sent", "1970-01-13", "late", "UTC").unwrap();
    let compared = compare(&split, &recipe(), [Estimator::from(Tree::default())]).unwrap();
    assert!(matches!(
        compared.best().artefact(CardNotes::new(" ")),
        Err(ArtefactError::Name)
    ));
    assert!(matches!(
        compared.best().artefact(CardNotes::new("a").threshold(1.5)),
        Err(ArtefactError::Threshold { .. })
    ));
    assert!(compared.choose("Boost", "").is_none());
}

/// The file with this content and a hash that is right, as a hostile program could write it.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = BYTES[..12].to_vec();
    bytes.extend((body.len() as u64).to_le_bytes());
    bytes.extend(Sha256::digest(body));
    bytes.extend(body);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_one_byte_changed_is_an_error(place in any::<prop::sample::Index>(), by in 1_u8..) {
        let mut bytes = BYTES.clone();
        let place = place.index(bytes.len());
        bytes[place] = bytes[place].wrapping_add(by);
        prop_assert!(Artefact::from_bytes(&bytes).is_err());
        if place >= 52 {
            let told = Artefact::from_bytes(&bytes).unwrap_err();
            let differ = matches!(&told, FormatError::Damaged { expected, found } if expected != found);
            prop_assert!(differ, "{told}");
        }
    }

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Artefact::from_bytes(&bytes).is_err());
        prop_assert!(Artefact::from_bytes(&sealed(&bytes)).is_err());
    }

    #[test]
    fn hostile_content_under_a_right_hash_never_panics(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = BYTES[52..].to_vec();
        for (place, byte) in changes {
            let place = place.index(body.len());
            body[place] = byte;
        }
        if let Ok(artefact) = Artefact::from_bytes(&sealed(&body)) {
            let answers = artefact.predict(&parcels());
            prop_assert!(answers.is_err() || answers.unwrap().iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }
}
