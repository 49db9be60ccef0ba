//! [`Pages`]: one answer after another, by number, by offset, by a cursor in the body or by the Link header; guarded against
//! sites that lead in a circle, and able to go on where an earlier run stopped.

use super::{Client, Request, Response, SourceError};
use crate::runtime;
use serde_json::Value;
use std::collections::HashSet;
use url::{Url, form_urlencoded};

/// How the next page is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// The parameter of the query that holds the page's number, and the first number.
    Page {
        /// The parameter's name.
        parameter: String,
        /// The number of the first page.
        first: u64,
    },
    /// The parameter of the query that says how many rows to pass over, and how many a page has.
    Offset {
        /// The parameter's name.
        parameter: String,
        /// Rows of a page.
        step: u64,
    },
    /// The parameter of the query that takes the cursor, and where the body (JSON) has the next one. A cursor that is absent,
    /// null or empty ends the pages.
    Cursor {
        /// The parameter's name.
        parameter: String,
        /// A JSON pointer (RFC 6901), such as `/meta/next`.
        pointer: String,
    },
    /// The header `Link` with `rel="next"` (RFC 8288). None ends the pages.
    Link,
}

/// Says whether a page is beyond the last: for pages by number or offset, which nothing else ends.
type IsBeyond = dyn Fn(&Response) -> Result<bool, SourceError> + Send + Sync;

/// Pages, asked for one by one.
pub struct Pages {
    client: Client,
    first: Request,
    paging: Paging,
    is_beyond: Option<Box<IsBeyond>>,
    /// What is asked next; nothing at the end.
    next: Option<Url>,
    /// Pages given so far.
    given: usize,
    urls: HashSet<String>,
    bodies: HashSet<String>,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages")
            .field("first", &self.first)
            .field("paging", &self.paging)
            .field("next", &self.next.as_ref().map(Url::as_str))
            .finish_non_exhaustive()
    }
}

impl Pages {
    /// The pages that begin with this request.
    pub fn new(client: &Client, first: Request, paging: Paging) -> Pages {
        let mut next = first.url.clone();
        match &paging {
            Paging::Page { parameter, first } => set(&mut next, parameter, &first.to_string()),
            Paging::Offset { parameter, .. } => set(&mut next, parameter, "0"),
            Paging::Cursor { .. } | Paging::Link => {}
        }
        Pages {
            client: client.clone(),
            first,
            paging,
            is_beyond: None,
            next: Some(next),
            given: 0,
            urls: HashSet::new(),
            bodies: HashSet::new(),
        }
    }

    /// Goes on at the page that [`Pages::position`] named.
    ///
    /// # Errors
    /// When it is no URL.
    pub fn resume(mut self, position: &str) -> Result<Pages, SourceError> {
        self.next = Some(Request::new(position)?.url);
        Ok(self)
    }

    /// How a page beyond the last is told: such as one without rows. It is not given.
    #[must_use]
    pub fn until(
        mut self,
        is_beyond: impl Fn(&Response) -> Result<bool, SourceError> + Send + Sync + 'static,
    ) -> Pages {
        self.is_beyond = Some(Box::new(is_beyond));
        self
    }

    /// What is asked next, to be kept beside what the pages so far gave; nothing when all are given.
    pub fn position(&self) -> Option<&str> {
        self.next.as_ref().map(Url::as_str)
    }

    /// The next page, or nothing after the last. A page that fails can be asked for again.
    ///
    /// # Errors
    /// As [`Client::get`]; and when a page is one that was given already.
    pub async fn next(&mut self) -> Result<Option<Response>, SourceError> {
        let Some(url) = self.next.clone() else {
            return Ok(None);
        };
        let page = self.given + 1;
        if self.urls.contains(url.as_str()) {
            return Err(circle(&url, page, "its URL was asked before"));
        }
        let response = self.client.get(&self.first.at(url.clone())).await?;
        if let Some(is_beyond) = &self.is_beyond
            && is_beyond(&response)?
        {
            self.next = None;
            return Ok(None);
        }
        // A site that ignores the parameter sends the same page for ever. By cursor or link, pages may well be equal.
        let is_counted = matches!(self.paging, Paging::Page { .. } | Paging::Offset { .. });
        if is_counted && self.bodies.contains(&response.provenance.sha256) {
            return Err(circle(&url, page, "its body came before"));
        }
        let next = self.after(&url, &response)?;
        self.urls.insert(url.to_string());
        self.bodies.insert(response.provenance.sha256.clone());
        self.given = page;
        self.next = next;
        Ok(Some(response))
    }

