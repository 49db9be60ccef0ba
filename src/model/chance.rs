//! Chance that a seed repeats exactly, on any machine and any number of threads: orders, draws and numbers.

/// The numbers below `rows` in an order that only the seed decides: sorted by their SplitMix64 hash (Steele and others 2014).
pub(super) fn shuffled(rows: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by_cached_key(|&row| (mixed(seed, row as u64), row));
    order
}

/// `count` rows of the order from `start` on, beginning again at its end, each at most once; sorted.
pub(super) fn drawn(order: &[usize], start: usize, count: usize) -> Vec<usize> {
    let mut rows: Vec<usize> = order
        .iter()
        .cycle()
        .skip(start % order.len())
        .take(count.min(order.len()))
        .copied()
        .collect();
    rows.sort_unstable();
    rows
}

/// SplitMix64's output number `index` after `seed`.
pub(super) fn mixed(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
