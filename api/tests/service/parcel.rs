//! The model that is served in tests: will a parcel arrive late? Made-up parcels, the same ones in every run.

use carnet::artefact::Artefact;
use carnet::record::{Column, Columns};
use carnet::recipe::Recipe;
use serde_json::Value;

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

/// Parcels, and whether each came late: far, heavy and from the north is worse, express is better.
fn parcels(rows: usize) -> (Columns, Vec<bool>) {
    let mut random = random(7);
    let (mut distance, mut weight, mut express, mut depot, mut sent, mut late) = (vec![], vec![], vec![], vec![], vec![], vec![]);
    for row in 0..rows {
        let (km, kg, fast, from) = (random() * 900.0, random() * 30.0, random() < 0.3, (random() * 4.0) as usize);
        let worse = km / 300.0 + kg / 20.0 + if from == 0 { 1.0 } else { 0.0 } - if fast { 2.0 } else { 0.0 } - 2.0;
        late.push(random() < 1.0 / (1.0 + (-worse).exp()));
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
    (columns, late)
}
pub(crate) fn artefact() -> Artefact {
    let (columns, _) = parcels(ROWS);
    let recipe = Recipe::new().numeric(["distance", "weight", "express"]).category(["depot"]).clock("sent").describe("distance", "Kilometres by road");
    let recipe = recipe.fit(&columns).unwrap();
    let example = recipe.record_json(&columns, 3).unwrap();
    Artefact { card: carnet::artefact::Card { name: "parcel-late".into(), version: "1".into(), example, threshold: 0.5, target: "late".into() }, recipe }
}

/// Parcels as a client sends them; the first has no nulls.
pub(crate) fn records(rows: usize) -> Vec<Value> {
    let (columns, _) = parcels(rows.max(ROWS));
    let recipe = artefact().recipe;
    (0..rows).map(|row| recipe.record_json(&columns, row).unwrap()).collect()
}