    /// [`Pages::next`] for a notebook: waits on this thread. Not to be called from inside async code.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub fn fetch_next(&mut self) -> Result<Option<Response>, SourceError> {
        runtime::block_on(self.next())
    }

    fn after(&self, url: &Url, response: &Response) -> Result<Option<Url>, SourceError> {
        let mut next = url.clone();
        match &self.paging {
            Paging::Page { parameter, first } => {
                let number = value(url, parameter).unwrap_or(*first);
                set(&mut next, parameter, &(number + 1).to_string());
            }
            Paging::Offset { parameter, step } => {
                let offset = value(url, parameter).unwrap_or(0);
                set(&mut next, parameter, &(offset + step).to_string());
            }
            Paging::Cursor { parameter, pointer } => {
                let body: Value = serde_json::from_slice(&response.bytes()?).map_err(|error| {
                    SourceError::Unfit {
                        url: url.to_string(),
                        tried: "once".to_owned(),
                        reason: format!(
                            "a body with a cursor at {pointer} has to be JSON: {error}"
                        ),
                    }
                })?;
                match body.pointer(pointer) {
                    None | Some(Value::Null) => return Ok(None),
                    Some(Value::String(cursor)) if cursor.is_empty() => return Ok(None),
                    Some(Value::String(cursor)) => set(&mut next, parameter, cursor),
                    Some(Value::Number(cursor)) => set(&mut next, parameter, &cursor.to_string()),
                    Some(other) => {
                        return Err(SourceError::Unfit {
                            url: url.to_string(),
                            tried: "once".to_owned(),
                            reason: format!(
                                "the cursor at {pointer} is neither text nor a number: {other}"
                            ),
                        });
                    }
                }
            }
            Paging::Link => {
                let links = response.provenance.headers.iter();
                let target = links
                    .filter(|(name, _)| name.eq_ignore_ascii_case("link"))
                    .find_map(|(_, value)| next_of_link(value));
                let Some(target) = target else {
                    return Ok(None);
                };
                let wrong = |error: url::ParseError| SourceError::Url {
                    url: target.to_owned(),
                    reason: error.to_string(),
                };
                // Relative to where the page was found (RFC 8288, 3.2).
                let base = Url::parse(&response.provenance.final_url).map_err(wrong)?;
                next = Request::new(base.join(target).map_err(wrong)?.as_str())?.url;
            }
        }
        Ok(Some(next))
    }
}

fn circle(url: &Url, page: usize, reason: &str) -> SourceError {
    SourceError::Loop {
        url: url.to_string(),
        page,
        reason: reason.to_owned(),
    }
}

/// The number that a parameter of the query holds.
fn value(url: &Url, parameter: &str) -> Option<u64> {
    let (_, value) = url.query_pairs().find(|(name, _)| name == parameter)?;
    value.parse().ok()
}

/// Sets a parameter of the query, in its place if it is there; the others stay as they are written.
fn set(url: &mut Url, parameter: &str, value: &str) {
    let pair = form_urlencoded::Serializer::new(String::new())
        .append_pair(parameter, value)
        .finish();
    let is_it = |pair: &str| {
        let mut pairs = form_urlencoded::parse(pair.as_bytes());
        pairs.next().is_some_and(|(name, _)| name == parameter)
    };
    let query = url.query().unwrap_or_default();
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    match pairs.iter_mut().find(|pair| is_it(pair)) {
        Some(old) => *old = &pair,
        None => pairs.push(&pair),
    }
    let query = pairs.join("&");
    url.set_query(Some(&query));
}

/// The target of the first link with `rel=next` (RFC 8288).
fn next_of_link(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let begin = rest.find('<')?;
        let end = begin + rest[begin..].find('>')?;
        let (target, after) = (&rest[begin + 1..end], &rest[end + 1..]);
        let (parameters, others) = until_unquoted(after, ',');
        let mut left = parameters;
        // Only the first `rel` of a link counts.
        let relations = loop {
            let (parameter, more) = until_unquoted(left, ';');
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if name.trim().eq_ignore_ascii_case("rel") {
                break value.trim().trim_matches('"');
            }
            if more.is_empty() {
                break "";
            }
            left = more;
        };
        let mut relations = relations.split_ascii_whitespace();
        if relations.any(|relation| relation.eq_ignore_ascii_case("next")) {
            return Some(target);
        }
        rest = others;
    }
}

/// What stands before a character and what stands after it, where it is in no quotes.
fn until_unquoted(text: &str, separator: char) -> (&str, &str) {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if character == separator && !is_quoted => {
                return (&text[..at], &text[at + character.len_utf8()..]);
            }
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        for (header, next) in [
            (
                r#"<https://a.example/?p=2>; rel="next", <https://a.example/?p=9>; rel="last""#,
                Some("https://a.example/?p=2"),
            ),
            (
                r#"<?a=1,2>; rel=prev, <?a=3,4>; title="x, y; rel=\"prev\""; REL="start next""#,
                Some("?a=3,4"),
            ),
            (r#"<x>; rel="nexts""#, None),
            (r#"<x>; title="a; rel=next"; rel=prev; rel=next"#, None),
            ("<x>;rel=next", Some("x")),
            ("<x>,<y>; rel=next", Some("y")),
            ("nothing", None),
            ("<unclosed", None),
        ] {
            assert_eq!(next_of_link(header), next, "{header}");
        }
    }

    #[test]
    fn a_parameter_is_set_in_its_place() {
        let mut url = Url::parse("https://a.example/x?raw&page=1&q=a%20b").unwrap();
        set(&mut url, "page", "2");
        assert_eq!(url.as_str(), "https://a.example/x?raw&page=2&q=a%20b");
        set(&mut url, "after", "ä&");
        assert_eq!(
            url.as_str(),
            "https://a.example/x?raw&page=2&q=a%20b&after=%C3%A4%26"
        );
    }

    proptest! {
        #[test]
        fn no_link_header_stops_the_program(header in ".*") {
            let _ = next_of_link(&header);
        }
    }
}
