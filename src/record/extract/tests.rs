//! What extraction takes, what it refuses, and that no bytes make it panic.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::record::Record;
use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use serde::Deserialize;
use std::io::{self, Read};

#[derive(Debug, Clone, PartialEq, Record, Deserialize)]
struct Leg {
    day: NaiveDate,
    carrier: String,
    clock: Option<String>,
    delay: Option<i32>,
    distance: f64,
    ratio: Option<f32>,
    cancelled: bool,
    at: Option<DateTime<Utc>>,
}

fn legs() -> Table<Leg> {
    Table::new([
        Column::new("day", "FlightDate"),
        Column::new("carrier", "Reporting_Airline").or("UniqueCarrier"),
        Column::new("clock", "DepTime").format(Format::Clock),
        Column::new("delay", "DepDelay").nulls(["", "M"]),
        Column::new("distance", "Distance"),
        Column::new("ratio", "Ratio").or_absent(),
        Column::new("cancelled", "Cancelled"),
        Column::new("at", "At").format(Format::Datetime("%Y-%m-%d %H:%M")),
    ])
    .unwrap()
}

const HEADER: &str = "FlightDate,UniqueCarrier,DepTime,DepDelay,Distance,Ratio,Cancelled,At";

fn all<R: Record + serde::de::DeserializeOwned>(
    table: &Table<R>,
    body: &[u8],
) -> Vec<Extracted<R>> {
    table.read(body).unwrap().map(Result::unwrap).collect()
}

