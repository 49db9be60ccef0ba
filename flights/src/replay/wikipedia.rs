//! Pages of the three airports in the form of Wikipedia's.
//!
//! The sample has nothing of them, so the facts here are public ones, each as a copy of the page tells it: JFK as of 2018
//! (simple.wikipedia.org, John F. Kennedy International Airport), LGA as of 2018 (simple.wikipedia.org, LaGuardia Airport), EWR as
//! of 2023 (wiki.studentb.eu, Newark Liberty International Airport). The order of feet and metres and the labels of the figures
//! are those of the same copies, which differ from each other.

use super::respond::Answer;
use crate::provider::wikipedia::TITLES;
use std::fmt::Write;

/// What is known of an airport.
pub(super) struct Facts {
    pub(super) faa: &'static str,
    pub(super) icao: &'static str,
    pub(super) page: &'static str,
    title: &'static str,
    elevation: &'static str,
    units: [&'static str; 2],
    pub(super) runways: &'static [Strip],
    pub(super) helipads: &'static [Strip],
    year: u32,
    statistics: &'static [(&'static str, &'static str)],
}

/// A runway or a helipad.
pub(super) struct Strip {
    pub(super) name: &'static str,
    pub(super) feet: u32,
    metres: u32,
    /// In feet; only of runways.
    pub(super) width: u32,
    pub(super) surface: &'static str,
}

const fn strip(
    name: &'static str,
    feet: u32,
    metres: u32,
    width: u32,
    surface: &'static str,
) -> Strip {
    Strip {
        name,
        feet,
        metres,
        width,
        surface,
    }
}

/// The three airports.
pub(super) static FACTS: [Facts; 3] = [
    Facts {
        faa: TITLES[0].0,
        icao: "KEWR",
        page: TITLES[0].1,
        title: "Newark Liberty International Airport",
        elevation: "5&nbsp;m / 18&nbsp;ft",
        units: ["m", "ft"],
        runways: &[
            strip("4L/22R", 11_000, 3_353, 150, "Asphalt/concrete"),
            strip("4R/22L", 10_000, 3_048, 150, "Asphalt"),
            strip("11/29", 6_726, 2_050, 150, "Asphalt"),
        ],
        helipads: &[strip("H1", 54, 16, 0, "Asphalt")],
        year: 2023,
        statistics: &[
            ("Aircraft operations", "426,260"),
            ("Total passengers", "49,084,774"),
            ("Total cargo (short tons)", "695,325"),
        ],
    },
    Facts {
        faa: TITLES[1].0,
        icao: "KJFK",
        page: TITLES[1].1,
        title: "John F. Kennedy International Airport",
        elevation: "13&nbsp;ft / 4&nbsp;m",
        units: ["ft", "m"],
        runways: &[
            strip(
                "4L/22R",
                12_079,
                3_682,
                200,
                "Concrete<sup class=\"reference\">[1]</sup>",
            ),
            strip("4R/22L", 8_400, 2_560, 200, "Asphalt"),
            strip("13L/31R", 10_000, 3_048, 150, "Asphalt"),
            strip("13R/31L", 14_511, 4_423, 200, "Concrete"),
        ],
        helipads: &[
            strip("H1", 60, 18, 0, "Asphalt"),
            strip("H2", 60, 18, 0, "Asphalt"),
            strip("H3", 60, 18, 0, "Asphalt"),
            strip("H4", 60, 18, 0, "Asphalt"),
        ],
        year: 2018,
        statistics: &[
            ("Aircraft operations (PANYNJ)", "455,529"),
            ("Passengers (PANYNJ)", "61,909,148"),
        ],
    },
    Facts {
        faa: TITLES[2].0,
        icao: "KLGA",
        page: TITLES[2].1,
        title: "LaGuardia Airport",
        elevation: "21&nbsp;ft / 6&nbsp;m",
        units: ["ft", "m"],
        runways: &[
            strip("04/22", 7_001, 2_134, 150, "Asphalt/concrete"),
            strip("13/31", 7_003, 2_135, 150, "Asphalt/concrete"),
        ],
        helipads: &[
            strip("H1", 60, 18, 0, "Asphalt"),
            strip("H2", 60, 18, 0, "Asphalt"),
        ],
        year: 2018,
        statistics: &[
            (
                "Aircraft operations (ACI)<sup class=\"reference\">[2]</sup>",
                "372,025",
            ),
            (
                "Passengers (ACI)<sup class=\"reference\">[2]</sup>",
                "30,094,074",
            ),
        ],
    },
];

/// The paths of Wikipedia.
pub(super) fn answer(path: &str) -> Answer {
    let asked = path.strip_prefix("/wiki/").unwrap_or_default();
    match FACTS.iter().find(|facts| facts.page == asked) {
        Some(facts) => Answer::of("text/html; charset=UTF-8", page(facts).into_bytes()),
        None => Answer::missing(),
    }
}

fn page(facts: &Facts) -> String {
    let mut text = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"UTF-8\"><title>{0} - Wikipedia</title></head><body>\
         <h1 id=\"firstHeading\">{0}</h1><div id=\"mw-content-text\"><table class=\"infobox vcard\"><tbody>\
         <tr><th colspan=\"2\" class=\"infobox-above fn org\">{0}</th></tr>\
         <tr><td colspan=\"2\" class=\"infobox-full-data\"><style>.hlist li{{display:inline}}</style><div class=\"hlist\"><ul>\
         <li>IATA: {1}</li><li>ICAO: {2}</li><li>FAA LID: {1}</li></ul></div></td></tr>\
         <tr><th colspan=\"2\" class=\"infobox-header\">Summary</th></tr>\
         <tr><th scope=\"row\" class=\"infobox-label\">Elevation <a href=\"/wiki/AMSL\">AMSL</a></th><td class=\"infobox-data\">{3}</td></tr>",
        facts.title, facts.faa, facts.icao, facts.elevation,
    );
    strips(
        &mut text,
        "Runways",
        "Direction",
        facts.units,
        facts.runways,
    );
    strips(&mut text, "Helipads", "Number", facts.units, facts.helipads);
    let _ = write!(
        text,
        "<tr><th colspan=\"2\" class=\"infobox-header\">Statistics ({})</th></tr>",
        facts.year
    );
    for (label, figure) in facts.statistics {
        let _ = write!(
            text,
            "<tr><th scope=\"row\" class=\"infobox-label\">{label}</th><td class=\"infobox-data\">{figure}</td></tr>"
        );
    }
    text + "</tbody></table></div></body></html>"
}

/// A section of runways or helipads: a table in the table, with two rows of header.
fn strips(text: &mut String, title: &str, first: &str, units: [&str; 2], strips: &[Strip]) {
    let _ = write!(
        text,
        "<tr><th colspan=\"2\" class=\"infobox-header\">{title}</th></tr><tr><td colspan=\"2\" class=\"infobox-full-data\">\
         <table><tbody><tr><th rowspan=\"2\">{first}</th><th colspan=\"2\">Length</th><th rowspan=\"2\">Surface</th></tr>\
         <tr><th>{}</th><th>{}</th></tr>",
        units[0], units[1],
    );
    for strip in strips {
        let length = |unit: &str| {
            grouped(if unit == "ft" {
                strip.feet
            } else {
                strip.metres
            })
        };
        let _ = write!(
            text,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            strip.name,
            length(units[0]),
            length(units[1]),
            strip.surface,
        );
    }
    text.push_str("</tbody></table></td></tr>");
}

/// With a comma before the last three digits.
fn grouped(number: u32) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", number / 1_000, number % 1_000)
}
