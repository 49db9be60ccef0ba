//! What comes back from the replay of the providers, through their parsers, is the sample: every value that the format can carry.

use crate::RECORDS;
use chrono_tz::Tz;
use flights::airport::zones;
use flights::observation::ReportKind;
use flights::provider::{ORIGINS, Provider, Request, bts, faa, iem, ourairports, wikipedia};
use flights::replay::{Faults, Replay};
use flights::source::{File, Source};
use flights::{Airport, Flight, Observation, Plane};
use reqwest::header::HeaderMap;
use std::collections::HashMap;
use std::io::Cursor;
use std::sync::LazyLock;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// A replay without faults, for all tests that only read.
static REPLAY: LazyLock<Replay> = LazyLock::new(|| start(Faults::None));

fn start(faults: Faults) -> Replay {
    RUNTIME.block_on(Replay::start(0, faults)).unwrap()
}

fn base(provider: &Provider) -> Option<String> {
    Some(REPLAY.base_of(provider))
}

/// A client that follows no redirect, so that each answer is seen.
static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
    carnet::source::prepare_tls();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
});

struct Answer {
    status: u16,
    headers: HeaderMap,
    /// What broke, when the body did.
    body: Result<Vec<u8>, String>,
}

fn ask(url: &str, header: Option<(&str, &str)>) -> Answer {
    RUNTIME.block_on(async {
        let mut request = CLIENT.get(url);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer
                .bytes()
                .await
                .map(|bytes| bytes.to_vec())
                .map_err(|error| error.to_string()),
        }
    })
}

fn get(request: &Request) -> Vec<u8> {
    let answer = ask(&request.url, None);
    assert_eq!(answer.status, 200, "{}", request.url);
    answer.body.unwrap()
}

/// The lines of all twelve months.
static LINES: LazyLock<Vec<bts::OnTime>> = LazyLock::new(|| {
    let base = base(&bts::PROVIDER);
    let mut lines = Vec::new();
    for month in 1..=12 {
        let zip = get(&bts::month(base.as_deref(), 2013, month));
        let mut month = bts::Month::open(Cursor::new(zip)).unwrap();
        let mut rows = month.rows().unwrap();
        lines.extend(rows.by_ref().map(|row| row.unwrap().unwrap()));
        assert_eq!(rows.out_of_scope(), 0);
    }
    lines
});

fn flights(zones: &HashMap<&str, Tz>) -> Vec<Flight> {
    let flights = LINES.iter().map(|line| line.flight(zones).unwrap());
    sorted(flights.collect())
}

fn sorted(mut flights: Vec<Flight>) -> Vec<Flight> {
    flights.sort_by(|one, other| {
        let key = |flight: &Flight| {
            (
                flight.scheduled_departure,
                flight.carrier.clone(),
                flight.flight_number,
                flight.origin.clone(),
            )
        };
        key(one).cmp(&key(other))
    });
    flights
}

/// Each pair, so that a test that fails shows one row and not all of them.
fn assert_same<T: PartialEq + std::fmt::Debug>(read: &[T], sample: &[T]) {
    assert_eq!(read.len(), sample.len());
    for (read, sample) in read.iter().zip(sample) {
        assert_eq!(read, sample);
    }
}

#[test]
fn every_flight_comes_back_from_the_format_of_bts() {
    let sample = sorted(RECORDS.flights.clone());
    assert_eq!(sample.len(), 336_776);
    assert_same(&flights(&zones(&RECORDS.airports)), &sample);
}

