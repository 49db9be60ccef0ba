//! Wikipedia: the pages of the three airports, of which only figures are kept.

use super::{ORIGINS, Provider, Refused, Request};
use crate::airport_page::{AirportPage, PageRunway};
use carnet::record::extract::{ElementRef, Extracted, Html, Rejected, Selector, html, text};
use std::time::Duration;

/// The provider.
pub const PROVIDER: Provider = Provider {
    name: "wikipedia",
    title: "Wikipedia, the free encyclopedia (English)",
    base: "https://en.wikipedia.org",
    gives: "For each of the three airports: elevation, runways with length and surface, passengers and aircraft operations of a year.",
    access: "GET /wiki/TITLE, three pages. Wikimedia asks robots to take pages from there and not from the API, with a User-Agent that names the tool and a contact, and gzip.",
    structure: "HTML; the figures are in the table .infobox, told by the text of labels and section titles. Feet and metres come in either order and are read from the header above them; the year of a figure is in its section's title; helipads look like runways and are told apart by their section.",
    licence: "Text CC BY-SA 4.0; figures are facts. Kept are figures with the page and the date, no prose.",
    terms: "An honest User-Agent with a contact (a browser's name is taken as malice), few requests, ETags used. Three pages a week are nothing.",
    gap: Duration::from_secs(2),
    refused: &[
        Refused {
            what: "a length whose feet and metres differ by more than a metre",
            why: "one of the two is wrong, and which is not told; copies of a page disagree",
        },
        Refused {
            what: "prose, images, and other articles",
            why: "not needed, and under a licence that would bind what is made of it",
        },
    ],
};

/// Feet and metres are each rounded to a whole number, so they differ by up to half a metre and half a foot (0.65 m).
pub const TOLERANCE_M: f64 = 1.0;
/// Metres in a foot.
pub const METRES_PER_FOOT: f64 = 0.3048;

/// The page's name of each airport of [`ORIGINS`].
pub const TITLES: [(&str, &str); 3] = [
    (ORIGINS[0], "Newark_Liberty_International_Airport"),
    (ORIGINS[1], "John_F._Kennedy_International_Airport"),
    (ORIGINS[2], "LaGuardia_Airport"),
];

/// The request for the page of an airport; none for one that is not of [`ORIGINS`].
pub fn page_request(base: Option<&str>, faa: &str) -> Option<Request> {
    let (_, title) = TITLES.iter().find(|(code, _)| *code == faa)?;
    Some(PROVIDER.request(base, &format!("/wiki/{title}"), "text/html"))
}

/// What a page says, and which lines of it did not fit.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadPage {
    /// The figures.
    pub page: AirportPage,
    /// Helipads that were left out.
    pub helipads: usize,
    /// Lines that are no figures of the page, because they contradict themselves or cannot be read.
    pub rejected: Vec<Rejected>,
}

