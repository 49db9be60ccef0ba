//! The colours of a chart: one qualitative and one sequential palette, both safe for colour-blind readers and readable
//! on a white and on a dark page.

/// Colours of series, in the order they are used: the Okabe–Ito palette without its yellow (too pale on white) and with
/// a mid grey in place of black (invisible on a dark page).
pub(crate) const SERIES: [&str; 7] = [
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#7F7F7F",
];

/// Ink of the static picture, which has a white page of its own.
pub(crate) const INK: &str = "#1F2328";
/// Secondary text of the static picture: subtitle, ticks, legend.
pub(crate) const SOFT_INK: &str = "#4B5259";
/// Footer text of the static picture.
pub(crate) const FAINT_INK: &str = "#6B737B";
/// Grid lines of the static picture.
pub(crate) const GRID: &str = "#E4E7EA";
/// The line that values start from.
pub(crate) const BASELINE: &str = "#8A9299";
/// Reference lines and their labels.
pub(crate) const REFERENCE: &str = "#3B4248";
/// A cell of a heat map that has no value.
pub(crate) const NO_VALUE: &str = "#F0F1F2";

/// Text of the interactive form: it has no page of its own, and this grey has a contrast above 4 on white and on black.
pub(crate) const PLOTLY_INK: &str = "#7D7D7D";
/// Grid lines of the interactive form.
pub(crate) const PLOTLY_GRID: &str = "rgba(127,127,127,0.25)";

/// Viridis at nine even steps: perceptually even, and it still reads when printed in grey.
pub(crate) const SEQUENTIAL: [(u8, u8, u8); 9] = [
    (68, 1, 84),
    (71, 45, 123),
    (59, 82, 139),
    (44, 114, 142),
    (33, 145, 140),
    (40, 174, 128),
    (94, 201, 98),
    (173, 220, 48),
    (253, 231, 37),
];

/// The colour of series number `index`; colours repeat after the seventh (lines are dashed then).
pub(crate) fn series(index: usize) -> &'static str {
    SERIES[index % SERIES.len()]
}

/// The sequential colour at `share` of the way from the lowest value to the highest; outside 0..=1 it is clamped.
pub(crate) fn sequential(share: f64) -> (u8, u8, u8) {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let place = share * (SEQUENTIAL.len() - 1) as f64;
    let low = (place.floor() as usize).min(SEQUENTIAL.len() - 2);
    let part = place - low as f64;
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * part).round() as u8;
    let (a, b) = (SEQUENTIAL[low], SEQUENTIAL[low + 1]);
    (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// A colour as `#RRGGBB`.
pub(crate) fn hex((red, green, blue): (u8, u8, u8)) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Black or white, whichever is easier to read on `background`.
pub(crate) fn ink_on((red, green, blue): (u8, u8, u8)) -> &'static str {
    let luminance = 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue);
    if luminance > 140.0 { INK } else { "#FFFFFF" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequential_colours_run_from_the_first_stop_to_the_last_and_clamp_outside() {
        assert_eq!(sequential(0.0), SEQUENTIAL[0]);
        assert_eq!(sequential(1.0), SEQUENTIAL[8]);
        assert_eq!(sequential(7.0), SEQUENTIAL[8]);
        assert_eq!(sequential(f64::NAN), SEQUENTIAL[0]);
    }
}
