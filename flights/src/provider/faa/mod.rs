//! The aircraft registry of the US Federal Aviation Administration: the zip file of all aircraft ([`bulk`]), which is how it
//! wants to be asked, and the page of one aircraft ([`page`]). Nothing about people is read from either.

pub mod bulk;
pub mod page;

use super::{Provider, Refused, Request};
use std::time::Duration;

/// The provider.
pub const PROVIDER: Provider = Provider {
    name: "faa",
    title: "US Federal Aviation Administration, aircraft registry",
    base: "https://registry.faa.gov",
    gives: "Each registered aircraft: serial number, manufacturer, model, year, type, engines, seats, engine's maker and model, transponder code, status. Seats and number of engines are in the zip file alone.",
    access: "GET /database/ReleasableAircraft.zip for all of them (renewed each night at 23:30 Central; HEAD answers another page); GET /AircraftInquiry/Search/NNumberResult?nNumberTxt=N14228 for the page of one.",
    structure: "A zip file of comma-separated files padded with spaces: MASTER.txt has one line an aircraft and codes that refer to ACFTREF.txt (models) and ENGINE.txt. Columns are taken by name. The page is HTML whose cells are told by their data-label; its first sentence says whether the number is assigned, deregistered, reserved or not assigned.",
    licence: "Work of the United States government, in the public domain.",
    terms: "The zip file is offered for download. The pages are behind a wall that lets in browsers only: this project sends its own name, takes 403 as the site declining, and stops.",
    gap: Duration::from_secs(2),
    refused: &[
        Refused {
            what: "names and addresses of owners",
            why: "two in five registrants are private persons; those columns and cells are never read, and rejected rows are kept without them",
        },
        Refused {
            what: "pages of aircraft under a browser's name",
            why: "the wall is the site's decision; the zip file has more",
        },
        Refused {
            what: "an aircraft of another day as the one of 2013",
            why: "a quarter of today's numbers were worn by an earlier aircraft, so a page tells of now",
        },
    ],
};

/// The request for the zip file.
pub fn bulk_request(base: Option<&str>) -> Request {
    PROVIDER.request(
        base,
        "/database/ReleasableAircraft.zip",
        "application/zip, application/octet-stream",
    )
}

/// The request for the page of one aircraft.
pub fn page_request(base: Option<&str>, tail: &str) -> Request {
    let number: String = url::form_urlencoded::byte_serialize(tail.as_bytes()).collect();
    let path = format!("/AircraftInquiry/Search/NNumberResult?nNumberTxt={number}");
    PROVIDER.request(base, &path, "text/html")
}

/// What the registry's numbers of kinds of aircraft mean, in the words of the sample.
pub const KINDS: [(&str, &str); 11] = [
    ("1", "Glider"),
    ("2", "Balloon"),
    ("3", "Blimp/Dirigible"),
    ("4", "Fixed wing single engine"),
    ("5", "Fixed wing multi engine"),
    ("6", "Rotorcraft"),
    ("7", "Weight-shift-control"),
    ("8", "Powered Parachute"),
    ("9", "Gyroplane"),
    ("H", "Hybrid Lift"),
    ("O", "Other"),
];

/// What the registry's numbers of kinds of engines mean, in the words of the sample.
pub const ENGINES: [(&str, &str); 12] = [
    ("0", "None"),
    ("1", "Reciprocating"),
    ("2", "Turbo-prop"),
    ("3", "Turbo-shaft"),
    ("4", "Turbo-jet"),
    ("5", "Turbo-fan"),
    ("6", "Ramjet"),
    ("7", "2 Cycle"),
    ("8", "4 Cycle"),
    ("9", "Unknown"),
    ("10", "Electric"),
    ("11", "Rotary"),
];
