//! [`Client`]: asks for a URL as its site's owner would wish, and answers from the archive what need not be asked again.

use super::address::{Allowed, PublicOnly};
use super::archive::{Archive, Body, Kept};
use super::exchange::{Answer, Failure, Purpose, Question, TroubleKind, host_of};
use super::freshness::{Freshness, freshness};
use super::pace::{Paces, Turn};
use super::report::{RowCounts, RunReport, Tally};
use super::robots::{Fetched, Known, Rules};
use super::{Provenance, Request, Response, Settings, SourceError, retry};
use crate::runtime;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use url::Url;

/// Asks for URLs, politely; see the [module](super). Clones share everything: paces, budget, report and archive.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    settings: Settings,
    http: reqwest::Client,
    allowed: Allowed,
    paces: Paces,
    robots: Known,
    archive: Archive,
    tally: Tally,
    sent: AtomicU64,
    received: AtomicU64,
}

impl Client {
    /// A client with these settings; the archive's folder is made if it is not there.
    ///
    /// # Errors
    /// When the archive cannot be used, or the system gives no TLS.
    pub fn new(settings: Settings) -> Result<Client, SourceError> {
        super::prepare_tls();
        let allowed = Allowed::new(&settings.private);
        let limits = settings.limits;
        let http = reqwest::Client::builder()
            .user_agent(settings.agent())
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would look names up itself, and so decide which addresses are reached.
            .no_proxy()
            .connect_timeout(limits.connect)
            .read_timeout(limits.silence)
            .dns_resolver(PublicOnly(allowed.clone()))
            .build()
            .map_err(|error| SourceError::Client {
                reason: error.to_string(),
            })?;
        Ok(Client(Arc::new(Inside {
            archive: Archive::open(&settings.archive)?,
            paces: Paces::new(settings.pace),
            robots: Known::default(),
            tally: Tally::new(),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            settings,
            http,
            allowed,
        })))
    }

    /// Gets a URL: from the archive when its server said that it is still good, and else from its server, which is told what
    /// is kept already.
    ///
    /// # Errors
    /// When it may not be asked, the site declines, what came is not what was asked for, a limit or the budget is passed, or
    /// every attempt failed. Nothing that was kept before is lost.
    pub async fn get(&self, request: &Request) -> Result<Response, SourceError> {
        let _under_way = self.0.tally.under_way();
        let is_offline = self.settings().offline;
        let kept = match self.kept(request).await {
            // It is asked for again.
            Err(SourceError::Damaged { .. } | SourceError::Unfit { .. }) if !is_offline => None,
            found => found?,
        };
        let host = host_of(&request.url);
        match kept {
            None if is_offline => Err(SourceError::NotKept {
                url: request.url.to_string(),
                archive: self.archive().folder().to_path_buf(),
            }),
            None => self.attempts(request, Purpose::Data, None).await,
            Some(kept) if is_offline => Ok(self.answer_kept(&host, kept)),
            Some(kept) => match freshness(request, &kept, SystemTime::now()) {
                Freshness::Fresh => Ok(self.answer_kept(&host, kept)),
                Freshness::Ask(headers) => {
                    let validators = Some((&headers, &kept));
                    self.attempts(request, Purpose::Data, validators).await
                }
            },
        }
    }

