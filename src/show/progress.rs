//! Progress bars that move while a cell runs, and that a saved notebook still tells in words.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::displayed::{Displayed, display};
use super::send::{Reader, reader};
use super::table::escape;
use super::{Bundle, Show, chart, mime};

/// Time between two pictures of a bar.
const PAUSE: Duration = Duration::from_millis(100);
/// Places of the bar in plain text.
const WIDTH: usize = 20;

/// A bar for `total` steps of `what`, shown at once; see [`Bar`].
///
/// ```
/// let bar = carnet::show::progress("pages", 3);
/// for page in 0..3 {
///     bar.advance(1);
/// }
/// ```
pub fn progress(what: impl Into<String>, total: u64) -> Bar {
    Bar::new(what.into(), Some(total))
}

/// The iterator, with a bar that moves with it. One that does not know how many items it has (a filtered one) is only
/// counted.
///
/// ```
/// use carnet::show::progress_of;
/// let squares: Vec<u64> = progress_of("squares", 1..=10_u64).map(|n| n * n).collect();
/// ```
pub fn progress_of<I: IntoIterator>(what: impl Into<String>, items: I) -> Progressing<I::IntoIter> {
    let items = items.into_iter();
    let total = match items.size_hint() {
        (least, Some(most)) if least == most => Some(most as u64),
        _ => None,
    };
    Progressing {
        bar: Bar::new(what.into(), total),
        items,
    }
}

/// See [`progress_of`].
#[derive(Debug)]
pub struct Progressing<I> {
    bar: Bar,
    items: I,
}

impl<I: Iterator> Iterator for Progressing<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let item = self.items.next()?;
        self.bar.advance(1);
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

/// A progress bar. Clones are the same bar, and any thread may move it. When the last clone is dropped, its last state
/// stays. In a cell that is being stopped, moving the bar ends the cell.
///
/// A terminal and stock evcxr, which cannot replace anything, get one line at the end.
#[derive(Debug, Clone)]
pub struct Bar(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    total: Option<u64>,
    done: AtomicU64,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    what: String,
    told: Instant,
    /// Whether it was shown with all of it done.
    full: bool,
    shown: Option<Displayed>,
}

impl Bar {
    fn new(what: String, total: Option<u64>) -> Self {
        Self::since(what, total, Instant::now())
    }

    /// A bar for work that began at `start`.
    pub(super) fn since(what: String, total: Option<u64>, start: Instant) -> Self {
        let bar = Self(Arc::new(Inner {
            total,
            done: AtomicU64::new(0),
            start,
            state: Mutex::new(State {
                what,
                told: Instant::now(),
                full: false,
                shown: None,
            }),
        }));
        if matches!(reader(), Reader::Carnet(_)) {
            let bundle = bar.0.bundle(&bar.0.state());
            bar.0.state().shown = Some(display(&bundle));
        }
        bar
    }

    /// `count` steps more are done.
    #[doc(alias = "inc")]
    pub fn advance(&self, count: u64) {
        self.0.done.fetch_add(count, Ordering::Relaxed);
        self.0.tell();
        crate::stop::check();
    }

    /// So many steps are done in all.
    pub fn set(&self, done: u64) {
        self.0.done.store(done, Ordering::Relaxed);
        self.0.tell();
        crate::stop::check();
    }

    /// What is done now, in place of what the bar was called.
    pub fn message(&self, what: impl Into<String>) {
        self.0.state().what = what.into();
        self.0.tell();
    }

    /// Moves it from a thread that watches the work: never ends the cell.
    pub(super) fn follow(&self, done: u64, what: &str) {
        self.0.done.store(done, Ordering::Relaxed);
        what.clone_into(&mut self.0.state().what);
        self.0.tell();
    }
}