#[test]
fn clock_times_of_departure_and_arrival_come_back_with_their_zeros() {
    let rows = Source::Embedded.read(File::Flights).unwrap();
    let (left, arrived) = (
        rows.whole("dep_time").unwrap(),
        rows.whole("arr_time").unwrap(),
    );
    let (month, day) = (rows.whole("month").unwrap(), rows.whole("day").unwrap());
    let (carrier, number) = (rows.text("carrier").unwrap(), rows.whole("flight").unwrap());
    let origin = rows.text("origin").unwrap();
    let clock = |hmm: Option<i32>| hmm.map(|hmm| format!("{hmm:04}"));
    let mut sample: Vec<_> = (0..rows.len())
        .map(|row| {
            let date = format!(
                "2013-{:02}-{:02}",
                month.get(row).unwrap(),
                day.get(row).unwrap()
            );
            let carrier = carrier.must_text(row).unwrap();
            let origin = origin.must_text(row).unwrap();
            let times = (clock(left.get(row)), clock(arrived.get(row)));
            (date, carrier, number.get(row).unwrap(), origin, times)
        })
        .collect();
    let mut read: Vec<_> = LINES
        .iter()
        .map(|line| {
            let times = (line.departure.clone(), line.arrival.clone());
            (
                line.date.to_string(),
                line.carrier.clone(),
                line.number,
                line.origin.clone(),
                times,
            )
        })
        .collect();
    sample.sort();
    read.sort();
    assert_same(&read, &sample);
    let midnights = read
        .iter()
        .filter(|line| line.4.0.as_deref() == Some("2400"));
    assert!(midnights.count() > 0, "the sample has departures at 2400");
    assert!(read.iter().any(|line| {
        line.4
            .1
            .as_deref()
            .is_some_and(|time| time.starts_with("00"))
    }));
}

#[test]
fn every_observation_comes_back_from_the_format_of_the_station_archive() {
    let (from, until) = ("2013-01-01T00:00:00Z", "2014-01-02T00:00:00Z");
    let base = base(&iem::PROVIDER);
    let ask = |kind| {
        let [from, until] = [from, until].map(|text| text.parse().unwrap());
        let request = iem::reports_request(base.as_deref(), &ORIGINS, from, until, kind);
        iem::reports(&get(&request)).unwrap()
    };
    let mut read: Vec<Observation> = ask(ReportKind::Routine)
        .into_iter()
        .map(|report| {
            let read = report.unwrap().observation(ReportKind::Routine).unwrap();
            assert_eq!(read.report.as_deref(), Some("routine"));
            assert_eq!(
                read.reported.unwrap() - read.time,
                chrono::TimeDelta::minutes(51)
            );
            Observation {
                reported: None,
                report: None,
                source: flights::source::NAME.into(),
                ..read
            }
        })
        .collect();
    let mut sample = RECORDS.observations.clone();
    assert_eq!(sample.len(), 26_115);
    read.sort_by(|one, other| one.id.cmp(&other.id));
    sample.sort_by(|one, other| one.id.cmp(&other.id));
    assert_same(&read, &sample);
    assert_eq!(ask(ReportKind::Special), []);
}

#[test]
fn every_plane_comes_back_from_the_files_of_the_registry() {
    let zip = get(&faa::bulk_request(base(&faa::PROVIDER).as_deref()));
    let mut registry = faa::bulk::Registry::open(Cursor::new(zip)).unwrap();
    assert_eq!(registry.rejected(), []);
    let mut read: Vec<Plane> = registry
        .aircraft()
        .unwrap()
        .map(|aircraft| aircraft.unwrap().unwrap().plane().unwrap())
        .collect();
    let mut sample = RECORDS.planes.clone();
    read.sort_by(|one, other| one.tail.cmp(&other.tail));
    sample.sort_by(|one, other| one.tail.cmp(&other.tail));
    assert_same(&read, &sample);
}