    /// [`Client::get`] for a notebook: waits for the answer on this thread. Not to be called from inside async code.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn fetch(&self, request: &Request) -> Result<Response, SourceError> {
        runtime::block_on(self.get(request))
    }

    /// What was asked and got so far.
    pub fn report(&self) -> RunReport {
        self.0.tally.report()
    }

    /// Counts what became of the records of a response, for the report.
    pub fn count_rows(&self, of: &Provenance, counts: RowCounts) {
        if let Ok(url) = Url::parse(&of.url) {
            self.0.tally.rows(&host_of(&url), counts);
        }
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Attempts until one succeeds, or one fails for good.
    async fn attempts(
        &self,
        request: &Request,
        purpose: Purpose,
        validators: Option<(&HeaderMap, &Kept)>,
    ) -> Result<Response, SourceError> {
        let (url, retries) = (&request.url, self.settings().retries);
        let question = Question {
            request,
            purpose,
            validators,
        };
        let mut waits = retry::waits(&retries);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let attempt = async {
                let answer = self.attempt(question).await?;
                self.settle(request, answer, validators.map(|(_, kept)| kept))
                    .await
            };
            let trouble = match tokio::time::timeout(self.time_left(), attempt).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(Failure::Final(error))) => return Err(error),
                Ok(Err(Failure::Temporary(trouble))) => trouble,
                Err(_) => return Err(self.spent(url, self.time_is_up())),
            };
            let ours = waits.next();
            // No other request may go to a host that asked for a pause either.
            if let Some((host, wait)) = &trouble.wait {
                self.0.paces.leave(host, *wait);
                if ours.is_some() && *wait > retries.patience {
                    return Err(self.too_long(url, *wait));
                }
            }
            let Some(ours) = ours else {
                return Err(trouble.into_error(url.as_str(), attempts));
            };
            let wait = trouble.wait.map_or(ours, |(_, wait)| wait.max(ours));
            self.wait(url, wait).await?;
            self.0.tally.count(&host_of(url), |host| host.retries += 1);
        }
    }

    /// Keeps a good answer and makes it the request's newest.
    async fn settle(
        &self,
        request: &Request,
        answer: Answer,
        kept: Option<&Kept>,
    ) -> Result<Response, Failure> {
        let (body, provenance) = match (answer, kept) {
            (Answer::Whole(body, provenance), _) => (body, *provenance),
            (Answer::Unchanged(headers, at), Some(kept)) => {
                let kept = refreshed(kept, headers, at);
                self.archive().make_current(&request.key(), &kept)?;
                return Ok(self.answer_kept(&host_of(&request.url), kept));
            }
            // Only what is kept is asked about.
            (Answer::Unchanged(..), None) => {
                return Err(TroubleKind::Status(304, "nothing is kept".to_owned()).into());
            }
        };
        let response = self.keep(request, body, provenance).await?;
        let (of_check, to_check) = (request.clone(), response.clone());
        let passed = blocking(self, move || Ok(of_check.passes(&to_check))).await?;
        passed.map_err(TroubleKind::Unfit)?;
        let answered = response.provenance.clone();
        // The first time that these bytes came is what records point to.
        let first = kept.filter(|kept| kept.provenance.id == answered.id);
        let current = Kept {
            checked_at: answered.fetched_at,
            headers: answered.headers.clone(),
            provenance: first.map_or(answered, |kept| kept.provenance.clone()),
        };
        self.archive().make_current(&request.key(), &current)?;
        let place = response.path().to_path_buf();
        Ok(Response::new(current.provenance, place, false))
    }

    /// The newest good response that is kept, if it is whole and passes the request's check.
    async fn kept(&self, request: &Request) -> Result<Option<Kept>, SourceError> {
        let (archive, request) = (self.archive().clone(), request.clone());
        blocking(self, move || {
            let Some(kept) = archive.find(&request.key())? else {
                return Ok(None);
            };
            let place = archive.body(&kept.provenance);
            let response = Response::new(kept.provenance.clone(), place, true);
            match request.passes(&response) {
                Ok(()) => Ok(Some(kept)),
                Err(reason) => Err(SourceError::Unfit {
                    url: request.url.to_string(),
                    tried: "before, which is kept".to_owned(),
                    reason,
                }),
            }
        })
        .await
    }

    /// Refuses a URL that may not be asked.
    pub(super) async fn may_ask(&self, url: &Url, purpose: Purpose) -> Result<(), SourceError> {
        let refused = |error| {
            self.0.tally.count(&host_of(url), |host| host.refused += 1);
            error
        };
        self.0.allowed.check(url).map_err(refused)?;
        if purpose == Purpose::Data && self.settings().obey_robots {
            // Boxed: reading a robots.txt is itself a request.
            let rules = Box::pin(self.rules(url)).await?;
            if let Some(reason) = rules.forbid(url) {
                return Err(refused(SourceError::Robots {
                    url: url.to_string(),
                    reason,
                }));
            }
        }
        Ok(())
    }

    /// The rules of a URL's origin, read now if they are not known.
    async fn rules(&self, url: &Url) -> Result<Arc<Rules>, SourceError> {
        let cell = self.0.robots.of(url);
        let mut known = cell.lock().await;
        if let Some(rules) = known.as_ref().filter(|rules| rules.are_current()) {
            return Ok(Arc::clone(rules));
        }
        let mut place = url.clone();
        place.set_path("/robots.txt");
        place.set_query(None);
        let request = Request::new(place.as_str())?;
        let fetched = match self.attempts(&request, Purpose::Robots, None).await {
            Ok(response) => Fetched::Text(response.bytes()?),
            Err(SourceError::Status { status, .. } | SourceError::Declined { status, .. })
                if (400..500).contains(&status) && status != 429 =>
            {
                Fetched::Absent
            }
            Err(SourceError::Redirects { .. }) => Fetched::Absent,
            Err(SourceError::Status { status, .. }) => {
                Fetched::Unreachable(format!("status {status}"))
            }
            Err(SourceError::Network { reason, .. } | SourceError::TooLarge { reason, .. }) => {
                Fetched::Unreachable(reason)
            }
            Err(error) => return Err(error),
        };
        let old = known.as_ref().filter(|rules| rules.can_stand_in());
        if let (Fetched::Unreachable(_), Some(old)) = (&fetched, old) {
            return Ok(Arc::clone(old));
        }
        let rules = Arc::new(Rules::new(fetched, &self.settings().name));
        if let Some(delay) = rules.delay() {
            self.0.paces.delay(&host_of(url), delay);
        }
        *known = Some(Arc::clone(&rules));
        Ok(rules)
    }

    /// Waits for the host's turn.
    pub(super) async fn turn(&self, url: &Url, host: &str) -> Result<Turn, SourceError> {
        let patience = self.settings().retries.patience;
        let turn = self.0.paces.turn(host, patience).await;
        let turn = turn.map_err(|wait| self.too_long(url, wait))?;
        self.0.tally.count(host, |host| host.waited += turn.waited);
        Ok(turn)
    }

    /// Waits between two attempts, unless the budget of time would end before.
    async fn wait(&self, url: &Url, wait: Duration) -> Result<(), SourceError> {
        if wait > self.time_left() {
            let wait = wait.as_secs_f64();
            let budget = self.settings().budget.time.as_secs();
            let used = format!("waiting {wait:.0} s for it would pass the budget of {budget} s");
            return Err(self.spent(url, used));
        }
        tokio::time::sleep(wait).await;
        self.0
            .tally
            .count(&host_of(url), |host| host.waited += wait);
        Ok(())
    }

    /// Takes one request from the budget.
    pub(super) fn spend(&self, url: &Url, host: &str) -> Result<(), SourceError> {
        let budget = self.settings().budget;
        if self.time_left().is_zero() {
            return Err(self.spent(url, self.time_is_up()));
        }
        if self.0.received.load(Ordering::Relaxed) >= budget.bytes {
            let bytes = budget.bytes;
            return Err(self.spent(url, format!("the budget of {bytes} bytes is used up")));
        }
        let more = |sent: u64| (sent < budget.requests).then_some(sent + 1);
        let sent = self
            .0
            .sent
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        if sent.is_err() {
            let requests = budget.requests;
            return Err(self.spent(url, format!("the budget of {requests} requests is used up")));
        }
        self.0.tally.count(host, |host| host.requests += 1);
        Ok(())
    }

    /// Takes received bytes from the budget.
    pub(super) fn received(&self, url: &Url, host: &str, bytes: u64) -> Result<(), SourceError> {
        let budget = self.settings().budget.bytes;
        let received = self.0.received.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.0.tally.count(host, |host| host.bytes += bytes);
        if received > budget {
            return Err(self.spent(url, format!("the budget of {budget} bytes is used up")));
        }
        Ok(())
    }

    fn spent(&self, url: &Url, used: String) -> SourceError {
        self.0.tally.count(&host_of(url), |host| host.refused += 1);
        SourceError::Budget {
            url: url.to_string(),
            used,
        }
    }

    fn too_long(&self, url: &Url, wait: Duration) -> SourceError {
        SourceError::Wait {
            url: url.to_string(),
            wait,
            patience: self.settings().retries.patience,
        }
    }

    fn time_left(&self) -> Duration {
        self.settings()
            .budget
            .time
            .saturating_sub(self.0.tally.elapsed())
    }

    fn time_is_up(&self) -> String {
        format!(
            "the budget of {} s is used up",
            self.settings().budget.time.as_secs()
        )
    }

    /// Keeps a body with where it came from.
    pub(super) async fn keep(
        &self,
        request: &Request,
        body: Body,
        provenance: Provenance,
    ) -> Result<Response, SourceError> {
        let (archive, key) = (self.archive().clone(), request.key());
        blocking(self, move || {
            archive.keep(&key, body, &provenance)?;
            let place = archive.body(&provenance);
            Ok(Response::new(provenance, place, false))
        })
        .await
    }

    fn answer_kept(&self, host: &str, kept: Kept) -> Response {
        self.0.tally.count(host, |host| host.cache_hits += 1);
        let place = self.archive().body(&kept.provenance);
        Response::new(kept.provenance, place, true)
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(super) fn archive(&self) -> &Archive {
        &self.0.archive
    }
}

/// What is kept, with the headers that a 304 brought in place of the old (RFC 9111, 3.2).
fn refreshed(kept: &Kept, headers: Vec<(String, String)>, at: DateTime<Utc>) -> Kept {
    let is_replaced = |name: &str| headers.iter().any(|(new, _)| new == name);
    let stays = kept.headers.iter().filter(|(name, _)| !is_replaced(name));
    // Those of a body say nothing without one.
    let is_of_body = |name: &str| {
        matches!(
            name,
            "content-encoding" | "content-length" | "content-range" | "transfer-encoding"
        )
    };
    let comes = headers.iter().filter(|(name, _)| !is_of_body(name));
    Kept {
        headers: stays.chain(comes).cloned().collect(),
        checked_at: at,
        provenance: kept.provenance.clone(),
    }
}

/// Runs what reads and writes files on a thread that may wait for them.
async fn blocking<T: Send + 'static>(
    client: &Client,
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            Err(SourceError::Archive {
                path: client.archive().folder().to_path_buf(),
                what: "used",
                source: std::io::Error::other(error),
            })
        })
}
