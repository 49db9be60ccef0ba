//! The page of one aircraft, with all that its first sentence may say.

use super::PROVIDER;
use crate::aircraft_page::{AircraftPage, Airframe, Outcome};
use crate::provider::{Declared, declared};
use carnet::record::extract::{
    Element, ExtractError, Extracted, Html, Page, Rejected, Selector, html, text,
};
use std::sync::LazyLock;
use thiserror::Error;

/// Why no page of this site can be read, and none more should be asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InquiryError {
    /// The site lets in browsers only.
    #[error(
        "the registry declined to show the page of {tail} (status {status}): it lets in browsers only; stop asking for pages and use the zip file"
    )]
    Declined {
        /// The aircraft.
        tail: String,
        /// The status.
        status: u16,
    },
    /// A status that says nothing of the aircraft.
    #[error("the page of {tail} came with status {status}: ask again later")]
    Status {
        /// The aircraft.
        tail: String,
        /// The status.
        status: u16,
    },
    /// The declaration.
    #[error(transparent)]
    Extract(#[from] ExtractError),
}

static AIRFRAME: Declared<Page<Airframe>> = LazyLock::new(|| {
    let cell = |field, selector| Element::new(field, selector).nulls(["", "None"]);
    Ok(Page::new([
        cell(
            "serial_number",
            r#"#mainDiv td[data-label="Serial Number"]"#,
        ),
        cell(
            "manufacturer",
            r#"#mainDiv td[data-label="Manufacturer Name"]"#,
        ),
        cell("model", r#"#mainDiv td[data-label="Model"]"#),
        cell("year", r#"#mainDiv td[data-label="Mfr Year"]"#),
        cell("kind", r#"#mainDiv td[data-label="Aircraft Type"]"#),
        cell("engine_type", r#"#mainDiv td[data-label="Engine Type"]"#),
        cell(
            "engine_manufacturer",
            r#"#mainDiv td[data-label="Engine Manufacturer"]"#,
        )
        .nulls(["", "None", "Unknown"]),
        cell("engine_model", r#"#mainDiv td[data-label="Engine Model"]"#)
            .nulls(["", "None", "Unknown"]),
        cell(
            "mode_s_hex",
            r#"#mainDiv td[data-label="Mode S Code (Base 16 / Hex)"]"#,
        ),
        cell("status", r#"#mainDiv td[data-label="Status"]"#),
    ])?
    .private())
});

/// What the sentences mean, the longer ones first.
const SENTENCES: [(&str, Outcome); 6] = [
    ("has assigned/multiple records", Outcome::Multiple),
    ("has reserved/multiple records", Outcome::Reserved),
    ("is not assigned", Outcome::Unassigned),
    ("is deregistered", Outcome::Deregistered),
    ("is assigned", Outcome::Assigned),
    ("is reserved", Outcome::Reserved),
];

/// Reads the page of the aircraft `tail`: what came with `status` from `address`, where redirects ended.
///
/// # Errors
/// When the site declines, or the status says nothing of the aircraft. A page that says something else is rejected; its raw
/// text is not kept, because it may name a person.
pub fn inquiry(
    tail: &str,
    status: u16,
    address: &str,
    body: &[u8],
) -> Result<Extracted<AircraftPage>, InquiryError> {
    let tail = tail.to_owned();
    match status {
        200 => {}
        403 => return Err(InquiryError::Declined { tail, status }),
        _ => return Err(InquiryError::Status { tail, status }),
    }
    let page = |outcome, aircraft| AircraftPage {
        tail: tail.clone(),
        source: PROVIDER.title.to_owned(),
        response: None,
        outcome,
        aircraft,
    };
    if was_malformed(address) {
        return Ok(Ok(page(Outcome::Malformed, None)));
    }
    let reject = |rule: &str, reason: String| {
        Ok(Err(Rejected::new(
            format!("the page of {tail}"),
            rule,
            reason,
            b"",
        )))
    };
    let document = match html(body) {
        Ok(document) => document,
        Err(misfit) => return reject(&misfit.rule, misfit.reason),
    };
    let Some(outcome) = sentence(&document, &tail) else {
        return reject(
            "a sentence that says what the number is",
            format!("found none about {tail}"),
        );
    };
    let airframe = declared(&AIRFRAME)?.read(&document).pop();
    let aircraft = match (outcome, airframe) {
        (Outcome::Assigned | Outcome::Multiple, Some(Ok(aircraft))) => {
            if aircraft.serial_number.is_none() && aircraft.model.is_none() {
                return reject(
                    "an assigned number has an aircraft",
                    "found no table of it".into(),
                );
            }
            Some(aircraft)
        }
        (Outcome::Assigned | Outcome::Multiple, Some(Err(misfit))) => {
            return reject(&misfit.rule, misfit.reason);
        }
        // Of a deregistered number there may be one aircraft, several, or none; only one can be told of.
        (Outcome::Deregistered, Some(Ok(aircraft))) if aircraft.serial_number.is_some() => {
            Some(aircraft)
        }
        _ => None,
    };
    Ok(Ok(page(outcome, aircraft)))
}

/// Whether the site sent the form again, because the number cannot be one.
fn was_malformed(address: &str) -> bool {
    let Ok(address) = url::Url::parse(address) else {
        return false;
    };
    address.path().to_lowercase().ends_with("/nnumberinquiry")
        && address
            .query_pairs()
            .any(|(name, _)| name.eq_ignore_ascii_case("error"))
}

/// What the first sentence about this number says.
fn sentence(document: &Html, tail: &str) -> Option<Outcome> {
    let paragraphs = Selector::parse("#mainDiv p").ok()?;
    document.select(&paragraphs).find_map(|paragraph| {
        let text = text(paragraph, None).to_lowercase();
        let rest = text.strip_prefix(&tail.to_lowercase())?.trim_start();
        let found = SENTENCES
            .iter()
            .find(|(sentence, _)| rest.starts_with(sentence));
        found.map(|(_, outcome)| *outcome)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ADDRESS: &str =
        "https://registry.faa.gov/AircraftInquiry/Search/NNumberResult?nNumberTxt=N100GX";

    fn shell(inside: &str) -> String {
        format!(
            "<html><head><title>x</title></head><body><h2>Inquiry Results</h2><div id=\"mainDiv\">{inside}</div>\
             <table border=1><tr><td data-label=\"Status\">U.S. Government-authorized use only</table></body></html>"
        )
    }

    fn row(shown: &str, label: &str, value: &str) -> String {
        format!(
            "<tr class=\"devkit-table-row\"><td data-label=\"\">{shown}</td><td data-label=\"{label}\">{value}</td></tr>"
        )
    }

    fn table() -> String {
        [
            "<div class=\"devkit-simple-table-wrapper\"><table class=\"devkit-table\"><caption class=\"devkit-table-title\">Aircraft Description</caption>".to_owned(),
            row("Serial Number", "Serial Number", "228      "),
            row("Status", "Status", "Valid"),
            row("Manufacturer Name", "Manufacturer Name", "ISRAEL AIRCRAFT INDUSTRIES    "),
            row("Model", "Model", "GULFSTREAM 200      "),
            row("MFR Year", "Mfr Year", "2010"),
            row("Type Aircraft", "Aircraft Type", "Fixed Wing Multi-Engine"),
            row("Type Engine", "Engine Type", "Turbo-fan"),
            row("Mode S Code (base 16 / Hex)", "Mode S Code (Base 16 / Hex)", "A0062E    "),
            row("Name", "Name", "SMITH JOHN"),
            row("Street", "Street", "1 MAIN ST"),
            row("Engine Manufacturer", "Engine Manufacturer", "P&amp;W CANADA"),
            row("Engine Model", "Engine Model", "Unknown"),
            "</table></div>".to_owned(),
        ]
        .concat()
    }

    fn read(inside: &str) -> Extracted<AircraftPage> {
        inquiry("N100GX", 200, ADDRESS, shell(inside).as_bytes()).unwrap()
    }

    #[test]
    fn an_assigned_number_has_its_aircraft_and_no_owner() {
        let page = read(&format!("<p>N100GX is Assigned{}", table())).unwrap();
        assert_eq!(page.outcome, Outcome::Assigned);
        let aircraft = page.aircraft.clone().unwrap();
        assert_eq!(aircraft.serial_number.as_deref(), Some("228"));
        assert_eq!(
            aircraft.manufacturer.as_deref(),
            Some("ISRAEL AIRCRAFT INDUSTRIES")
        );
        assert_eq!(aircraft.year, Some(2010));
        assert_eq!(aircraft.kind.as_deref(), Some("Fixed Wing Multi-Engine"));
        assert_eq!(aircraft.engine_type.as_deref(), Some("Turbo-fan"));
        assert_eq!(aircraft.engine_manufacturer.as_deref(), Some("P&W CANADA"));
        assert_eq!(aircraft.engine_model, None);
        assert_eq!(aircraft.mode_s_hex.as_deref(), Some("A0062E"));
        assert_eq!(aircraft.status.as_deref(), Some("Valid"));
        assert!(!format!("{page:?}").contains("SMITH") && !format!("{page:?}").contains("MAIN"));
    }

    #[test]
    fn every_other_sentence_has_its_outcome() {
        for (sentence, outcome) in [
            ("N100GX is Deregistered", Outcome::Deregistered),
            ("N100GX is Reserved", Outcome::Reserved),
            ("N100GX has Reserved/Multiple Records", Outcome::Reserved),
            ("N100GX is Not Assigned/Reserved", Outcome::Unassigned),
        ] {
            let page = read(&format!("<p>{sentence}</p>")).unwrap();
            assert_eq!((page.outcome, page.aircraft), (outcome, None), "{sentence}");
        }
        let multiple = read(&format!(
            "<p>N100GX has Assigned/Multiple Records</p>{}",
            table()
        ));
        let multiple = multiple.unwrap();
        assert_eq!(multiple.outcome, Outcome::Multiple);
        assert!(multiple.aircraft.is_some());
        let gone = read(&format!("<p>N100GX is Deregistered</p>{}", table())).unwrap();
        assert_eq!(gone.aircraft.unwrap().serial_number.as_deref(), Some("228"));
        let gone = read(&format!(
            "<p>N100GX is Deregistered</p>{}{}",
            table(),
            table()
        ))
        .unwrap();
        assert_eq!((gone.outcome, gone.aircraft), (Outcome::Deregistered, None));
    }

    #[test]
    fn a_number_that_cannot_be_one_is_told_by_where_the_site_redirects() {
        let address =
            "https://registry.faa.gov/AircraftInquiry/Search/NNumberInquiry?error=1&nnumber=ABCDEF";
        let page = inquiry("ABCDEF", 200, address, shell("").as_bytes())
            .unwrap()
            .unwrap();
        assert_eq!(page.outcome, Outcome::Malformed);
    }

    #[test]
    fn the_wall_is_the_site_declining_and_no_page() {
        let error = inquiry("N100GX", 403, ADDRESS, b"<h1>Access Denied</h1>").unwrap_err();
        assert!(matches!(error, InquiryError::Declined { .. }));
        assert!(error.to_string().contains("stop asking"), "{error}");
        let error = inquiry("N100GX", 503, ADDRESS, b"").unwrap_err();
        assert!(matches!(error, InquiryError::Status { status: 503, .. }));
    }

    #[test]
    fn a_page_about_something_else_is_rejected_without_its_text() {
        for inside in [
            "<p>ATTENTION!</p>".to_owned(),
            "<p>N100GY is Assigned</p>SMITH".to_owned(),
            "<p>N100GX is Assigned</p>SMITH".to_owned(),
            format!("<p>N100GX is Assigned</p>{}{}", table(), table()),
        ] {
            let rejected = read(&inside).unwrap_err();
            assert!(!format!("{rejected:?}").contains("SMITH"), "{rejected:?}");
        }
    }
}
