//! Aircraft in the formats of the FAA: the zip file of all, and the page of one.
//!
//! The sample does not carry the codes by which an aircraft refers to its model: those here number the sample's distinct models.
//! Serial numbers, engines' makers, transponder codes, status and everything about people are empty. A number that the sample's
//! aircraft lack is not assigned here, although the real registry may know it as deregistered.

use super::ReplayError;
use super::respond::Answer;
use super::sample::Sample;
use crate::plane::Plane;
use crate::provider::faa::{ENGINES, KINDS};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Cursor, Write};
use std::sync::Arc;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The columns of MASTER with their widths.
#[rustfmt::skip]
const MASTER: [(&str, usize); 34] = [
    ("N-NUMBER", 5), ("SERIAL NUMBER", 30), ("MFR MDL CODE", 7), ("ENG MFR MDL", 5), ("YEAR MFR", 4),
    ("TYPE REGISTRANT", 1), ("NAME", 50), ("STREET", 33), ("STREET2", 33), ("CITY", 18), ("STATE", 2),
    ("ZIP CODE", 10), ("REGION", 1), ("COUNTY", 3), ("COUNTRY", 2), ("LAST ACTION DATE", 8),
    ("CERT ISSUE DATE", 8), ("CERTIFICATION", 10), ("TYPE AIRCRAFT", 1), ("TYPE ENGINE", 2), ("STATUS CODE", 2),
    ("MODE S CODE", 8), ("FRACT OWNER", 1), ("AIR WORTH DATE", 8), ("OTHER NAMES(1)", 50), ("OTHER NAMES(2)", 50),
    ("OTHER NAMES(3)", 50), ("OTHER NAMES(4)", 50), ("OTHER NAMES(5)", 50), ("EXPIRATION DATE", 8),
    ("UNIQUE ID", 8), ("KIT MFR", 30), (" KIT MODEL", 20), ("MODE S CODE HEX", 10),
];
const ACFTREF: &str = "CODE,MFR,MODEL,TYPE-ACFT,TYPE-ENG,AC-CAT,BUILD-CERT-IND,NO-ENG,NO-SEATS,AC-WEIGHT,SPEED,TC-DATA-SHEET,TC-DATA-HOLDER,";
const ENGINE: &str = "CODE,MFR,MODEL,TYPE,HORSEPOWER,THRUST,";

/// The paths of the FAA.
pub(super) fn answer(sample: &Sample, path: &str, query: &str) -> Result<Answer, ReplayError> {
    if path == "/database/ReleasableAircraft.zip" {
        return Ok(Answer::of(
            "application/x-zip-compressed",
            sample.registry()?,
        ));
    }
    if !path.eq_ignore_ascii_case("/AircraftInquiry/Search/NNumberResult") {
        if path.eq_ignore_ascii_case("/AircraftInquiry/Search/NNumberInquiry") {
            return Ok(Answer::of(
                "text/html; charset=utf-8",
                shell("<p>Enter a number</p>").into_bytes(),
            ));
        }
        return Ok(Answer::missing());
    }
    let asked = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("nNumberTxt"))
        .map(|(_, number)| number.to_uppercase())
        .unwrap_or_default();
    let number = asked.strip_prefix('N').unwrap_or(&asked);
    if !is_number(number) {
        let number: String = url::form_urlencoded::byte_serialize(number.as_bytes()).collect();
        return Ok(Answer::redirect(format!(
            "/faa/AircraftInquiry/Search/NNumberInquiry?error=1&nnumber={number}"
        )));
    }
    let tail = format!("N{number}");
    let page = match sample.planes.iter().find(|plane| plane.tail == tail) {
        Some(plane) => assigned(plane),
        None => shell(&format!("<p>{tail} is Not Assigned/Reserved</p>")),
    };
    Ok(Answer::of("text/html; charset=utf-8", page.into_bytes()))
}

/// One to five characters, a digit first.
fn is_number(text: &str) -> bool {
    (1..=5).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What makes a model.
type Model<'a> = (&'a str, &'a str, &'a str, &'a str, i32, i32, Option<i32>);

fn model(plane: &Plane) -> Model<'_> {
    (
        &plane.manufacturer,
        &plane.model,
        &plane.kind,
        &plane.engine,
        plane.engines,
        plane.seats,
        plane.speed_mph,
    )
}

/// The zip file of all aircraft.
pub(super) fn registry(planes: &[Plane]) -> Result<Arc<[u8]>, ReplayError> {
    zipped(planes).map_err(|source| ReplayError::Write {
        what: "aircraft",
        source,
    })
}

