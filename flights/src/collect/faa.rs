//! FAA: the registry of aircraft from its zip file, and the pages of those that are asked for by their tail number.

use super::run::{Sorted, ask, base, is_zip, keep, keep_documents, sort};
use super::{CollectError, Plan, body, read};
use crate::aircraft_page::{self, AircraftPage};
use crate::plane::Plane;
use crate::progress::Progress;
use crate::provider::faa::bulk::Registry;
use crate::provider::faa::{self, page};
use carnet::source::Response;
use carnet::store::collection::Collecting;

/// Collects the registry, then pages.
pub(super) async fn collect(
    collecting: &mut Collecting,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), CollectError> {
    let base = base(plan, &faa::PROVIDER);
    let response = ask(collecting, &faa::bulk_request(base.as_deref()), is_zip).await?;
    let provenance = response.provenance.clone();
    let planes = read(move || planes(&response)).await?;
    keep(collecting, &provenance, "plane", &planes, progress).await?;

    for tail in &plan.aircraft {
        let request = faa::page_request(base.as_deref(), tail);
        let response = ask(collecting, &request, |_| Ok(())).await?;
        let provenance = response.provenance.clone();
        let url = provenance.url.clone();
        let of = tail.clone();
        // A page's tree is not to be sent from thread to thread, so it is read where it is used.
        let mut sorted: Sorted<AircraftPage> = Sorted::default();
        let read = page::inquiry(
            &of,
            provenance.status,
            &provenance.final_url,
            &response.bytes()?,
        );
        let read = read.map_err(|error| body(&url, error))?;
        sort(
            &mut sorted,
            read.map(|page| AircraftPage {
                response: Some(provenance.id),
                ..page
            }),
        );
        keep_documents(
            collecting,
            &provenance,
            aircraft_page::COLLECTION,
            &sorted,
            AircraftPage::document,
            None,
            progress,
        )
        .await?;
    }
    Ok(())
}

fn planes(response: &Response) -> Result<Sorted<Plane>, CollectError> {
    let provenance = &response.provenance;
    let wrong = |error| body(&provenance.url, error);
    let mut registry = Registry::open(response.open()?).map_err(wrong)?;
    let mut sorted: Sorted<Plane> = (Vec::new(), registry.rejected().to_vec());
    for aircraft in registry.aircraft().map_err(wrong)? {
        let plane = aircraft
            .map_err(wrong)?
            .and_then(|aircraft| aircraft.plane());
        sort(
            &mut sorted,
            plane.map(|plane| Plane {
                response_id: Some(provenance.id),
                ..plane
            }),
        );
    }
    Ok(sorted)
}