fn one(row: &str) -> Extracted<Leg> {
    let mut rows = all(&legs(), format!("{HEADER}\n{row}\n").as_bytes());
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

#[test]
fn text_becomes_the_kind_of_its_field() {
    assert_eq!(
        one("2013-01-31,UA,\"0053\",-3.00,1400.50,0.1,1.00,2013-01-31 05:53").unwrap(),
        Leg {
            day: NaiveDate::from_ymd_opt(2013, 1, 31).unwrap(),
            carrier: "UA".into(),
            clock: Some("0053".into()),
            delay: Some(-3),
            distance: 1400.5,
            ratio: Some(0.1),
            cancelled: true,
            at: Some("2013-01-31T05:53:00Z".parse().unwrap()),
        }
    );
    let empty = one("2013-01-31,UA,\"\",M,1,,0,").unwrap();
    assert_eq!(
        (empty.clock, empty.delay, empty.ratio, empty.at),
        (None, None, None, None)
    );
}

#[test]
fn a_value_that_does_not_fit_rejects_the_row_with_rule_reason_and_raw_text() {
    for (row, column, reason) in [
        ("2013-02-30,UA,,,1,,0,", "FlightDate", "2013-02-30"),
        ("13-02-28,UA,,,1,,0,", "FlightDate", "13-02-28"),
        ("2013-0é-1,UA,,,1,,0,", "FlightDate", "2013-0"),
        ("2013-01-31,,,,1,,0,", "UniqueCarrier", "found nothing"),
        ("2013-01-31,UA,0060,,1,,0,", "DepTime", "0060"),
        ("2013-01-31,UA,,2.50,1,,0,", "DepDelay", "2.50"),
        ("2013-01-31,UA,,3000000000,1,,0,", "DepDelay", "32-bit"),
        ("2013-01-31,UA,,,inf,,0,", "Distance", "inf"),
        ("2013-01-31,UA,,,NaN,,0,", "Distance", "NaN"),
        ("2013-01-31,UA,,,1e999,,0,", "Distance", "1e999"),
        ("2013-01-31,UA,,,1,1e39,0,", "Ratio", "1e39"),
        ("2013-01-31,UA,,,1,,2.00,", "Cancelled", "2.00"),
        ("2013-01-31,UA,,,1,,0,2013-01-31", "At", "2013-01-31"),
    ] {
        let rejected = one(row).unwrap_err();
        assert_eq!(rejected.place, "line 2", "{row}");
        assert!(
            rejected.rule.starts_with(&format!("column {column}: ")),
            "{rejected:?}"
        );
        assert!(rejected.reason.contains(reason), "{rejected:?}");
        assert_eq!(rejected.raw, row);
    }
}

#[test]
fn a_row_of_another_width_is_a_misfit_and_those_after_it_are_read() {
    let body = format!(
        "{HEADER},\r\n2013-01-31,UA\r\n2013-01-31,UA,,,1,,0,,\r\n2013-01-31,UA,,,1,,0,,x\r\n2013-01-31,UA,,,1,,0,\r\n"
    );
    let rows = all(&legs(), body.as_bytes());
    let places: Vec<Option<&str>> = rows
        .iter()
        .map(|row| row.as_ref().err().map(|rejected| rejected.place.as_str()))
        .collect();
    assert_eq!(places, [Some("line 2"), None, Some("line 4"), None]);
    let short = rows[0].as_ref().unwrap_err();
    assert!(
        short.rule.contains("8 columns") && short.reason.contains("found 2"),
        "{short}"
    );
    assert_eq!(short.raw, "2013-01-31,UA");
}

#[test]
fn bytes_that_are_not_utf8_reject_their_row_when_the_column_is_declared_and_not_else() {
    let body = |header: &str, carrier: &[u8]| {
        let mut body = format!("{header}\n2013-01-31,").into_bytes();
        body.extend_from_slice(carrier);
        body.extend_from_slice(b",,,1,,0,\n2013-01-31,UA,,,1,,0,\n");
        body
    };
    let rows = all(&legs(), &body(HEADER, b"\xE4NKNO\xE6"));
    let rejected = rows[0].as_ref().unwrap_err();
    assert!(rejected.reason.contains("not UTF-8"), "{rejected}");
    assert_eq!(rejected.raw, "2013-01-31,\u{fffd}NKNO\u{fffd},,,1,,0,");
    assert!(rows[1].is_ok());
    let other = format!("Extra,{HEADER}");
    let mut undeclared = format!("{other}\n").into_bytes();
    undeclared.extend_from_slice(b"\xE4,2013-01-31,UA,,,1,,0,\n");
    assert!(all(&legs(), &undeclared)[0].is_ok());
}

#[test]
fn a_byte_order_mark_comments_padding_and_either_line_end_are_no_part_of_the_values() {
    #[derive(Debug, PartialEq, Record, Deserialize)]
    struct Code {
        code: String,
        seats: Option<i32>,
    }
    let table = Table::<Code>::new([
        Column::new("code", "CODE"),
        Column::new("seats", "NO-SEATS"),
    ])
    .unwrap()
    .trimmed()
    .unquoted()
    .comment("#DEBUG:");
    let body = "\u{feff}CODE   ,NO-SEATS,\r\n#DEBUG: Entries Found -> -1\r\n\"A 1  , 00155 ,\r\n  B2,   ,\n";
    let rows: Vec<Code> = all(&table, body.as_bytes())
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        rows,
        [
            Code {
                code: "\"A 1".into(),
                seats: Some(155)
            },
            Code {
                code: "B2".into(),
                seats: None
            }
        ]
    );
}

#[test]
fn a_header_without_declared_columns_names_every_one_of_them() {
    let error = legs()
        .read(&b"FlightDate,DepTime,DepTime,At\n"[..])
        .unwrap_err();
    let told = error.to_string();
    for part in [
        "Reporting_Airline or UniqueCarrier",
        "no column Distance",
        "no column Cancelled",
        "DepTime is there twice",
        "it has FlightDate, DepTime",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("Ratio"), "{told}");
    assert!(matches!(
        legs().read(&b""[..]),
        Err(ExtractError::Empty { .. })
    ));
}

