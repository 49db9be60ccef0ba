//! The faults that providers are known for, and when a replay shows them.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// The path, below a provider's prefix, of the page to which a fault redirects.
pub(super) const ERROR_PAGE: &str = "error.html";

/// How many faults a replay shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Faults {
    /// None: every request is answered at once.
    None,
    /// For most paths one fault on the first request, and the wall of the registry: what a run of a day meets.
    #[default]
    Some,
    /// For every path each fault, one request after the other, before it is answered.
    All,
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Faults, String> {
        match text {
            "none" => Ok(Faults::None),
            "some" => Ok(Faults::Some),
            "all" => Ok(Faults::All),
            other => Err(format!("{other:?} is not one of none, some, all")),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Faults::None => "none",
            Faults::Some => "some",
            Faults::All => "all",
        })
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Status 429 with `Retry-After: 1`.
    TooMany,
    /// Status 503.
    Unavailable,
    /// The whole body, in pieces with pauses.
    Slow,
    /// Half of the body: the connection breaks off; the station archive ends it as if it were whole.
    Cut,
    /// A redirect to a page, with status 200, that says that something is wrong.
    ErrorPage,
    /// The same body under another ETag, and no 304.
    ChangedTag,
    /// Status 403 for what does not look like a browser, on every page of an aircraft.
    Wall,
}

/// In the order in which a path shows all of them.
const IN_ORDER: [Fault; 6] = [
    Fault::TooMany,
    Fault::Unavailable,
    Fault::Slow,
    Fault::Cut,
    Fault::ErrorPage,
    Fault::ChangedTag,
];

/// What comes next for each path.
#[derive(Debug)]
pub(super) struct Plan {
    faults: Faults,
    asked: HashMap<String, usize>,
}

impl Plan {
    pub(super) fn new(faults: Faults) -> Plan {
        Plan {
            faults,
            asked: HashMap::new(),
        }
    }

    /// What goes wrong with this request, if anything does.
    pub(super) fn next(
        &mut self,
        provider: &str,
        path: &str,
        query: &str,
        agent: &str,
    ) -> Option<Fault> {
        if self.faults == Faults::None {
            return None;
        }
        let is_page = path.to_lowercase().starts_with("/aircraftinquiry/");
        if provider == "faa" && is_page && !agent.starts_with("Mozilla/") {
            return Some(Fault::Wall);
        }
        let key = format!("{provider}{path}?{query}");
        let first = usize::try_from(hash(key.as_bytes()) % 8).unwrap_or_default();
        let asked = self.asked.entry(key).or_default();
        let times = *asked;
        *asked += 1;
        match self.faults {
            Faults::None => None,
            // Six of eight paths have one, on the first request; which one, their name decides.
            Faults::Some if times == 0 => IN_ORDER.get(first).copied(),
            Faults::Some => None,
            Faults::All => IN_ORDER.get(times).copied(),
        }
    }
}

/// FNV-1a (Fowler, Noll, Vo): the same on every machine, and tags need no more.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(faults: Faults, path: &str) -> Vec<Option<Fault>> {
        let mut plan = Plan::new(faults);
        (0..8)
            .map(|_| plan.next("bts", path, "", "carnet"))
            .collect()
    }

    #[test]
    fn every_path_is_answered_after_its_faults_and_the_same_each_time() {
        assert_eq!(seen(Faults::None, "/a"), [None; 8]);
        let all = seen(Faults::All, "/a");
        assert_eq!(all[..6], IN_ORDER.map(Some));
        assert_eq!(all[6..], [None; 2]);
        let paths: Vec<String> = (0..100).map(|number| format!("/{number}")).collect();
        let mut kinds = std::collections::HashSet::new();
        for path in &paths {
            let some = seen(Faults::Some, path);
            assert_eq!(some, seen(Faults::Some, path));
            assert_eq!(some[1..], [None; 7]);
            kinds.insert(some[0]);
        }
        assert_eq!(kinds.len(), 7, "each fault and none: {kinds:?}");
    }

    #[test]
    fn the_wall_lets_in_what_looks_like_a_browser_and_nothing_else() {
        let mut plan = Plan::new(Faults::Some);
        let mut ask = |agent: &str| {
            let path = "/AircraftInquiry/Search/NNumberResult";
            (0..3)
                .map(|_| plan.next("faa", path, "", agent))
                .collect::<Vec<_>>()
        };
        assert_eq!(ask("carnet/0.1"), [Some(Fault::Wall); 3]);
        assert!(!ask("Mozilla/5.0").contains(&Some(Fault::Wall)));
    }
}
