//! `GET /v1/model`: the card, and what it tells the readers of the OpenAPI document.

use crate::Service;
use axum::{Json, extract::State};
use carnet::artefact::Card;
use std::sync::Arc;

/// The model's card.
///
/// What it predicts, from what data, how well, how it was chosen, and for what it should not be used.
#[utoipa::path(get, path = "/v1/model", tag = "model", responses((status = 200, description = "The card", body = Object)))]
pub(crate) async fn card(State(service): State<Arc<Service>>) -> Json<Card> {
    Json(service.artefact.card().clone())
}

/// The card in a few sentences (Markdown).
pub(crate) fn describe(card: &Card) -> String {
    let data = &card.data;
    let mut text = format!(
        "The probability that **{}**, and the label `true` from {} on.\n\nData: {} (licence: {}), {} rows for training, {} for testing.",
        card.target, card.threshold, data.source, data.licence, data.train_rows, data.test_rows
    );
    if let Some(chosen) = card.scores_of_chosen() {
        let scores = &chosen.scores;
        text += &format!(
            " Model: {}; on the test rows AUC {:.3}, log loss {:.4}, Brier score {:.4}.",
            chosen.name, scores.auc, scores.log_loss, scores.brier
        );
    }
    if !card.limits.is_empty() {
        text += "\n\nLimits:\n";
        text.extend(card.limits.iter().map(|limit| format!("\n- {limit}")));
    }
    text
}
