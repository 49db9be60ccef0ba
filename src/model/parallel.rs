//! Work on several threads whose result does not depend on how many there are.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The cores there are.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Does the work for 0, 1, … `parts` on at most `threads` threads; results come in the order of the parts. What a part is may
/// not depend on `threads`: then neither do the results. A panic in the work becomes a panic here.
pub(super) fn in_parts<R: Send>(
    threads: usize,
    parts: usize,
    work: impl Fn(usize) -> R + Sync,
) -> Vec<R> {
    if threads <= 1 || parts <= 1 {
        return (0..parts).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(parts));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(parts) {
            scope.spawn(|| {
                loop {
                    let part = next.fetch_add(1, Ordering::Relaxed);
                    if part >= parts {
                        return;
                    }
                    let result = work(part);
                    // A poisoned lock means that another part panicked, and the scope is about to say so.
                    done.lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push((part, result));
                }
            });
        }
    });
    let mut done = done
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_unstable_by_key(|(part, _)| *part);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_at_any_number_of_threads() {
        for threads in [1, 2, 7] {
            assert_eq!(
                in_parts(threads, 50, |part| part * part),
                (0..50).map(|part| part * part).collect::<Vec<_>>()
            );
        }
        assert!(in_parts(4, 0, |part| part).is_empty());
    }
}