#[test]
fn a_declaration_that_does_not_agree_with_its_record_lists_all_problems() {
    let error = Table::<Leg>::new([
        Column::new("day", "A").format(Format::Whole),
        Column::new("carrier", "B").or_absent(),
        Column::new("clock", "C"),
        Column::new("clock", "D"),
        Column::new("at", "E"),
        Column::new("gate", "F"),
    ])
    .unwrap_err()
    .to_string();
    for part in [
        "column A is read as a whole number",
        "column B may be absent, but carrier may not be null",
        "clock is declared twice",
        "column E needs a format",
        "column F fills gate",
        "nothing is declared for the field cancelled",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn serde_names_that_differ_from_the_schema_are_refused_at_once() {
    #[derive(Debug, Record, Deserialize)]
    struct Renamed {
        #[serde(rename = "other")]
        #[allow(dead_code)]
        name: String,
    }
    let error = Table::<Renamed>::new([Column::new("name", "A")]).unwrap_err();
    assert!(
        error.to_string().contains("serde names the fields other"),
        "{error}"
    );
}

/// Gives its bytes, then breaks off.
struct CutShort<'a>(&'a [u8]);

impl Read for CutShort<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.0.read(to)? {
            0 => Err(io::Error::other("the checksum does not match")),
            read => Ok(read),
        }
    }
}

#[test]
fn a_body_that_breaks_off_is_an_error_after_the_rows_before_it() {
    let body = format!("{HEADER}\n2013-01-31,UA,,,1,,0,\n");
    let table = legs();
    let mut rows = table.read(CutShort(body.as_bytes())).unwrap();
    assert!(rows.next().unwrap().unwrap().is_ok());
    let error = rows.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("checksum"), "{error}");
    assert!(rows.next().is_none());
}

#[test]
fn a_quotation_mark_that_is_never_closed_does_not_fill_the_memory() {
    let begin = format!("{HEADER}\n2013-01-31,\"UA,,,1,,0,\n");
    let table = legs();
    let endless = begin.as_bytes().chain(io::repeat(b'x'));
    let mut rows = table.read(endless).unwrap();
    let error = rows.next().unwrap().unwrap_err();
    assert!(
        matches!(&error, ExtractError::TooLong { line: 2, raw, .. } if raw.starts_with("2013-01-31,\"UA")),
        "{error}"
    );
    assert!(rows.next().is_none());
}

#[test]
fn the_raw_text_of_a_long_row_is_bounded() {
    let row = format!("2013-01-31,UA,{},,1,,0,", "é".repeat(50_000));
    let rejected = one(&row).unwrap_err();
    assert_eq!(rejected.raw.chars().count(), RAW_CHARACTERS);
    assert!(row.starts_with(&rejected.raw));
    assert!(rejected.reason.chars().count() < 200, "{}", rejected.reason);
}

#[test]
fn rows_out_of_scope_are_counted_and_not_read() {
    let body =
        format!("{HEADER}\nnever,AA,,,,,,\n2013-01-31,UA,,,1,,0,\nnever,UA,,,1,,0,\nnever\n");
    let table = legs().only("carrier", ["UA", "B6"]).unwrap();
    let mut rows = table.read(body.as_bytes()).unwrap();
    let read: Vec<Extracted<Leg>> = rows.by_ref().map(Result::unwrap).collect();
    assert_eq!(
        read.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, false]
    );
    assert_eq!(rows.out_of_scope(), 1);
    assert!(legs().only("gate", []).is_err());
}

#[test]
fn what_is_about_people_is_not_kept_with_a_rejected_row() {
    #[derive(Debug, Record, Deserialize)]
    struct Registered {
        #[allow(dead_code)]
        tail: String,
        #[allow(dead_code)]
        year: Option<i32>,
    }
    let body = b"TAIL,OWNER,YEAR\nN1,SMITH JOHN,old\nN2,\"SMITH\n";
    let table =
        Table::<Registered>::new([Column::new("tail", "TAIL"), Column::new("year", "YEAR")])
            .unwrap()
            .private();
    let rejected: Vec<Rejected> = all(&table, body)
        .into_iter()
        .map(Result::unwrap_err)
        .collect();
    assert_eq!(rejected[0].raw, "N1,old");
    assert!(!format!("{rejected:?}").contains("SMITH"));
    let page = Page::<Registered>::new([Element::new("tail", "b"), Element::new("year", "i")])
        .unwrap()
        .private();
    let rejected = page
        .read(&html(b"<b>N1</b><i>old</i> SMITH JOHN").unwrap())
        .remove(0)
        .unwrap_err();
    assert!(!format!("{rejected:?}").contains("SMITH") && rejected.reason.contains("old"));
}

