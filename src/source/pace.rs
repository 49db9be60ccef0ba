//! How fast each host is asked: so many requests at once, so long between two, longer when it is slow, and not at all while
//! it has asked to be left alone.

use super::settings::Pace;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The share of the newest latency in the running mean.
const NEWEST: f64 = 0.3;
/// The longest that a host is left alone.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// The pace of every host of a client.
#[derive(Debug)]
pub(super) struct Paces {
    pace: Pace,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

#[derive(Debug)]
struct Host {
    places: Arc<Semaphore>,
    times: Mutex<Times>,
}

#[derive(Debug)]
struct Times {
    /// When the next request may start.
    next: Instant,
    /// Until when the host asked to be left alone.
    left_until: Instant,
    /// The running mean of how long answers take to begin.
    latency: Option<Duration>,
    /// What robots.txt asks for.
    delay: Duration,
}

/// The right to have one request under way.
#[derive(Debug)]
pub(super) struct Turn {
    host: Arc<Host>,
    pace: Pace,
    started: Instant,
    /// How long it was waited for.
    pub(super) waited: Duration,
    _place: Option<OwnedSemaphorePermit>,
}

impl Paces {
    pub(super) fn new(pace: Pace) -> Paces {
        Paces {
            pace,
            hosts: Mutex::new(HashMap::new()),
        }
    }

    /// Waits until the host may be asked; an error says how much longer than `patience` it has asked to be left alone.
    pub(super) async fn turn(&self, name: &str, patience: Duration) -> Result<Turn, Duration> {
        let host = self.host(name);
        let began = Instant::now();
        // The semaphore is never closed.
        let place = Arc::clone(&host.places).acquire_owned().await.ok();
        loop {
            // The place in time is taken before it is waited for, so that two do not take the same.
            let (at, taken) = {
                let mut times = host.times.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                let left_alone = times.left_until.saturating_duration_since(now);
                if left_alone > patience {
                    return Err(left_alone);
                }
                let is_free = times.next <= now;
                let at = times.next;
                if is_free {
                    times.next = now + self.between(&times);
                }
                (at, is_free)
            };
            if taken {
                break;
            }
            tokio::time::sleep_until(at).await;
        }
        let started = Instant::now();
        Ok(Turn {
            host,
            pace: self.pace,
            started,
            waited: started - began,
            _place: place,
        })
    }

    /// Leaves the host alone for so long.
    pub(super) fn leave(&self, name: &str, wait: Duration) {
        let host = self.host(name);
        let mut times = host.times.lock().unwrap_or_else(PoisonError::into_inner);
        // As far as a clock reaches: a wait of centuries is as good as one of years.
        let until = Instant::now() + wait.min(FOR_EVER);
        times.next = times.next.max(until);
        times.left_until = times.left_until.max(until);
    }

    /// Takes the `Crawl-delay` of a host's robots.txt over.
    pub(super) fn delay(&self, name: &str, delay: Duration) {
        let host = self.host(name);
        let mut times = host.times.lock().unwrap_or_else(PoisonError::into_inner);
        let delay = delay.min(self.pace.longest);
        times.delay = delay;
        times.next = times.next.max(Instant::now() + delay);
    }

    fn between(&self, times: &Times) -> Duration {
        between(&self.pace, times)
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host = hosts.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Host {
                places: Arc::new(Semaphore::new(
                    self.pace.concurrency.clamp(1, Semaphore::MAX_PERMITS),
                )),
                times: Mutex::new(Times {
                    next: Instant::now(),
                    left_until: Instant::now(),
                    latency: None,
                    delay: Duration::ZERO,
                }),
            })
        });
        Arc::clone(host)
    }
}

/// The time between the starts of two requests.
fn between(pace: &Pace, times: &Times) -> Duration {
    let slowed = times.latency.map_or(Duration::ZERO, |latency| {
        Duration::try_from_secs_f64(latency.as_secs_f64() * pace.slowing)
            .unwrap_or(Duration::ZERO)
            .min(pace.longest)
    });
    pace.interval.max(times.delay).max(slowed)
}

impl Turn {
    /// The answer has begun, or failed to: how long that took sets how soon the host is asked again.
    pub(super) fn answered(&self) {
        let mut times = self
            .host
            .times
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let took = self.started.elapsed();
        let mean = times.latency.map_or(took, |before| {
            Duration::from_secs_f64(
                took.as_secs_f64() * NEWEST + before.as_secs_f64() * (1.0 - NEWEST),
            )
        });
        times.latency = Some(mean);
        let next = self.started + between(&self.pace, &times);
        times.next = times.next.max(next);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::future::Future;

    fn pace(interval: u64, concurrency: usize, slowing: f64) -> Pace {
        Pace {
            interval: Duration::from_millis(interval),
            concurrency,
            slowing,
            longest: Duration::from_millis(300),
        }
    }

    /// Waits are real here, so only that they are not too short can be told.
    fn run<T>(test: impl Future<Output = T>) -> T {
        crate::runtime::block_on(test)
    }

    async fn waited_for(paces: &Paces, host: &str) -> Turn {
        paces.turn(host, FOR_EVER).await.unwrap()
    }

    #[test]
    fn starts_are_apart_and_hosts_do_not_wait_for_each_other() {
        run(async {
            let (paces, began) = (Paces::new(pace(50, 2, 0.0)), Instant::now());
            for _ in 0..3 {
                waited_for(&paces, "a").await;
            }
            assert!(began.elapsed() >= Duration::from_millis(100));
            assert_eq!(waited_for(&paces, "b").await.waited.as_millis() / 50, 0);
        });
    }

    #[test]
    fn a_place_is_waited_for_until_another_request_is_over() {
        run(async {
            let paces = Paces::new(pace(0, 1, 0.0));
            let first = waited_for(&paces, "a").await;
            let second =
                tokio::time::timeout(Duration::from_millis(50), waited_for(&paces, "a")).await;
            assert!(second.is_err());
            drop(first);
            waited_for(&paces, "a").await;
        });
    }

    #[test]
    fn a_slow_host_is_asked_more_slowly_but_never_beyond_the_longest_wait() {
        let times = |latency| Times {
            next: Instant::now(),
            left_until: Instant::now(),
            latency: Some(Duration::from_millis(latency)),
            delay: Duration::from_millis(20),
        };
        let between = |latency| between(&pace(10, 1, 2.0), &times(latency)).as_millis();
        assert_eq!([5, 50, 1_000].map(between), [20, 100, 300]);
        run(async {
            let paces = Paces::new(pace(0, 1, 2.0));
            let turn = waited_for(&paces, "a").await;
            tokio::time::sleep(Duration::from_millis(40)).await;
            turn.answered();
            let began = turn.started;
            drop(turn);
            let next = waited_for(&paces, "a").await;
            assert!(next.started - began >= Duration::from_millis(80));
        });
    }

    #[test]
    fn a_host_that_asks_for_it_is_left_alone() {
        run(async {
            let (paces, began) = (Paces::new(pace(0, 1, 0.0)), Instant::now());
            paces.leave("a", Duration::from_millis(60));
            waited_for(&paces, "a").await;
            assert!(began.elapsed() >= Duration::from_millis(60));
            paces.delay("a", Duration::from_secs(600));
            let turn = waited_for(&paces, "a").await;
            assert!(turn.waited >= Duration::from_millis(250));
            drop(turn);
            paces.leave("a", Duration::MAX);
            assert!(paces.turn("a", Duration::from_secs(60)).await.is_err());
        });
    }
}
