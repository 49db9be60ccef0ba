//! Carnet's side of the benchmarks. `bench/load.py` runs it beside the peers, one process a measurement, and compares.
//!
//! Each command does one piece of work and prints a JSON line: seconds by the clock, seconds of this process's CPU, the growth of
//! its peak memory, and what came of it.

use anyhow::{Context, Result};
use carnet::prelude::*;
use clap::{Parser, Subcommand};
use serde_json::json;
use std::time::Instant;

#[derive(Debug, Parser)]
#[command(about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Loads all rows of the table `bench_flight` into a frame
    Postgres {
        /// postgres://…
        url: String,
        #[command(flatten)]
        how: How,
    },
    /// Loads all documents of the collection `bench_observation` into a frame
    Mongodb {
        /// mongodb://…
        url: String,
        #[command(flatten)]
        how: How,
    },
}

/// How a load is read.
#[derive(Debug, clap::Args)]
struct How {
    /// Connections that share the work
    #[arg(long, default_value_t = 1)]
    partitions: usize,
    /// Rows of the frames that the load comes in, which are put together into one; a whole frame, if not given
    #[arg(long)]
    batches: Option<usize>,
}

impl How {
    fn load<T: Record>(&self, load: Load<T>, partition: &str) -> Result<DataFrame> {
        let load = load.partition_by(partition, self.partitions);
        let Some(rows) = self.batches else {
            return Ok(load.run()?.frame);
        };
        let mut batches = load.batches(rows);
        let mut frame = batches.next().context("a load gives a frame")??;
        for batch in batches {
            frame.vstack_mut_owned(batch?)?;
        }
        Ok(frame)
    }
}

/// The 19 columns of the source.
#[derive(Record)]
#[record(table = "bench_flight")]
#[allow(dead_code)]
struct Flight {
    year: i32,
    month: i32,
    day: i32,
    dep_time: Option<i32>,
    sched_dep_time: i32,
    dep_delay: Option<f64>,
    arr_time: Option<i32>,
    sched_arr_time: i32,
    arr_delay: Option<f64>,
    carrier: String,
    flight: i32,
    tailnum: Option<String>,
    origin: String,
    dest: String,
    air_time: Option<f64>,
    distance: f64,
    hour: i32,
    minute: i32,
    time_hour: DateTime<Utc>,
}

/// The fields of an observation, two of them three levels deep.
#[derive(Record)]
#[record(collection = "bench_observation")]
#[allow(dead_code)]
struct Observation {
    #[record(path = "_id", key)]
    id: String,
    station: String,
    time: DateTime<Utc>,
    #[record(path = "obs.temperature_f")]
    temperature_f: Option<f64>,
    #[record(path = "obs.humidity_pct")]
    humidity_pct: Option<f64>,
    #[record(path = "obs.wind.direction_deg")]
    wind_direction_deg: Option<i32>,
    #[record(path = "obs.wind.speed_mph")]
    wind_speed_mph: Option<f64>,
    #[record(path = "obs.precipitation_in")]
    precipitation_in: Option<f64>,
    #[record(path = "obs.pressure_hpa")]
    pressure_hpa: Option<f64>,
    #[record(path = "obs.visibility_mi")]
    visibility_mi: Option<f64>,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Postgres { url, how } => {
            let store = Store::open_urls(&url, None)?;
            measured(|| how.load::<Flight>(store.load(), "ctid"))
        }
        Command::Mongodb { url, how } => {
            let folder = std::env::temp_dir().join(format!("carnet-bench-{}", std::process::id()));
            let tables = folder.join("tables.db");
            Store::create_file(&tables)?;
            let path = tables
                .to_str()
                .context("the temporary folder is not UTF-8")?;
            let store = Store::open_urls(path, Some(&url))?;
            let outcome = measured(|| how.load::<Observation>(store.load(), "id"));
            std::fs::remove_dir_all(folder)?;
            outcome
        }
    }
}

/// Does the work and prints what it cost.
fn measured(work: impl FnOnce() -> Result<DataFrame>) -> Result<()> {
    let (cpu, peak, start) = (cpu_seconds(), peak_bytes(), Instant::now());
    let loaded = work()?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{}",
        json!({
            "seconds": seconds,
            "cpu": cpu_seconds() - cpu,
            "peak_bytes": peak_bytes() - peak,
            "frame_bytes": frame_bytes(&loaded),
            "rows": loaded.height(),
            "columns": loaded.width(),
        })
    );
    Ok(())
}

/// The size of the frame's own arrays: a number's bytes, 16 for each text (a view, which holds up to twelve bytes itself, and all
/// texts here are shorter), and a bit for each value of a column that has nulls.
fn frame_bytes(frame: &DataFrame) -> usize {
    let bytes = |column: &Column| {
        let value = match column.dtype() {
            DataType::Int32 => 4,
            DataType::String => 16,
            _ => 8,
        };
        let nulls = if column.null_count() > 0 {
            column.len() / 8
        } else {
            0
        };
        value * column.len() + nulls
    };
    frame.columns().iter().map(bytes).sum()
}

fn usage() -> libc::rusage {
    // SAFETY: the structure is plain numbers, for which zeros are a value, and getrusage fills it.
    unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    }
}

fn cpu_seconds() -> f64 {
    let usage = usage();
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// The most memory this process has had; not by getrusage, which also counts what the parent had before it became this program.
fn peak_bytes() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok());
    kilobytes.map_or(0, |kilobytes: i64| kilobytes * 1024)
}
