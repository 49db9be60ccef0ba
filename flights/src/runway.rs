//! [`Runway`]: what an airport has to land on, which bounds how many flights it takes in an hour.

use carnet::record::Record;
use carnet::store::relational::{Bound, Row};

/// A runway, both of its directions.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(table = "runway")]
pub struct Runway {
    /// FAA code of the airport.
    #[record(key)]
    pub airport: String,
    /// The names of its ends, such as `04L/22R`.
    #[record(key)]
    pub name: String,
    /// Length in feet.
    pub length_ft: i32,
    /// Width in feet; null when not known.
    pub width_ft: Option<i32>,
    /// As its surveyors wrote it; null when not known.
    pub surface: Option<String>,
    /// The response that it was read from.
    pub response_id: Option<i64>,
}

impl Row for Runway {
    const PROVENANCE: Option<&'static str> = Some("response_id");

    fn bind(&self, to: &mut Bound) {
        to.text(&self.airport);
        to.text(&self.name);
        to.whole_or_null(Some(self.length_ft));
        to.whole_or_null(self.width_ft);
        to.text_or_null(self.surface.as_deref());
        to.whole_or_null(self.response_id);
    }
}