#[test]
fn the_page_of_each_kind_of_number_is_read() {
    let read = |tail: &str| {
        let request = faa::page_request(base(&faa::PROVIDER).as_deref(), tail);
        let mut address = request.url;
        let mut answer = ask(&address, None);
        if answer.status == 302 {
            let to = answer.headers["location"].to_str().unwrap();
            address = format!("{}{to}", REPLAY.base_url());
            answer = ask(&address, None);
        }
        let body = answer.body.unwrap();
        faa::page::inquiry(tail, answer.status, &address, &body)
            .unwrap()
            .unwrap()
    };
    let page = read("N14228");
    let aircraft = page.aircraft.unwrap();
    let plane = RECORDS
        .planes
        .iter()
        .find(|plane| plane.tail == "N14228")
        .unwrap();
    assert_eq!(page.outcome.name(), "assigned");
    assert_eq!(aircraft.manufacturer.as_ref(), Some(&plane.manufacturer));
    assert_eq!(aircraft.model.as_ref(), Some(&plane.model));
    assert_eq!(aircraft.year, plane.year);
    assert_eq!(aircraft.engine_type.as_ref(), Some(&plane.engine));
    assert_eq!(aircraft.serial_number, None);
    assert_eq!(read("N99AQ").outcome.name(), "unassigned");
    assert_eq!(read("NABCDEF").outcome.name(), "malformed");
}

/// The airports as the provider's file gives them, with the zones of their positions.
static AIRPORTS: LazyLock<Vec<Airport>> = LazyLock::new(|| {
    let body = get(&ourairports::airports_request(
        base(&ourairports::PROVIDER).as_deref(),
    ));
    let listed = ourairports::airports(&body[..])
        .unwrap()
        .map(|row| row.unwrap().unwrap());
    listed
        .map(|listed| {
            assert!(listed.is_in_scope());
            let zone = ourairports::zone(listed.latitude_deg, listed.longitude_deg);
            listed.airport(zone).unwrap()
        })
        .collect()
});

#[test]
fn every_airport_comes_back_from_the_format_of_ourairports() {
    let carried = |airport: &Airport| {
        (
            airport.faa.clone(),
            airport.name.clone(),
            airport.latitude_deg,
            airport.longitude_deg,
            airport.altitude_ft,
        )
    };
    let read: Vec<_> = AIRPORTS.iter().map(carried).collect();
    let listed: Vec<_> = RECORDS.airports[..RECORDS.listed]
        .iter()
        .map(carried)
        .collect();
    assert_eq!(read.len(), 1_458);
    assert_same(&read, &listed);
}

#[test]
fn the_zone_of_a_position_gives_the_same_instants_as_the_samples_zones() {
    let mut by_position = zones(&AIRPORTS);
    // The provider has no row for these here, as the sample's airports lack them.
    let unlisted = zones(&RECORDS.airports[RECORDS.listed..]);
    by_position.extend(unlisted);
    assert_same(&flights(&by_position), &sorted(RECORDS.flights.clone()));
}

#[test]
fn every_airline_comes_back_from_the_lookup() {
    let body = get(&bts::carriers(base(&bts::PROVIDER).as_deref()));
    let rows = bts::carrier_rows(&body[..]).unwrap();
    let read: Vec<_> = rows
        .filter_map(|row| row.unwrap().unwrap().airline())
        .collect();
    assert_same(&read, &RECORDS.airlines);
}

