//! Places in code: frontends count Unicode code points, engines count bytes.

/// The byte at which the code point number `place` begins; the end for one that is not there.
pub(crate) fn to_byte(code: &str, place: usize) -> usize {
    code.char_indices()
        .nth(place)
        .map_or(code.len(), |(at, _)| at)
}

/// The number of code points before the byte `place`.
pub(crate) fn to_code_point(code: &str, place: usize) -> usize {
    code.char_indices()
        .take_while(|(at, _)| *at < place)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_several_bytes_count_once() {
        let code = "é🦀x";
        for (point, byte) in [(0, 0), (1, 2), (2, 6), (3, 7)] {
            assert_eq!(
                (to_byte(code, point), to_code_point(code, byte)),
                (byte, point)
            );
        }
        assert_eq!(to_byte(code, 9), 7);
    }
}
