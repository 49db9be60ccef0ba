//! `GET /v1/model`: the card, and what is read from it for answers and documents.

use crate::{Service, predict::Prediction};
use axum::{Json, extract::State};
use carnet::artefact::Card;
use std::sync::Arc;

/// The model's card: what it predicts, from what, how well, since when.
#[utoipa::path(get, path = "/v1/model", tag = "model", responses((status = 200, description = "The card", body = Object)))]
pub(crate) async fn card(State(service): State<Arc<Service>>) -> Json<Card> {
    Json(service.artefact.card().clone())
}

pub(crate) fn prediction(card: &Card, probability: f64) -> Prediction {
    Prediction { probability, label: probability >= card.threshold, threshold: card.threshold }
}

pub(crate) fn describe(card: &Card) -> String { format!("{}", card.target) }
