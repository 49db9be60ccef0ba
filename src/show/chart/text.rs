//! The embedded font: the database the rasteriser reads, and how wide a text is, so that labels are laid out and not hoped for.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use resvg::usvg::{self, Node, Options, Tree, fontdb};

/// Size at which characters are measured.
const MEASURED: f64 = 100.0;
/// Width of a character the measuring has not seen, in ems: wide enough for ideographs.
const UNSEEN: f64 = 1.0;

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    // For the arrows, boxes and letters that the first one lacks.
    fonts.load_font_data(epaint_default_fonts::HACK_REGULAR.to_vec());
    let family = fonts
        .faces()
        .next()
        .and_then(|face| face.families.first())
        .map(|family| family.0.clone());
    if let Some(family) = family {
        fonts.set_sans_serif_family(family);
    }
    Arc::new(fonts)
});

/// Width in ems of each character of Latin text and of what charts use beside it.
static WIDTHS: LazyLock<HashMap<char, f64>> = LazyLock::new(|| {
    let characters = (' '..='~')
        .chain('\u{a1}'..='\u{17f}')
        .chain('\u{391}'..='\u{3c9}')
        .chain("–—−…·×≤≥≈°•".chars());
    let mut widths = HashMap::new();
    let mut svg =
        String::from("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"100\">");
    for character in characters {
        // A space alone has no box: each character is measured between two letters.
        let _ = write!(
            svg,
            "<text id=\"c{}\" xml:space=\"preserve\" font-family=\"sans-serif\" font-size=\"{MEASURED}\">H{}H</text>",
            u32::from(character),
            escape(&character.to_string())
        );
    }
    svg.push_str("<text id=\"c0\" font-family=\"sans-serif\" font-size=\"100\">HH</text></svg>");
    let Ok(tree) = Tree::from_str(&svg, &options()) else {
        return widths;
    };
    let mut framed = 0.0;
    for node in tree.root().children() {
        let Node::Text(text) = node else { continue };
        let Some(code) = text
            .id()
            .strip_prefix('c')
            .and_then(|code| code.parse().ok())
        else {
            continue;
        };
        let width = f64::from(text.bounding_box().width());
        match char::from_u32(code) {
            Some('\0') => framed = width,
            Some(character) => {
                widths.insert(character, width);
            }
            None => {}
        }
    }
    for width in widths.values_mut() {
        *width = ((*width - framed) / MEASURED).max(0.0);
    }
    widths
});

/// Options of the rasteriser: the embedded fonts and nothing from the machine.
pub(crate) fn options() -> Options<'static> {
    Options {
        font_family: "sans-serif".to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..usvg::Options::default()
    }
}

/// Width of `text` in pixels at `size`.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars()
        .map(|character| WIDTHS.get(&character).copied().unwrap_or(UNSEEN))
        .sum::<f64>()
        * size
}

/// `text` cut with an ellipsis to at most `room` pixels.
pub(crate) fn shortened(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let room = room - width("…", size);
    let mut used = 0.0;
    let kept: String = text
        .chars()
        .take_while(|character| {
            used += width(character.encode_utf8(&mut [0; 4]), size);
            used <= room
        })
        .collect();
    format!("{}…", kept.trim_end())
}

/// `text` in lines of at most `room` pixels, broken at spaces, at most `lines` of them; the last is shortened.
pub(crate) fn wrapped(text: &str, size: f64, room: f64, lines: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = found.len() == lines;
        match found.last_mut() {
            Some(line)
                if full || width(line, size) + width(" ", size) + width(word, size) <= room =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => found.push(word.to_owned()),
        }
    }
    found
        .into_iter()
        .map(|line| shortened(&line, size, room))
        .collect()
}

/// `text` for XML: markup escaped, characters XML does not allow left out.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_measured_in_the_embedded_font() {
        assert!(width("i", 10.0) < width("m", 10.0));
        assert!(
            (1.0..5.0).contains(&width(" ", 10.0)),
            "{}",
            width(" ", 10.0)
        );
        assert!(
            (40.0..65.0).contains(&width("0000000000", 10.0)),
            "{}",
            width("0000000000", 10.0)
        );
    }

    #[test]
    fn text_is_shortened_and_wrapped_to_the_room_there_is() {
        let short = shortened("a very long category label", 12.0, 60.0);
        assert!(short.ends_with('…') && width(&short, 12.0) <= 60.0);
        let lines = wrapped(
            "Evenings are twice as busy as mornings all through the week",
            17.0,
            300.0,
            2,
        );
        assert_eq!(lines.len(), 2);
        assert!(wrapped("", 17.0, 300.0, 2).is_empty());
    }

    #[test]
    fn markup_and_control_characters_do_not_reach_the_picture() {
        assert_eq!(escape("a<b & \u{1}\"c\"\n"), "a&lt;b &amp; &quot;c&quot; ");
    }
}