#[test]
fn a_mark_in_a_column_of_numbers_has_a_field_of_its_own() {
    #[derive(Debug, PartialEq, Record, Deserialize)]
    struct Rain {
        inches: Option<f64>,
        trace: bool,
    }
    let table = Table::<Rain>::new([
        Column::new("inches", "p01i").nulls(["M", "T"]),
        Column::new("trace", "p01i")
            .nulls([])
            .format(Format::Is("T")),
    ])
    .unwrap();
    let rows: Vec<Rain> = all(&table, b"p01i,\nT,\nM,\n0.10,\n")
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let rain = |inches, trace| Rain { inches, trace };
    assert_eq!(
        rows,
        [rain(None, true), rain(None, false), rain(Some(0.1), false)]
    );
}

#[derive(Debug, PartialEq, Record, Deserialize)]
struct Runway {
    name: String,
    length: i32,
    surface: Option<String>,
    link: Option<String>,
}

fn runways() -> Page<Runway> {
    Page::of_rows(
        "table.runways tr.runway",
        [
            Element::new("name", "td.name").without("sup"),
            Element::new("length", "td.length").format(Format::Grouped),
            Element::new("surface", "td.surface").nulls(["", "None"]),
            Element::new("link", "td.name a").attribute("href"),
        ],
    )
    .unwrap()
}

#[test]
fn elements_become_records_and_what_is_not_their_text_is_left_out() {
    let page = html(
        "<table class=runways><tr class=runway><td class=name>4L/22R<sup>[1]</sup> <style>a{}</style>\u{a0} <a href=' /x '>x</a>\
         <td class=length> 12,079 <td class=surface>None</tr>\
         <tr class=runway><td class=name>4<br>R<td class=length>8,400<td class=surface>Asphalt</table>"
            .as_bytes(),
    )
    .unwrap();
    let rows: Vec<Runway> = runways()
        .read(&page)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let runway = |name: &str, length, surface: Option<&str>, link: Option<&str>| Runway {
        name: name.into(),
        length,
        surface: surface.map(Into::into),
        link: link.map(Into::into),
    };
    assert_eq!(
        rows,
        [
            runway("4L/22R x", 12_079, None, Some("/x")),
            runway("4 R", 8_400, Some("Asphalt"), None)
        ]
    );
}

#[test]
fn an_element_that_is_missing_or_there_twice_rejects_its_row() {
    let page = html(
        b"<table class=runways><tr class=runway><td class=length>1<tr class=runway><td class=name>a<td class=name>b<td class=length>1\
          <tr class=runway><td class=name>c<td class=length>long",
    )
    .unwrap();
    let told: Vec<String> = runways()
        .read(&page)
        .into_iter()
        .map(|row| row.unwrap_err().to_string())
        .collect();
    assert_eq!(told.len(), 3);
    assert!(
        told[0].starts_with("row 1 of table.runways tr.runway: found nothing"),
        "{told:?}"
    );
    assert!(
        told[1].contains("found 2 such elements") && told[1].contains("td.name"),
        "{told:?}"
    );
    assert!(
        told[2].contains("\"long\"") && told[2].contains("td.length"),
        "{told:?}"
    );
}

#[test]
fn an_element_is_found_beside_its_label() {
    #[derive(Debug, PartialEq, Record, Deserialize)]
    struct Aircraft {
        serial: String,
        year: Option<i32>,
    }
    let page = Page::<Aircraft>::new([
        Element::new("serial", "td").in_row("tr", "th", "Serial Number"),
        Element::new("year", "td")
            .in_row("tr", "th", "Year")
            .nulls(["None"]),
    ])
    .unwrap();
    let read = |text: &str| page.read(&html(text.as_bytes()).unwrap()).remove(0);
    let table = "<table><tr><th>Serial\n Number<td>228  <tr><th>Year<td>None</table>";
    assert_eq!(
        read(table).unwrap(),
        Aircraft {
            serial: "228".into(),
            year: None
        }
    );
    let rejected = read("<table><tr><th>Serial<td>228</table>").unwrap_err();
    assert_eq!(rejected.place, "the page");
    assert!(rejected.rule.contains("Serial Number"), "{rejected}");
}