impl Show for Bar {
    /// The bar as it is now; it does not move there.
    fn bundle(&self) -> Bundle {
        self.0.bundle(&self.0.state())
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows where the bar is, unless it was shown a moment ago; its end always, since a variable may keep it.
    fn tell(&self) {
        let mut state = self.state();
        let done = self.done.load(Ordering::Relaxed);
        let full = self.total.is_some_and(|total| done >= total);
        if state.told.elapsed() >= PAUSE || (full && !state.full) {
            state.told = Instant::now();
            state.full = full;
            if let Some(shown) = &state.shown {
                shown.replace(&self.bundle(&state));
            }
        }
    }

    fn bundle(&self, state: &State) -> Bundle {
        bundle(
            &state.what,
            self.done.load(Ordering::Relaxed),
            self.total,
            self.start.elapsed(),
        )
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let state = self.state();
        let bundle = self.bundle(&state);
        match &state.shown {
            Some(shown) => shown.replace(&bundle),
            None => {
                display(&bundle);
            }
        }
    }
}

/// The bar as it is after `elapsed`.
fn bundle(what: &str, done: u64, total: Option<u64>, elapsed: Duration) -> Bundle {
    let numbers = numbers(done, total, elapsed);
    let Some(total) = total.filter(|total| *total > 0) else {
        let html = format!(
            "<div><b>{}</b> <small>{numbers}</small></div>",
            escape(what)
        );
        return Bundle::text(format!("{what}: {numbers}")).with(mime::HTML, html);
    };
    let share = (done as f64 / total as f64).clamp(0.0, 1.0);
    let full = (share * WIDTH as f64) as usize;
    let text = format!(
        "{what} {}{} {numbers}",
        "█".repeat(full),
        "░".repeat(WIDTH - full)
    );
    // No colour of its own: the bar has the colour of the text, in light and dark.
    let html = format!(
        "<div role=\"progressbar\" aria-valuemin=\"0\" aria-valuemax=\"{total}\" aria-valuenow=\"{done}\" style=\"max-width:40em\">\
         <div><b>{}</b> <small>{numbers}</small></div>\
         <div style=\"height:8px;border:1px solid currentColor;border-radius:5px;overflow:hidden;opacity:.75\">\
         <div style=\"height:100%;width:{:.1}%;background:currentColor\"></div></div></div>",
        escape(what),
        share * 100.0
    );
    Bundle::text(text).with(mime::HTML, html)
}

/// `40 % (40 of 100), 1.2 s, 1.8 s left`.
fn numbers(done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let count = |number: u64| chart::count(number as usize);
    let seconds = elapsed.as_secs_f64();
    let Some(total) = total else {
        return format!("{}, {}", count(done), duration(seconds));
    };
    let share = if total == 0 {
        1.0
    } else {
        (done as f64 / total as f64).min(1.0)
    };
    let mut text = format!(
        "{:.0} % ({} of {}), {}",
        (share * 100.0).floor(),
        count(done),
        count(total),
        duration(seconds)
    );
    if done > 0 && done < total {
        let left = seconds * (total - done) as f64 / done as f64;
        text.push_str(&format!(", about {} left", duration(left)));
    }
    text
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!(
            "{:.0} min {:02.0} s",
            (s / 60.0).floor(),
            (s % 60.0).floor()
        ),
        s => format!(
            "{:.0} h {:02.0} min",
            (s / 3600.0).floor(),
            (s % 3600.0 / 60.0).floor()
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_bar_reads_as_text_and_draws_without_script() {
        let shown = bundle("trees <b>", 40, Some(100), Duration::from_millis(1200));
        assert_eq!(
            shown.plain_text(),
            Some("trees <b> ████████░░░░░░░░░░░░ 40 % (40 of 100), 1.2 s, about 1.8 s left")
        );
        let html = shown.get(mime::HTML).unwrap().as_str().unwrap();
        assert!(
            html.contains("width:40.0%") && html.contains("trees &lt;b&gt;"),
            "{html}"
        );
        assert!(!html.contains("<script"), "{html}");
    }

    #[test]
    fn what_has_no_end_is_counted_and_what_is_more_than_all_is_all() {
        let text = |done, total| {
            let shown = bundle("rows", done, total, Duration::from_secs(75));
            shown.plain_text().unwrap().to_owned()
        };
        assert_eq!(text(1_234_567, None), "rows: 1,234,567, 1 min 15 s");
        assert!(text(7, Some(5)).contains("100 % (7 of 5)"));
        assert!(text(0, Some(0)).contains("100 % (0 of 0)"));
    }

    #[test]
    fn an_iterator_passes_all_its_items_on() {
        assert_eq!(
            progress_of("items", [1, 2, 3]).collect::<Vec<_>>(),
            [1, 2, 3]
        );
    }
}
