//! Wikipedia: the pages of the three airports, as documents.

use super::run::{Sorted, ask, base, keep_documents};
use super::{CollectError, Plan};
use crate::airport_page::{self, AirportPage};
use crate::progress::Progress;
use crate::provider::{ORIGINS, wikipedia};
use carnet::source::Response;
use carnet::store::collection::Collecting;

/// Collects the pages, one after the other.
pub(super) async fn collect(
    collecting: &mut Collecting,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), CollectError> {
    let base = base(plan, &wikipedia::PROVIDER);
    for faa in ORIGINS {
        let Some(request) = wikipedia::page_request(base.as_deref(), faa) else {
            continue;
        };
        let response = ask(collecting, &request, is_article).await?;
        let mut sorted: Sorted<AirportPage> = Sorted::default();
        match wikipedia::page(faa, &response.bytes()?) {
            Ok(read) => {
                sorted.0.push(AirportPage {
                    response: Some(response.provenance.id),
                    ..read.page
                });
                sorted.1.extend(read.rejected);
            }
            Err(rejected) => sorted.1.push(rejected),
        }
        keep_documents(
            collecting,
            &response.provenance,
            airport_page::COLLECTION,
            &sorted,
            AirportPage::document,
            None,
            progress,
        )
        .await?;
    }
    Ok(())
}

/// A redirect may lead to another title, and to a page that is no article.
fn is_article(response: &Response) -> Result<(), String> {
    let address = &response.provenance.final_url;
    let is_one = address.contains("/wiki/");
    is_one
        .then_some(())
        .ok_or_else(|| format!("an article was asked for, and the answer came from {address}"))
}
