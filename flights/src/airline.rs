//! [`Airline`]: who flies.

use crate::source::{Rows, SourceError};
use carnet::record::Record;
use carnet::store::relational::{Bound, Row};

/// A carrier.
#[derive(Debug, Clone, PartialEq, Record)]
#[record(table = "airline")]
pub struct Airline {
    /// IATA code of two characters, such as UA.
    #[record(key)]
    pub carrier: String,
    /// Full name.
    pub name: String,
    /// The response that it was read from; null for one that came with the program.
    pub response_id: Option<i64>,
}

impl Airline {
    /// All rows of the file.
    ///
    /// # Errors
    /// When a column or a value is missing.
    pub fn read(rows: &Rows) -> Result<Vec<Airline>, SourceError> {
        let (carrier, name) = (rows.text("carrier")?, rows.text("name")?);
        (0..rows.len())
            .map(|row| {
                Ok(Airline {
                    carrier: carrier.must_text(row)?,
                    name: name.must_text(row)?,
                    response_id: None,
                })
            })
            .collect()
    }
}

impl Row for Airline {
    const PROVENANCE: Option<&'static str> = Some("response_id");

    fn bind(&self, to: &mut Bound) {
        to.text(&self.carrier);
        to.text(&self.name);
        to.whole_or_null(self.response_id);
    }
}
