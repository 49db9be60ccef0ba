//! IEM: the reports of the three stations, a year in one request for each kind, as its author asks.

use super::run::{Sorted, ask, base, keep_documents, sort};
use super::{CollectError, Plan, body, read};
use crate::observation::{COLLECTION, Observation, ReportKind};
use crate::progress::Progress;
use crate::provider::{ORIGINS, iem};
use carnet::source::Response;
use carnet::store::collection::Collecting;
use chrono::{DateTime, NaiveDate, Utc};

/// Collects the years of the period that no run has collected yet.
pub(super) async fn collect(
    collecting: &mut Collecting,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), CollectError> {
    let base = base(plan, &iem::PROVIDER);
    for year in plan.years() {
        for kind in [ReportKind::Routine, ReportKind::Special] {
            // Routine comes before special also in the order of letters.
            let cursor = format!("{year:04} {}", kind.name());
            if collecting
                .cursor()
                .is_some_and(|done| done >= cursor.as_str())
            {
                continue;
            }
            let (Some(from), Some(until)) = (new_year(year), new_year(year + 1)) else {
                continue;
            };
            let request = iem::reports_request(base.as_deref(), &ORIGINS, from, until, kind);
            let response = ask(collecting, &request, is_whole).await?;
            let provenance = response.provenance.clone();
            let observations = read(move || observations(&response, kind)).await?;
            keep_documents(
                collecting,
                &provenance,
                COLLECTION,
                &observations,
                Observation::document,
                Some(&cursor),
                progress,
            )
            .await?;
        }
    }
    Ok(())
}

fn new_year(year: i32) -> Option<DateTime<Utc>> {
    let day = NaiveDate::from_ymd_opt(year, 1, 1)?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

/// The service may fail after it has begun to answer; then the last line is short.
fn is_whole(response: &Response) -> Result<(), String> {
    let body = response.bytes().map_err(|error| error.to_string())?;
    iem::check(&body).map_err(|error| error.to_string())
}

fn observations(
    response: &Response,
    kind: ReportKind,
) -> Result<Sorted<Observation>, CollectError> {
    let provenance = &response.provenance;
    let reports = iem::reports(&response.bytes()?);
    let mut sorted = Sorted::default();
    for report in reports.map_err(|error| body(&provenance.url, error))? {
        let observation = report.and_then(|report| report.observation(kind));
        sort(
            &mut sorted,
            observation.map(|observation| Observation {
                response: Some(provenance.id),
                ..observation
            }),
        );
    }
    Ok(sorted)
}
