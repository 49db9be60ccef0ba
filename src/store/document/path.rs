//! Dotted paths into raw BSON: `obs.wind.speed`, `runways.0.length`. Only the bytes on the way are read.

use bson::raw::{RawBsonRef, RawDocument};

/// The value at a dotted path; digits index arrays. `None` when any part of the way is absent or is neither a document nor
/// an array.
///
/// # Errors
/// When the bytes are not valid BSON.
pub fn lookup<'a>(
    document: &'a RawDocument,
    path: &str,
) -> Result<Option<RawBsonRef<'a>>, bson::error::Error> {
    let mut parts = path.split('.');
    let Some(first) = parts.next() else {
        return Ok(None);
    };
    let mut value = document.get(first)?;
    for part in parts {
        value = match value {
            Some(RawBsonRef::Document(inner)) => inner.get(part)?,
            Some(RawBsonRef::Array(items)) => match part.parse::<usize>() {
                Ok(index) => items.get(index)?,
                Err(_) => None,
            },
            _ => return Ok(None),
        };
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bson::rawdoc;

    #[test]
    fn a_path_goes_through_documents_and_arrays_and_stops_where_nothing_is() {
        let document = rawdoc! { "a": { "b": [1, { "c": "x" }] }, "n": null };
        assert_eq!(
            lookup(&document, "a.b.1.c").unwrap().unwrap().as_str(),
            Some("x")
        );
        assert_eq!(lookup(&document, "n").unwrap(), Some(RawBsonRef::Null));
        assert_eq!(lookup(&document, "a.b.7").unwrap(), None);
        assert_eq!(lookup(&document, "a.x.y").unwrap(), None);
        assert_eq!(lookup(&document, "n.x").unwrap(), None);
    }
}
