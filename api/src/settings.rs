//! What can be set, by flag or by environment variable. Kept apart from the wiring so that tests make their own limits.

use clap::Parser;
use std::{path::PathBuf, time::Duration};

/// Serves one artefact over HTTP.
#[derive(Debug, Clone, Parser)]
#[command(name = "carnet-api", version, about)]
pub struct Settings {
    /// The artefact file to serve.
    #[arg(long, env = "CARNET_MODEL", value_name = "FILE")]
    pub model: PathBuf,
    /// Where to listen; port 0 takes a free one, which is printed.
    #[arg(
        long,
        env = "CARNET_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: String,
    /// What a request may cost.
    #[command(flatten)]
    pub limits: Limits,
    /// Seconds that requests in flight get to finish after SIGTERM or SIGINT.
    #[arg(
        long,
        env = "CARNET_STOP_SECONDS",
        value_name = "SECONDS",
        default_value_t = 20
    )]
    pub stop_seconds: u64,
}

/// What a request may cost before it is refused.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Limits {
    /// The largest body, in bytes; 8 MiB unless set.
    #[arg(long, env = "CARNET_BODY_LIMIT", value_name = "BYTES", default_value_t = 8 * 1024 * 1024)]
    pub body_limit: usize,
    /// The most records in one body.
    #[arg(
        long,
        env = "CARNET_MAX_RECORDS",
        value_name = "COUNT",
        default_value_t = 10_000
    )]
    pub max_records: usize,
    /// Seconds from a request's arrival to its answer; a fraction is allowed.
    #[arg(long = "timeout", env = "CARNET_TIMEOUT", value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub timeout: Duration,
    /// The most predictions in flight at once; one more is answered 503 at once, not queued.
    #[arg(
        long,
        env = "CARNET_CONCURRENCY",
        value_name = "COUNT",
        default_value_t = 64
    )]
    pub concurrency: usize,
}

impl Default for Limits {
    /// The limits of the command line when no flag is given.
    fn default() -> Limits {
        Limits {
            body_limit: 8 * 1024 * 1024,
            max_records: 10_000,
            timeout: Duration::from_secs(10),
            concurrency: 64,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| format!("{text} is not a number of seconds, such as 10 or 0.5"))?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(format!(
            "{text} is not a time to wait: give a number of seconds above 0, such as 10 or 0.5"
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Settings, clap::Error> {
        Settings::try_parse_from([&["carnet-api", "--model", "m.carnet"], arguments].concat())
    }

    #[test]
    fn the_defaults_of_the_flags_are_the_default_limits() {
        let parsed = parse(&[]).unwrap().limits;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Limits::default()));
    }

    #[test]
    fn a_timeout_takes_fractions_and_refuses_what_is_no_time() {
        assert_eq!(
            parse(&["--timeout", "0.25"]).unwrap().limits.timeout,
            Duration::from_millis(250)
        );
        for wrong in ["0", "-1", "soon", "NaN", "inf"] {
            assert!(parse(&[&format!("--timeout={wrong}")]).is_err(), "{wrong}");
        }
    }
}
