//! [`AircraftPage`]: what the registry's page about one tail number says, a document because most pages lack most of it. It
//! has no place for owners, names and addresses.

use bson::raw::{CStr, RawDocumentBuf, cstr};
use carnet::record::Record;
use serde::Deserialize;

/// The collection.
pub const COLLECTION: &str = "aircraft_page";
/// The version of its documents that is written.
const VERSION: i32 = 1;

/// What the first sentence of a page says of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// An aircraft wears it.
    Assigned,
    /// An aircraft wears it, and others did before.
    Multiple,
    /// The aircraft that wore it is no longer registered.
    Deregistered,
    /// Kept for somebody; no aircraft wears it.
    Reserved,
    /// Nobody has it.
    Unassigned,
    /// It cannot be a number of this registry.
    Malformed,
}

impl Outcome {
    /// As documents have it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Assigned => "assigned",
            Outcome::Multiple => "multiple",
            Outcome::Deregistered => "deregistered",
            Outcome::Reserved => "reserved",
            Outcome::Unassigned => "unassigned",
            Outcome::Malformed => "malformed",
        }
    }
}

/// A page about a tail number.
#[derive(Debug, Clone, PartialEq)]
pub struct AircraftPage {
    /// Tail number, such as N14228.
    pub tail: String,
    /// The name of the source.
    pub source: String,
    /// The response that it was read from.
    pub response: Option<i64>,
    /// What the page says of the number.
    pub outcome: Outcome,
    /// The aircraft; none where the page shows none.
    pub aircraft: Option<Airframe>,
}

/// An aircraft as the registry's page shows it: today's, not that of the flights.
#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
pub struct Airframe {
    /// The maker's number of the aircraft.
    pub serial_number: Option<String>,
    /// As registered.
    pub manufacturer: Option<String>,
    /// As registered.
    pub model: Option<String>,
    /// Year of manufacture.
    pub year: Option<i32>,
    /// Such as Fixed Wing Multi-Engine.
    pub kind: Option<String>,
    /// Such as Turbo-fan.
    pub engine_type: Option<String>,
    /// As registered.
    pub engine_manufacturer: Option<String>,
    /// As registered.
    pub engine_model: Option<String>,
    /// The transponder's code in base 16.
    pub mode_s_hex: Option<String>,
    /// Such as Valid.
    pub status: Option<String>,
}

impl AircraftPage {
    /// The document. What the page lacks is left out.
    pub fn document(&self) -> RawDocumentBuf {
        let mut source = RawDocumentBuf::new();
        source.append(cstr!("name"), self.source.as_str());
        if let Some(response) = self.response {
            source.append(cstr!("response"), response);
        }
        let mut document = RawDocumentBuf::new();
        document.append(cstr!("_id"), self.tail.as_str());
        document.append(cstr!("schema"), VERSION);
        document.append(cstr!("source"), source);
        document.append(cstr!("outcome"), self.outcome.name());
        if let Some(aircraft) = &self.aircraft {
            document.append(cstr!("aircraft"), aircraft.document());
        }
        document
    }
}

impl Airframe {
    fn document(&self) -> RawDocumentBuf {
        let mut document = RawDocumentBuf::new();
        let text = |document: &mut RawDocumentBuf, name: &CStr, value: &Option<String>| {
            if let Some(value) = value {
                document.append(name, value.as_str());
            }
        };
        text(&mut document, cstr!("serial_number"), &self.serial_number);
        text(&mut document, cstr!("manufacturer"), &self.manufacturer);
        text(&mut document, cstr!("model"), &self.model);
        if let Some(year) = self.year {
            document.append(cstr!("year"), year);
        }
        text(&mut document, cstr!("type"), &self.kind);
        text(&mut document, cstr!("engine_type"), &self.engine_type);
        text(
            &mut document,
            cstr!("engine_manufacturer"),
            &self.engine_manufacturer,
        );
        text(&mut document, cstr!("engine_model"), &self.engine_model);
        text(&mut document, cstr!("mode_s_hex"), &self.mode_s_hex);
        text(&mut document, cstr!("status"), &self.status);
        document
    }
}
