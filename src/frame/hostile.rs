//! The decoders on bytes of anybody's making: what fuzz targets run, and a property test beside them. Each has to end in columns of
//! equal length or in an error, without a panic.

use super::bson::{Paths, append, search};
use super::output::Output;
use super::watch::Watch;
use super::{Policy, postgres};
use crate::record::{Field, Kind};
use bson::raw::RawDocument;

fn field(name: &str, kind: Kind) -> Field {
    Field {
        name: name.into(),
        kind,
        nullable: false,
        key: false,
        path: name.into(),
        description: None,
    }
}

fn list(item: Kind) -> Kind {
    Kind::List {
        item: Box::new(item),
        nullable: true,
    }
}

/// Decodes bytes as rows of a binary COPY. The first byte says how much of a proper head they get, where the stream is cut into
/// messages, and the next two which columns it has.
pub fn copy(bytes: &[u8]) {
    let Some(([how, columns @ ..], rest)) = bytes.split_first_chunk::<3>() else {
        return;
    };
    let forms = postgres::forms();
    let chosen: Vec<_> = columns
        .iter()
        .map(|column| forms[usize::from(*column) % forms.len()].clone())
        .collect();
    let mut stream = Vec::new();
    if how & 1 == 0 {
        stream.extend(postgres::HEAD);
    }
    stream.extend(rest);
    let fields: Vec<Field> = chosen
        .iter()
        .enumerate()
        .map(|(place, (_, kind))| field(&place.to_string(), kind.clone()))
        .collect();
    let forms: Vec<_> = chosen.iter().map(|(form, _)| *form).collect();
    let watch = Watch::default();
    let mut height = 0;
    let mut sink = |frame: polars::prelude::DataFrame| {
        height += frame.height();
        Ok(())
    };
    let mut output = Output::new("any".into(), Policy::Null, 5, &mut sink, &watch);
    let message = usize::from(how >> 1) + 1;
    let rows = postgres::decode_all(&fields, &forms, stream.chunks(message), &mut output);
    if output.counted().is_ok()
        && let Some(rows) = rows
    {
        assert_eq!(rows, height, "each row is in a frame");
    }
}

/// Decodes bytes as a document. The first byte says whether they get a proper length and end.
pub fn bson(bytes: &[u8]) {
    let Some((how, rest)) = bytes.split_first() else {
        return;
    };
    let mut framed = Vec::new();
    if how & 1 == 0 {
        let length = i32::try_from(rest.len() + 5).unwrap_or(i32::MAX);
        framed.extend(length.to_le_bytes());
        framed.extend(rest);
        framed.push(0);
    } else {
        framed.extend(rest);
    }
    let Ok(document) = RawDocument::from_bytes(&framed) else {
        return;
    };
    let inner = vec![field("a", Kind::Int64), field("b", list(Kind::Text))];
    let kinds = [
        ("a", Kind::Int32),
        ("b", Kind::Float64),
        ("c", Kind::Text),
        ("d", Kind::Timestamp),
        ("e", Kind::Decimal(2)),
        ("f", Kind::Bytes),
        ("g", list(Kind::Int64)),
        ("h", Kind::Struct(inner.clone())),
        ("i", list(Kind::Struct(inner))),
        ("j.a", Kind::Bool),
        ("j.1.b", Kind::Float32),
    ];
    let fields: Vec<Field> = kinds
        .into_iter()
        .map(|(name, kind)| field(name, kind))
        .collect();
    let watch = Watch::default();
    let mut sink = |_| Ok(());
    let mut output = Output::new("any".into(), Policy::Null, 5, &mut sink, &watch);
    output.begin(&fields);
    let mut paths = Paths::of(&fields);
    if append(document, &mut paths, &mut output, &String::new).is_ok() {
        let _ = search(document, &paths, &mut output.unnamed);
        let ended = output.row(1).and_then(|()| output.counted());
        assert!(ended.is_ok(), "columns of one row: {ended:?}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hostile_bytes_end_in_columns_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..160)) {
            super::copy(&bytes);
            super::bson(&bytes);
        }
    }
}
