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

    /// Linear light of an sRGB channel (IEC 61966-2-1).
    fn linear(channel: u8) -> f64 {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    }

    fn rgb(hex: &str) -> [f64; 3] {
        [1, 3, 5].map(|at| linear(u8::from_str_radix(&hex[at..at + 2], 16).unwrap_or(0)))
    }

    fn times(matrix: [[f64; 3]; 3], [r, g, b]: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| (row[0] * r + row[1] * g + row[2] * b).clamp(0.0, 1.0))
    }

    /// What readers see: all colours, and the full protanopia, deuteranopia and tritanopia of Machado, Oliveira and Fernandes
    /// (A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009), in linear light.
    const EYES: [(&str, [[f64; 3]; 3]); 4] = [
        (
            "all colours",
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        ),
        (
            "protanopia",
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
        ),
    ];

    /// CIE L*a*b* under D65.
    fn lab(light: [f64; 3]) -> [f64; 3] {
        let to_xyz = [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ];
        let white = [0.95047, 1.0, 1.08883];
        let f = |t: f64| {
            if t > 0.008856 {
                t.cbrt()
            } else {
                7.787 * t + 16.0 / 116.0
            }
        };
        let [x, y, z] =
            to_xyz.map(|row: [f64; 3]| row[0] * light[0] + row[1] * light[1] + row[2] * light[2]);
        let (x, y, z) = (f(x / white[0]), f(y / white[1]), f(z / white[2]));
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn difference(one: [f64; 3], other: [f64; 3]) -> f64 {
        one.iter()
            .zip(other)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
            .sqrt()
    }

    #[test]
    fn every_eye_tells_the_series_apart() {
        for (eye, matrix) in EYES {
            let seen: Vec<[f64; 3]> = SERIES
                .iter()
                .map(|hex| lab(times(matrix, rgb(hex))))
                .collect();
            for (index, one) in seen.iter().enumerate() {
                for (other_index, other) in seen.iter().enumerate().skip(index + 1) {
                    let found = difference(*one, *other);
                    let names = (SERIES[index], SERIES[other_index]);
                    // About 2.3 is just noticeable side by side; lines and legends need more.
                    assert!(found > 9.0, "{eye}: {names:?} differ by {found:.1}");
                }
            }
        }
    }

    #[test]
    fn series_are_seen_on_a_white_and_on_a_dark_page() {
        let luminance = |light: [f64; 3]| 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
        let contrast = |one: f64, other: f64| (one.max(other) + 0.05) / (one.min(other) + 0.05);
        for hex in SERIES {
            let own = luminance(rgb(hex));
            for page in ["#FFFFFF", "#111111"] {
                let found = contrast(own, luminance(rgb(page)));
                assert!(found > 2.0, "{hex} on {page}: {found:.2}");
            }
        }
    }
}
