//! OurAirports: the airports, which everything else refers to, and their runways.

use super::run::{Sorted, ask, base, begins_with, keep, sort};
use super::{CollectError, Plan, read, unreadable};
use crate::airport::Airport;
use crate::progress::Progress;
use crate::provider::ourairports::{self, Listed};
use crate::runway::Runway;
use carnet::source::Response;
use carnet::store::collection::Collecting;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Collects airports, then runways.
pub(super) async fn collect(
    collecting: &mut Collecting,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), CollectError> {
    let base = base(plan, &ourairports::PROVIDER);
    let request = ourairports::airports_request(base.as_deref());
    let response = ask(collecting, &request, is_table).await?;
    let id = response.provenance.id;
    let of_airports = response.provenance.clone();
    let (airports, codes) = read(move || airports(&response)).await?;
    let airports = with_origin(airports, |airport| airport.response_id = Some(id));
    keep(collecting, &of_airports, "airport", &airports, progress).await?;

    let request = ourairports::runways_request(base.as_deref());
    let response = ask(collecting, &request, is_table).await?;
    let id = response.provenance.id;
    let of_runways = response.provenance.clone();
    let runways = read(move || runways(&response, &codes)).await?;
    let runways = with_origin(runways, |runway| runway.response_id = Some(id));
    keep(collecting, &of_runways, "runway", &runways, progress).await?;
    Ok(())
}

fn is_table(response: &Response) -> Result<(), String> {
    begins_with(response, b"\"id\"", "a table of OurAirports")
}

fn with_origin<R>((mut rows, rejected): Sorted<R>, set: impl FnMut(&mut R)) -> Sorted<R> {
    rows.iter_mut().for_each(set);
    (rows, rejected)
}

/// The airports, and the code of each by the provider's own.
fn airports(
    response: &Response,
) -> Result<(Sorted<Airport>, HashMap<String, String>), CollectError> {
    let url = &response.provenance.url;
    // Two lines with one code would be written over each other, so the first is taken and the other told.
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let (mut sorted, mut codes) = (Sorted::default(), HashMap::new());
    for row in ourairports::airports(response.open()?).map_err(unreadable(url))? {
        let listed: Listed = match row.map_err(unreadable(url))? {
            Ok(listed) => listed,
            Err(rejected) => {
                sorted.1.push(rejected);
                continue;
            }
        };
        if !listed.is_in_scope() {
            continue;
        }
        let zone = ourairports::zone(listed.latitude_deg, listed.longitude_deg);
        let airport = listed.airport(zone).and_then(|airport| {
            match seen.insert(airport.faa.clone(), listed.ident.clone()) {
                None => Ok(airport),
                Some(other) => Err(listed.is_doubled(&airport.faa, &other)),
            }
        });
        if let Ok(airport) = &airport {
            codes.insert(listed.ident.clone(), airport.faa.clone());
        }
        sort(&mut sorted, airport);
    }
    Ok((sorted, codes))
}

fn runways(
    response: &Response,
    codes: &HashMap<String, String>,
) -> Result<Sorted<Runway>, CollectError> {
    let url = &response.provenance.url;
    let (mut sorted, mut seen) = (Sorted::default(), BTreeSet::new());
    for row in ourairports::runways(response.open()?).map_err(unreadable(url))? {
        let listed = match row.map_err(unreadable(url))? {
            Ok(listed) => listed,
            Err(rejected) => {
                sorted.1.push(rejected);
                continue;
            }
        };
        let Some(faa) = codes
            .get(&listed.airport_ident)
            .filter(|_| listed.is_in_scope())
        else {
            continue;
        };
        let runway = listed.runway(faa);
        if let Ok(runway) = &runway
            && !seen.insert((runway.airport.clone(), runway.name.clone()))
        {
            // The same runway again: whichever is meant, the first is kept.
            sorted.1.push(listed.is_doubled(faa, &runway.name));
            continue;
        }
        sort(&mut sorted, runway);
    }
    Ok(sorted)
}
