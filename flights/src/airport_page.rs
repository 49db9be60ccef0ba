//! [`AirportPage`]: what a page about an airport says in figures, a document because pages differ in what they have.

use bson::raw::{RawArrayBuf, RawDocumentBuf, cstr};
use carnet::record::Record;

/// The collection.
pub const COLLECTION: &str = "airport_page";
/// The version of its documents that is written.
const VERSION: i32 = 1;

/// The figures of a page about an airport; what the page lacks is null, and prose is never kept.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(collection = "airport_page")]
pub struct AirportPage {
    /// FAA code of the airport.
    #[record(key, path = "_id")]
    pub faa: String,
    /// The name of the source.
    #[record(path = "source.name")]
    pub source: String,
    /// The response that it was read from.
    #[record(path = "source.response")]
    pub response: Option<i64>,
    /// The page's title.
    pub title: Option<String>,
    /// ICAO code, such as KJFK.
    pub icao: Option<String>,
    /// Feet above sea level.
    pub elevation_ft: Option<f64>,
    /// As the page lists them, helipads left out.
    pub runways: Vec<PageRunway>,
    /// Passengers in a year.
    #[record(path = "passengers.count")]
    pub passengers: Option<i64>,
    /// The year of the passengers.
    #[record(path = "passengers.year")]
    pub passengers_year: Option<i32>,
    /// Take-offs and landings in a year.
    #[record(path = "operations.count")]
    pub operations: Option<i64>,
    /// The year of the take-offs and landings.
    #[record(path = "operations.year")]
    pub operations_year: Option<i32>,
}

/// A runway as a page lists it.
#[derive(Debug, Clone, PartialEq, Record)]
pub struct PageRunway {
    /// Both directions, such as `4L/22R`.
    pub name: String,
    /// Feet from end to end, checked against the metres beside it.
    pub length_ft: i32,
    /// As written, such as Asphalt.
    pub surface: Option<String>,
}

impl AirportPage {
    /// The document. What the page lacks is left out.
    pub fn document(&self) -> RawDocumentBuf {
        let mut source = RawDocumentBuf::new();
        source.append(cstr!("name"), self.source.as_str());
        if let Some(response) = self.response {
            source.append(cstr!("response"), response);
        }
        let mut runways = RawArrayBuf::new();
        for runway in &self.runways {
            let mut one = RawDocumentBuf::new();
            one.append(cstr!("name"), runway.name.as_str());
            one.append(cstr!("length_ft"), runway.length_ft);
            if let Some(surface) = &runway.surface {
                one.append(cstr!("surface"), surface.as_str());
            }
            runways.push(one);
        }
        let mut document = RawDocumentBuf::new();
        document.append(cstr!("_id"), self.faa.as_str());
        document.append(cstr!("schema"), VERSION);
        document.append(cstr!("source"), source);
        if let Some(title) = &self.title {
            document.append(cstr!("title"), title.as_str());
        }
        if let Some(icao) = &self.icao {
            document.append(cstr!("icao"), icao.as_str());
        }
        if let Some(elevation) = self.elevation_ft {
            document.append(cstr!("elevation_ft"), elevation);
        }
        document.append(cstr!("runways"), runways);
        for (name, count, year) in [
            (cstr!("passengers"), self.passengers, self.passengers_year),
            (cstr!("operations"), self.operations, self.operations_year),
        ] {
            if let (Some(count), Some(year)) = (count, year) {
                let mut figure = RawDocumentBuf::new();
                figure.append(cstr!("count"), count);
                figure.append(cstr!("year"), year);
                document.append(name, figure);
            }
        }
        document
    }
}