#[test]
fn a_selector_that_is_none_is_refused_when_the_page_is_declared() {
    let error = Page::<Runway>::of_rows(
        "tr[",
        [
            Element::new("name", "td::"),
            Element::new("length", "td"),
            Element::new("surface", "td"),
            Element::new("link", "td"),
        ],
    )
    .unwrap_err()
    .to_string();
    assert!(
        error.contains("\"tr[\"") && error.contains("\"td::\""),
        "{error}"
    );
}

#[test]
fn elements_a_hundred_thousand_deep_are_read() {
    let deep = format!("<p class=deep>{}end", "<b>".repeat(100_000));
    #[derive(Debug, PartialEq, Record, Deserialize)]
    struct Deep {
        text: String,
    }
    let page = Page::<Deep>::new([Element::new("text", "p.deep")]).unwrap();
    assert_eq!(
        page.read(&html(deep.as_bytes()).unwrap()),
        [Ok(Deep { text: "end".into() })]
    );
    assert!(html(b"\xff").unwrap_err().reason.contains("utf-8"));
}

fn leg() -> impl Strategy<Value = Leg> {
    let day = (1990..2030_i32, 1..366_u32)
        .prop_filter_map("a day", |(year, day)| NaiveDate::from_yo_opt(year, day));
    let clock =
        proptest::option::of((0..24_u32, 0..60_u32).prop_map(|(h, m)| format!("{h:02}{m:02}")));
    let at = proptest::option::of((0..2_000_000_i64).prop_filter_map("an instant", |minutes| {
        DateTime::from_timestamp(minutes * 60, 0)
    }));
    let numbers = (
        proptest::option::of(any::<i32>()),
        proptest::num::f64::NORMAL,
        proptest::option::of(proptest::num::f32::NORMAL),
        any::<bool>(),
    );
    (day, "[^\0]{1,12}", clock, numbers, at).prop_map(
        |(day, carrier, clock, (delay, distance, ratio, cancelled), at)| Leg {
            day,
            carrier,
            clock,
            delay,
            distance,
            ratio,
            cancelled,
            at,
        },
    )
}

proptest! {
    #[test]
    fn a_written_table_reads_back_the_same(legs_in in proptest::collection::vec(leg(), 0..20)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(HEADER.split(',')).unwrap();
        for leg in &legs_in {
            let text = |value: Option<String>| value.unwrap_or_default();
            writer.write_record([
                leg.day.to_string(),
                leg.carrier.clone(),
                text(leg.clock.clone()),
                text(leg.delay.map(|delay| format!("{delay}.00"))),
                leg.distance.to_string(),
                text(leg.ratio.map(|ratio| ratio.to_string())),
                if leg.cancelled { "1.00" } else { "0.00" }.to_owned(),
                text(leg.at.map(|at| at.format("%Y-%m-%d %H:%M").to_string())),
            ]).unwrap();
        }
        let body = writer.into_inner().unwrap();
        let read: Vec<Leg> = all(&legs(), &body).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(read, legs_in);
    }

    #[test]
    fn no_bytes_make_a_table_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), header in any::<bool>()) {
        let mut body = if header { format!("{HEADER}\n").into_bytes() } else { Vec::new() };
        body.extend(bytes);
        let table = legs();
        if let Ok(rows) = table.read(&body[..]) {
            for row in rows {
                if let Ok(Err(rejected)) = row {
                    prop_assert!(rejected.raw.chars().count() <= RAW_CHARACTERS);
                    prop_assert!(!rejected.rule.is_empty() && !rejected.reason.is_empty());
                }
            }
        }
    }

    #[test]
    fn no_text_makes_a_page_panic(text in "(<(table class=runways|tr class=runway|td class=(name|length)|/td|b|style)>|[^<]{0,3}|<){0,60}") {
        if let Ok(page) = html(text.as_bytes()) {
            for row in runways().read(&page) {
                if let Err(rejected) = row {
                    prop_assert!(rejected.raw.chars().count() <= RAW_CHARACTERS);
                }
            }
        }
    }
}
