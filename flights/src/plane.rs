//! [`Plane`]: what is flown in, as registered.

use crate::source::{Rows, SourceError};
use carnet::record::Record;
use carnet::store::relational::{Bound, Row};

/// A registered aircraft. The registry is of another day than the flights, so a tail number may since have changed hands.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(table = "plane")]
pub struct Plane {
    /// Tail number, such as N14228.
    #[record(key)]
    pub tail: String,
    /// Year of manufacture.
    pub year: Option<i32>,
    /// Such as Fixed wing multi engine.
    #[record(path = "type")]
    pub kind: String,
    /// Maker, in its several spellings.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// How many engines.
    pub engines: i32,
    /// How many seats.
    pub seats: i32,
    /// Average cruising speed in miles per hour.
    pub speed_mph: Option<i32>,
    /// Such as Turbo-fan.
    pub engine: String,
    /// The response that it was read from; null for one that came with the program.
    pub response_id: Option<i64>,
}

impl Plane {
    /// All rows of the file.
    ///
    /// # Errors
    /// When a column or a value is missing.
    pub fn read(rows: &Rows) -> Result<Vec<Plane>, SourceError> {
        let (tail, year, kind) = (
            rows.text("tailnum")?,
            rows.whole("year")?,
            rows.text("type")?,
        );
        let (manufacturer, model) = (rows.text("manufacturer")?, rows.text("model")?);
        let (engines, seats, speed) = (
            rows.whole("engines")?,
            rows.whole("seats")?,
            rows.whole("speed")?,
        );
        let engine = rows.text("engine")?;
        (0..rows.len())
            .map(|row| {
                Ok(Plane {
                    tail: tail.must_text(row)?,
                    year: year.get(row),
                    kind: kind.must_text(row)?,
                    manufacturer: manufacturer.must_text(row)?,
                    model: model.must_text(row)?,
                    engines: engines.must(row)?,
                    seats: seats.must(row)?,
                    speed_mph: speed.get(row),
                    engine: engine.must_text(row)?,
                    response_id: None,
                })
            })
            .collect()
    }
}

impl Row for Plane {
    const PROVENANCE: Option<&'static str> = Some("response_id");

    fn bind(&self, to: &mut Bound) {
        to.text(&self.tail);
        to.whole_or_null(self.year);
        to.text(&self.kind);
        to.text(&self.manufacturer);
        to.text(&self.model);
        to.whole_or_null(Some(self.engines));
        to.whole_or_null(Some(self.seats));
        to.whole_or_null(self.speed_mph);
        to.text(&self.engine);
        to.whole_or_null(self.response_id);
    }
}
