//! The model that is served in tests: will a parcel arrive late? Made-up parcels, the same ones in every run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use carnet::artefact::{Artefact, CardNotes};
use carnet::model::{Forest, Logistic, Split, compare};
use carnet::recipe::Recipe;
use carnet::record::{Column, Columns};
use serde_json::Value;
use std::sync::OnceLock;

/// Where parcels are sent from.
pub(crate) const DEPOTS: [&str; 4] = ["north", "east", "south", "west"];
const ROWS: usize = 2_000;

/// Random numbers from 0 to 1 that are the same in every run (SplitMix64).
fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Parcels, and whether each came late: far, heavy and from the north is worse, express is better, and chance has a part.
fn parcels(rows: usize) -> Columns {
    let mut random = random(7);
    let (mut distance, mut weight, mut express, mut depot, mut sent, mut late) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    for row in 0..rows {
        let (km, kg, fast, from) = (
            random() * 900.0,
            random() * 30.0,
            random() < 0.3,
            (random() * 4.0) as usize,
        );
        let worse = km / 300.0 + kg / 20.0 + if from == 0 { 1.0 } else { 0.0 }
            - if fast { 2.0 } else { 0.0 }
            - 2.0;
        late.push(Some(random() < 1.0 / (1.0 + (-worse).exp())));
        distance.push(Some(km));
        weight.push((random() > 0.1).then_some(kg));
        express.push(Some(fast));
        depot.push(Some(DEPOTS[from].to_owned()));
        // From 2024-01-01T00:00:00Z, one every ten minutes.
        sent.push(Some(1_704_067_200_000_000 + row as i64 * 600_000_000));
    }
    let mut columns = Columns::new();
    columns.push("distance", Column::Float(distance)).unwrap();
    columns.push("weight", Column::Float(weight)).unwrap();
    columns.push("express", Column::Bool(express)).unwrap();
    columns.push("depot", Column::Text(depot)).unwrap();
    columns.push("sent", Column::Timestamp(sent)).unwrap();
    columns.push("late", Column::Bool(late)).unwrap();
    columns
}

/// The model: fitted, compared and chosen as a notebook would, once for all tests of a process.
pub(crate) fn artefact() -> Artefact {
    static ARTEFACT: OnceLock<Artefact> = OnceLock::new();
    let fitted = ARTEFACT.get_or_init(|| {
        let split =
            Split::columns_by_time(&parcels(ROWS), "sent", "2024-01-11", "late", "UTC").unwrap();
        let recipe = Recipe::new()
            .numeric(["distance", "weight", "express"])
            .category(["depot"])
            .clock("sent");
        let recipe = recipe.describe("distance", "Kilometres by road");
        let compared = compare(
            &split,
            &recipe,
            [Logistic::default().into(), Forest::default().into()],
        )
        .unwrap();
        let notes = CardNotes::new("parcel-late")
            .target("the parcel comes late")
            .source("made up for a test")
            .threshold(0.4);
        let chosen = compared
            .choose(
                "Forest",
                "trees are the longer way through the file and the service",
            )
            .unwrap();
        chosen.artefact(notes.limit("No parcel was sent")).unwrap()
    });
    fitted.clone()
}

/// Parcels as a client sends them.
pub(crate) fn records(rows: usize) -> Vec<Value> {
    let columns = parcels(rows);
    let artefact = artefact();
    (0..rows)
        .map(|row| artefact.recipe().record_json(&columns, row).unwrap())
        .collect()
}