#[test]
fn runways_of_both_providers_agree_for_all_three_airports() {
    let body = get(&ourairports::runways_request(
        base(&ourairports::PROVIDER).as_deref(),
    ));
    let listed: Vec<_> = ourairports::runways(&body[..])
        .unwrap()
        .map(|row| row.unwrap().unwrap())
        .filter(ourairports::ListedRunway::is_in_scope)
        .collect();
    assert_eq!(listed.len(), 9);
    for faa in ORIGINS {
        let request = wikipedia::page_request(base(&wikipedia::PROVIDER).as_deref(), faa).unwrap();
        let read = wikipedia::page(faa, &get(&request)).unwrap();
        assert_eq!(read.rejected, []);
        assert!(read.helipads > 0);
        assert!(read.page.passengers > Some(30_000_000) && read.page.passengers_year.is_some());
        assert!(read.page.operations.is_some() && read.page.elevation_ft.is_some());
        let icao = read.page.icao.unwrap();
        let runways: Vec<_> = listed
            .iter()
            .filter(|runway| runway.airport_ident == icao)
            .map(|runway| runway.runway(faa).unwrap())
            .map(|runway| (runway.name, runway.length_ft))
            .collect();
        let page: Vec<_> = read
            .page
            .runways
            .into_iter()
            .map(|runway| (runway.name, runway.length_ft))
            .collect();
        assert_eq!(page, runways, "{faa}");
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let request = ourairports::runways_request(base(&ourairports::PROVIDER).as_deref());
    let first = ask(&request.url, None);
    let tag = first.headers["etag"].to_str().unwrap();
    assert_eq!(ask(&request.url, Some(("if-none-match", tag))).status, 304);
    assert_eq!(
        ask(&request.url, Some(("if-none-match", "\"other\""))).status,
        200
    );
    let date = first.headers["last-modified"].to_str().unwrap();
    assert_eq!(
        ask(&request.url, Some(("if-modified-since", date))).status,
        304
    );
}

#[test]
fn each_fault_comes_once_and_then_the_answer() {
    let replay = start(Faults::All);
    let asked = replay.base_of(&ourairports::PROVIDER) + "/runways.csv";
    let whole = get(&ourairports::runways_request(
        base(&ourairports::PROVIDER).as_deref(),
    ));
    let answers: Vec<Answer> = (0..7).map(|_| ask(&asked, None)).collect();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [429, 503, 200, 200, 302, 200, 200]);
    assert_eq!(answers[0].headers["retry-after"], "1");
    let body = |index: usize| answers[index].body.as_ref();
    assert_eq!(body(2), Ok(&whole), "slow, but whole");
    assert!(body(3).is_err(), "it breaks off");
    let page = ask(
        &format!(
            "{}{}",
            replay.base_url(),
            answers[4].headers["location"].to_str().unwrap()
        ),
        None,
    );
    assert_eq!(page.status, 200);
    assert!(
        ourairports::runways(&page.body.unwrap()[..]).is_err(),
        "a page is no table"
    );
    assert_eq!((body(5), body(6)), (Ok(&whole), Ok(&whole)));
    assert_ne!(answers[5].headers["etag"], answers[6].headers["etag"]);
}

#[test]
fn a_cut_answer_of_the_station_archive_looks_whole_and_is_found_out() {
    let replay = start(Faults::All);
    let base = replay.base_of(&iem::PROVIDER);
    let [from, until] =
        ["2013-01-01T06:00:00Z", "2013-01-03T06:00:00Z"].map(|text| text.parse().unwrap());
    let request = iem::reports_request(Some(&base), &ORIGINS, from, until, ReportKind::Routine);
    // Three other faults come first.
    let mut answers: Vec<Answer> = (0..4).map(|_| ask(&request.url, None)).collect();
    let body = answers.remove(3).body.unwrap();
    assert!(matches!(
        iem::reports(&body),
        Err(iem::IemError::Incomplete { .. })
    ));
}

#[test]
fn the_registry_declines_to_show_pages_to_what_is_no_browser() {
    let replay = start(Faults::Some);
    let request = faa::page_request(Some(&replay.base_of(&faa::PROVIDER)), "N14228");
    for _ in 0..3 {
        let answer = ask(&request.url, Some(("user-agent", "carnet/0.1 (test)")));
        let read = faa::page::inquiry("N14228", answer.status, &request.url, &answer.body.unwrap());
        assert!(matches!(
            read,
            Err(faa::page::InquiryError::Declined { .. })
        ));
    }
}

#[test]
fn robots_are_told_where_they_may_go() {
    let robots = ask(&format!("{}/robots.txt", REPLAY.base_url()), None);
    let text = String::from_utf8(robots.body.unwrap()).unwrap();
    assert!(
        text.contains("User-agent: *") && text.contains("Disallow: /wikipedia/w/"),
        "{text}"
    );
    assert_eq!(
        ask(&format!("{}/nothing/here", REPLAY.base_url()), None).status,
        404
    );
    assert_eq!(
        ask(&format!("{}/bts/PREZIP/x.zip", REPLAY.base_url()), None).status,
        404
    );
}