/// Reads the page of the airport whose code is `faa`.
///
/// # Errors
/// When it is no page with a table of facts, or the page of something else.
pub fn page(faa: &str, body: &[u8]) -> Extracted<ReadPage> {
    let document = html(body)?;
    let reject = |rule: &str, reason: String| Rejected::new("the page", rule, reason, body);
    let lines = lines(&document).map_err(|reason| reject("one table of facts", reason))?;
    let all = lines
        .iter()
        .flat_map(|line| line.cells.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join(" ");
    match after(&all, "IATA:", 3) {
        Some(code) if code == faa => {}
        found => {
            return Err(reject(
                &format!("the page of the airport IATA: {faa}"),
                format!("found {}", found.unwrap_or_else(|| "no code".into())),
            ));
        }
    }
    let mut read = ReadPage {
        page: AirportPage {
            faa: faa.to_owned(),
            source: PROVIDER.title.to_owned(),
            response: None,
            title: title(&document),
            icao: after(&all, "ICAO:", 4),
            elevation_ft: None,
            runways: Vec::new(),
            passengers: None,
            passengers_year: None,
            operations: None,
            operations_year: None,
        },
        helipads: 0,
        rejected: Vec::new(),
    };
    let mut section = Section::default();
    for line in &lines {
        if let Err((rule, reason)) = read.line(line, &mut section) {
            read.rejected.push(Rejected::new(
                format!("line {:?}", line.cells.first().map_or("", String::as_str)),
                rule,
                reason,
                line.cells.join(" | ").as_bytes(),
            ));
        }
    }
    Ok(read)
}

/// A row of the table of facts, nested tables included.
struct Line {
    /// Whether it is the title of a section.
    is_title: bool,
    /// Whether its first cell is a label.
    is_labelled: bool,
    cells: Vec<String>,
}

/// Where in the table the reading is.
#[derive(Default)]
struct Section {
    title: String,
    /// The units of the lengths, in the order of the columns.
    units: Vec<String>,
}

/// What a line broke, and the reason.
type Misfit = (&'static str, String);

impl ReadPage {
    fn line(&mut self, line: &Line, section: &mut Section) -> Result<(), Misfit> {
        let Some(first) = line.cells.first() else {
            return Ok(());
        };
        if line.is_title {
            *section = Section {
                title: first.clone(),
                units: Vec::new(),
            };
            return Ok(());
        }
        match section.title.as_str() {
            "Runways" | "Runway" => self.runway(&line.cells, section),
            "Helipads" | "Helipad" => {
                self.helipads += usize::from(line.cells.len() >= 3 && is_helipad(first));
                Ok(())
            }
            title if title.starts_with("Statistics") => match line.cells.as_slice() {
                [label, figure] if line.is_labelled => self.statistic(title, label, figure),
                _ => Ok(()),
            },
            _ => match line.cells.as_slice() {
                [label, height] if line.is_labelled && label.starts_with("Elevation") => {
                    let feet =
                        feet(height).map_err(|reason| ("an elevation in ft and m", reason))?;
                    self.page.elevation_ft = Some(feet);
                    Ok(())
                }
                _ => Ok(()),
            },
        }
    }

    /// A row of the runways: what they are called, what they are measured in, or one of them.
    fn runway(&mut self, cells: &[String], section: &mut Section) -> Result<(), Misfit> {
        const RULE: &str = "a runway: direction, length in each unit of the header, surface";
        let is_unit = |cell: &String| matches!(cell.as_str(), "ft" | "m");
        if cells.iter().all(is_unit) {
            section.units = cells.to_vec();
            return Ok(());
        }
        // The row around the nested table has one cell, the header of the columns no digit.
        let name = &cells[0];
        if cells.len() == 1 || !name.starts_with(|first: char| first.is_ascii_digit()) {
            return Ok(());
        }
        if section.units.is_empty() {
            return Err((RULE, "found no units above it".into()));
        }
        let Some(lengths) = cells.get(1..=section.units.len()) else {
            return Err((RULE, format!("found {} cells", cells.len())));
        };
        let mut measured = Vec::new();
        for (length, unit) in lengths.iter().zip(&section.units) {
            let number =
                whole(length).ok_or_else(|| (RULE, format!("found a length of {length:?}")))?;
            measured.push((f64::from(number), unit.as_str()));
        }
        let length_ft = agreed(&measured).map_err(|reason| (RULE, reason))?;
        let surface = cells
            .get(section.units.len() + 1)
            .filter(|text| !text.is_empty());
        self.page.runways.push(PageRunway {
            name: name.clone(),
            length_ft: length_ft.round() as i32,
            surface: surface.cloned(),
        });
        Ok(())
    }

    fn statistic(&mut self, title: &str, label: &str, figure: &str) -> Result<(), Misfit> {
        const RULE: &str = "a whole number, of the year in the section's title";
        // A source in brackets may follow: `Passengers (ACI)`.
        let name = label.split('(').next().unwrap_or_default().trim();
        let name = name.strip_prefix("Total ").unwrap_or(name).to_lowercase();
        let (count, year) = match name.as_str() {
            "passengers" => (&mut self.page.passengers, &mut self.page.passengers_year),
            "aircraft operations" => (&mut self.page.operations, &mut self.page.operations_year),
            _ => return Ok(()),
        };
        if count.is_some() {
            return Err((RULE, format!("found a second figure {label:?}")));
        }
        let in_title =
            year_in(title).ok_or_else(|| (RULE, format!("found no year in {title:?}")))?;
        // A trend and a percentage may follow the figure.
        let number = figure.split(' ').next().and_then(whole);
        let number = number.ok_or_else(|| (RULE, format!("found {figure:?}")))?;
        (*count, *year) = (Some(i64::from(number)), Some(in_title));
        Ok(())
    }
}

/// The rows of the table of facts.
fn lines(document: &Html) -> Result<Vec<Line>, String> {
    let (table, row) = (selector("table.infobox")?, selector("tr")?);
    let left_out = selector("sup, .noprint")?;
    let Some(facts) = document.select(&table).next() else {
        return Err("found no table.infobox".into());
    };
    let line = |row: ElementRef<'_>| {
        let is =
            |cell: &ElementRef<'_>, class: &str| cell.value().classes().any(|one| one == class);
        let cells: Vec<ElementRef<'_>> = row
            .child_elements()
            .filter(|cell| matches!(cell.value().name(), "td" | "th"))
            .collect();
        Line {
            is_title: cells.len() == 1 && cells.iter().any(|cell| is(cell, "infobox-header")),
            is_labelled: cells.first().is_some_and(|cell| is(cell, "infobox-label")),
            cells: cells
                .iter()
                .map(|cell| text(*cell, Some(&left_out)))
                .collect(),
        }
    };
    Ok(facts.select(&row).map(line).collect())
}

fn title(document: &Html) -> Option<String> {
    let above =
        selector("table.infobox .infobox-above, table.infobox caption.infobox-title").ok()?;
    let found = document.select(&above).next()?;
    Some(text(found, None)).filter(|title| !title.is_empty())
}

fn selector(css: &'static str) -> Result<Selector, String> {
    Selector::parse(css).map_err(|error| error.to_string())
}

/// The capital letters after a label, which another may follow without a space.
fn after(all: &str, label: &str, letters: usize) -> Option<String> {
    let rest = all.split(label).nth(1)?.trim_start();
    let code = rest.get(..letters)?;
    code.bytes()
        .all(|letter| letter.is_ascii_uppercase())
        .then(|| code.to_owned())
}

/// H and a number.
fn is_helipad(name: &str) -> bool {
    name.strip_prefix('H')
        .is_some_and(|rest| rest.bytes().all(|digit| digit.is_ascii_digit()))
}

/// A whole number with commas between each three digits, or without.
fn whole(text: &str) -> Option<i32> {
    let groups: Vec<&str> = text.split(',').collect();
    let (first, rest) = groups.split_first()?;
    let is_grouped =
        rest.is_empty() || first.len() <= 3 && rest.iter().all(|group| group.len() == 3);
    let digits = groups.concat();
    (is_grouped && !first.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

/// The year in a title such as `Statistics (2023)`.
fn year_in(title: &str) -> Option<i32> {
    let mut years = title
        .split(|letter: char| !letter.is_ascii_digit())
        .filter(|digits| digits.len() == 4);
    let year = years
        .next()?
        .parse()
        .ok()
        .filter(|year| (1900..2100).contains(year))?;
    years.next().is_none().then_some(year)
}

/// The feet of `13 ft / 4 m` or `4 m / 13 ft`.
fn feet(text: &str) -> Result<f64, String> {
    let mut measured = Vec::new();
    for part in text.split('/') {
        let mut words = part.split_whitespace();
        let (Some(number), Some(unit), None) = (words.next(), words.next(), words.next()) else {
            return Err(format!("found {text:?}"));
        };
        let number = number
            .replace(',', "")
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite());
        measured.push((number.ok_or_else(|| format!("found {text:?}"))?, unit));
    }
    agreed(&measured)
}

/// The feet of a length that is said in feet and in metres, if the two agree.
fn agreed(measured: &[(f64, &str)]) -> Result<f64, String> {
    let of = |unit: &str| {
        let mut found = measured.iter().filter(|(_, other)| *other == unit);
        found
            .next()
            .map(|(number, _)| *number)
            .filter(|_| found.next().is_none())
    };
    let (Some(feet), Some(metres)) = (of("ft"), of("m")) else {
        return Err(format!("found {measured:?} where ft and m are asked for"));
    };
    let difference = (feet * METRES_PER_FOOT - metres).abs();
    if difference > TOLERANCE_M {
        return Err(format!(
            "found {feet} ft beside {metres} m, which differ by {difference:.0} m"
        ));
    }
    Ok(feet)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn facts(runways: &str, statistics: &str) -> String {
        format!(
            "<html><body><table class=\"infobox vcard\"><tbody>\
             <tr><th colspan=2 class=\"infobox-above fn org\">John F. Kennedy International Airport</th></tr>\
             <tr><td colspan=2 class=infobox-full-data><ul><li>IATA: JFK</li><li>ICAO: KJFK</li><li>FAA LID: JFK</li></ul></td></tr>\
             <tr><th scope=row class=infobox-label>Elevation <a>AMSL</a></th><td class=infobox-data>4&nbsp;m / 13&nbsp;ft</td></tr>\
             <tr><th colspan=2 class=infobox-header>Runways</th></tr>\
             <tr><td colspan=2 class=infobox-full-data><table><tbody>{runways}</tbody></table></td></tr>\
             <tr><th colspan=2 class=infobox-header>Helipads</th></tr>\
             <tr><td colspan=2 class=infobox-full-data><table><tbody><tr><th rowspan=2>Number<th colspan=2>Length<th rowspan=2>Surface</tr>\
             <tr><th>ft<th>m</tr><tr><td>H1<td>60<td>18<td>Asphalt</tr></tbody></table></td></tr>\
             {statistics}</tbody></table></body></html>"
        )
    }

    const HEAD: &str = "<tr><th rowspan=2>Direction<th colspan=2>Length<th rowspan=2>Surface</tr>";

    fn read(runways: &str, statistics: &str) -> ReadPage {
        page("JFK", facts(runways, statistics).as_bytes()).unwrap()
    }

    #[test]
    fn units_are_read_from_the_header_in_either_order() {
        for rows in [
            "<tr><th>ft<th>m</tr><tr><td>4L/22R<td>12,079<td>3,682<td>Concrete<sup class=reference>[1]</sup></tr>",
            "<tr><th>m<th>ft</tr><tr><td>4L/22R<td>3,682<td>12,079<td>Concrete</tr>",
        ] {
            let read = read(&format!("{HEAD}{rows}"), "");
            assert_eq!(read.rejected, []);
            assert_eq!(read.page.elevation_ft, Some(13.0));
            assert_eq!(read.page.icao.as_deref(), Some("KJFK"));
            assert_eq!(
                read.page.runways,
                [PageRunway {
                    name: "4L/22R".into(),
                    length_ft: 12_079,
                    surface: Some("Concrete".into())
                }]
            );
            assert_eq!(read.helipads, 1);
        }
    }

    #[test]
    fn a_length_that_contradicts_itself_is_rejected_and_the_others_are_kept() {
        let rows = "<tr><th>ft<th>m</tr><tr><td>4L/22R<td>12,079<td>3,460<td>Concrete</tr>\
                    <tr><td>4R/22L<td>8,400<td>2,560<td>Asphalt</tr><tr><td>13L/31R<td>long<td>3,048<td></tr>";
        let read = read(&format!("{HEAD}{rows}"), "");
        assert_eq!(read.page.runways.len(), 1);
        assert_eq!(read.rejected.len(), 2);
        assert!(
            read.rejected[0].reason.contains("differ by 222 m"),
            "{}",
            read.rejected[0]
        );
        assert_eq!(read.rejected[0].raw, "4L/22R | 12,079 | 3,460 | Concrete");
        let without = self::read(
            &format!("{HEAD}<tr><td>4R/22L<td>8,400<td>2,560<td>Asphalt</tr>"),
            "",
        );
        assert!(without.rejected[0].reason.contains("no units"));
    }

    #[test]
    fn the_year_of_a_figure_is_in_the_title_of_its_section() {
        let statistics = "<tr><th colspan=2 class=infobox-header>Statistics (2023)</th></tr>\
            <tr><th scope=row class=infobox-label>Aircraft operations (PANYNJ)</th><td class=infobox-data>480,793</td></tr>\
            <tr><th scope=row class=infobox-label>Total passengers</th><td class=infobox-data>62,464,331 <span>12.9%</span></td></tr>\
            <tr><th scope=row class=infobox-label>Passenger change</th><td class=infobox-data>3%</td></tr>";
        let read = read("", statistics);
        assert_eq!(read.rejected, []);
        assert_eq!(
            (read.page.passengers, read.page.passengers_year),
            (Some(62_464_331), Some(2023))
        );
        assert_eq!(
            (read.page.operations, read.page.operations_year),
            (Some(480_793), Some(2023))
        );
        let yearless = self::read("", &statistics.replace("(2023)", "(recent)"));
        assert_eq!(
            (yearless.page.passengers, yearless.rejected.len()),
            (None, 2)
        );
        let twice = self::read(
            "",
            &format!(
                "{statistics}{}",
                &statistics[statistics.find("<tr><th scope").unwrap()..]
            ),
        );
        assert_eq!(twice.rejected.len(), 2);
    }

    #[test]
    fn another_page_is_not_taken_for_the_airports() {
        let other = facts("", "").replace("IATA: JFK", "IATA: LGA");
        assert!(
            page("JFK", other.as_bytes())
                .unwrap_err()
                .reason
                .contains("LGA")
        );
        let none = page("JFK", b"<html><p>JFK may refer to</html>").unwrap_err();
        assert!(none.reason.contains("no table.infobox"));
    }
}