fn zipped(planes: &[Plane]) -> io::Result<Arc<[u8]>> {
    let mut codes: HashMap<Model<'_>, String> = HashMap::new();
    let mut models = format!("\u{feff}{ACFTREF}\r\n");
    let mut master = String::from("\u{feff}");
    MASTER.iter().for_each(|(name, _)| {
        master.push_str(name);
        master.push(',');
    });
    master.push_str("\r\n");
    for plane in planes {
        let kind = code(&KINDS, &plane.kind)?;
        let engine = code(&ENGINES, &plane.engine)?;
        let next = format!("{:07}", codes.len() + 1);
        let code = codes.entry(model(plane)).or_insert_with(|| {
            let speed = plane.speed_mph.unwrap_or_default();
            let _ = write!(
                models,
                "{next},{:30},{:20},{kind},{engine:2}, , ,{:02},{:03},       ,{speed:04},               ,{:50},\r\n",
                plane.manufacturer, plane.model, plane.engines, plane.seats, "",
            );
            next
        });
        let year = plane.year.map(|year| year.to_string()).unwrap_or_default();
        let number = plane.tail.strip_prefix('N').unwrap_or(&plane.tail);
        for (name, width) in MASTER {
            let value = match name {
                "N-NUMBER" => number,
                "MFR MDL CODE" => code.as_str(),
                "YEAR MFR" => year.as_str(),
                "TYPE AIRCRAFT" => kind,
                "TYPE ENGINE" => engine,
                _ => "",
            };
            let _ = write!(master, "{value:width$},");
        }
        master.push_str("\r\n");
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let engines = format!("\u{feff}{ENGINE}\r\n");
    for (name, text) in [
        ("MASTER.txt", master),
        ("ACFTREF.txt", models),
        ("ENGINE.txt", engines),
    ] {
        zip.start_file(name, SimpleFileOptions::default())
            .map_err(io::Error::other)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish().map_err(io::Error::other)?.into_inner().into())
}

fn code(codes: &[(&'static str, &str)], meaning: &str) -> io::Result<&'static str> {
    let found = codes.iter().find(|(_, one)| *one == meaning);
    let unknown = || io::Error::other(format!("the registry has no number for {meaning:?}"));
    found.map(|(code, _)| *code).ok_or_else(unknown)
}

/// What is around the sentence and the tables.
fn shell(inside: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Aircraft Inquiry</title></head><body>\
         <h2>Aircraft Inquiry</h2><div id=\"mainDiv\"><p><h3>Inquiry Results</h3>{inside}</div>\
         <table border=1><tr><td>U.S. Government-authorized use only</td></tr></table></body></html>"
    )
}

fn assigned(plane: &Plane) -> String {
    // The page's own spelling of the two kinds that nearly all of these aircraft are.
    let kind = match plane.kind.as_str() {
        "Fixed wing multi engine" => "Fixed Wing Multi-Engine",
        "Fixed wing single engine" => "Fixed Wing Single-Engine",
        other => other,
    };
    let year = plane
        .year
        .map_or_else(|| "None".to_owned(), |year| year.to_string());
    let table = |title: &str, cells: &[(&str, &str, &str)]| {
        let mut text = format!(
            "<div class=\"devkit-simple-table-wrapper\"><table class=\"devkit-table\"><caption class=\"devkit-table-title\">{title}</caption><tbody>"
        );
        for (shown, label, value) in cells {
            let value = escaped(value);
            let _ = write!(
                text,
                "<tr class=\"devkit-table-row\"><td data-label=\"\">{shown}</td><td data-label=\"{label}\">{value:30}</td></tr>"
            );
        }
        text + "</tbody></table></div>"
    };
    let mut inside = format!("<p>{} is Assigned", plane.tail);
    inside.push_str(&table(
        "Aircraft Description",
        &[
            ("Serial Number", "Serial Number", "None"),
            ("Status", "Status", "None"),
            (
                "Manufacturer Name",
                "Manufacturer Name",
                &plane.manufacturer,
            ),
            ("Certificate Issue Date", "Certificate Issue Date", "None"),
            ("Model", "Model", &plane.model),
            ("Type Aircraft", "Aircraft Type", kind),
            ("MFR Year", "Mfr Year", &year),
            ("Type Engine", "Engine Type", &plane.engine),
            (
                "Mode S Code (base 8 / Oct)",
                "Mode S Code (Base 8 / oct)",
                "None",
            ),
            (
                "Mode S Code (Base 16 / Hex)",
                "Mode S Code (Base 16 / Hex)",
                "None",
            ),
        ],
    ));
    inside.push_str(&table(
        "Registered Owner",
        &[
            ("Name", "Name", "None"),
            ("Street", "Street", "None"),
            ("City", "City", "None"),
        ],
    ));
    inside.push_str(&table(
        "Airworthiness",
        &[
            ("Engine Manufacturer", "Engine Manufacturer", "Unknown"),
            ("Engine Model", "Engine Model", "Unknown"),
        ],
    ));
    shell(&inside)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
