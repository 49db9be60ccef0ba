//! Whether every chart can be seen where nothing runs: a picture in the same output, and one that really is a picture.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::notebook::layout::joined;

const PLOTLY: &str = "application/vnd.plotly.v1+json";
/// A picture smaller than this on a side shows nothing that could be read, in pixels.
const SMALLEST: u32 = 64;

/// Whether the output is an interactive chart.
pub(super) fn is_chart(output: &Value) -> bool {
    output["data"].get(PLOTLY).is_some()
}

/// What is wrong with the output's picture, or with its absence.
pub(super) fn problem(output: &Value) -> Option<String> {
    let data = &output["data"];
    if let Some(png) = data.get("image/png") {
        let fault = png_fault(&joined(png).unwrap_or_default())?;
        return Some(format!("its PNG picture cannot be seen: {fault}"));
    }
    if !is_chart(output) {
        return None;
    }
    match data.get("image/svg+xml") {
        Some(svg) => {
            let fault = svg_fault(&joined(svg).unwrap_or_default())?;
            Some(format!("its SVG picture cannot be seen: {fault}"))
        }
        None => Some(
            "its chart carries no picture (image/png or image/svg+xml) for where nothing runs"
                .into(),
        ),
    }
}

fn png_fault(base64: &str) -> Option<String> {
    let text: String = base64.split_whitespace().collect();
    let bytes = match STANDARD.decode(text) {
        Ok(bytes) => bytes,
        Err(error) => return Some(format!("it is not base64 ({error})")),
    };
    match decode(&bytes) {
        Ok((width, height, _)) if width < SMALLEST || height < SMALLEST => Some(format!(
            "it is {width} × {height} pixels, less than {SMALLEST} on a side"
        )),
        Ok((_, _, true)) => Some("all its pixels are the same".into()),
        Ok(_) => None,
        Err(error) => Some(format!("it is not a PNG ({error})")),
    }
}

/// Width, height, and whether all pixels are the same.
fn decode(bytes: &[u8]) -> Result<(u32, u32, bool), png::DecodingError> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info()?;
    let size = reader
        .output_buffer_size()
        .ok_or(png::DecodingError::LimitsExceeded)?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels)?;
    let samples = frame.color_type.samples();
    let mut each = pixels
        .get(..frame.buffer_size())
        .unwrap_or_default()
        .chunks_exact(samples);
    let first = each.next();
    Ok((
        frame.width,
        frame.height,
        each.all(|pixel| Some(pixel) == first),
    ))
}

fn svg_fault(text: &str) -> Option<String> {
    let Some(start) = text.find("<svg") else {
        return Some("it has no <svg> element".into());
    };
    let body = &text[start..];
    if !body.contains("</svg>") {
        return Some("its <svg> element does not end".into());
    }
    let drawn = [
        "<path", "<rect", "<circle", "<line", "<poly", "<text", "<image", "<use", "<ellipse",
    ];
    (!drawn.iter().any(|element| body.contains(element))).then(|| "nothing is drawn in it".into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    fn png(width: u32, height: u32, pixel: impl Fn(usize) -> u8) -> String {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        let pixels: Vec<u8> = (0..(width * height) as usize).map(pixel).collect();
        encoder
            .write_header()
            .unwrap()
            .write_image_data(&pixels)
            .unwrap();
        STANDARD.encode(bytes)
    }

    fn chart(mime: &str, picture: &str) -> Option<String> {
        problem(&json!({"data": {PLOTLY: {"data": []}, mime: picture}}))
    }

    #[test]
    fn a_chart_needs_a_picture_that_can_be_seen() {
        let good = png(80, 70, |at| (at % 250) as u8);
        assert_eq!(chart("image/png", &good), None);
        assert_eq!(
            chart(
                "image/svg+xml",
                "<svg viewBox='0 0 9 9'><path d='M0 0'/></svg>"
            ),
            None
        );
        let fault = |mime: &str, picture: &str| chart(mime, picture).unwrap();
        assert!(fault("text/plain", "chart").contains("carries no picture"));
        assert!(fault("image/png", "***").contains("not base64"));
        assert!(fault("image/png", "aGVsbG8=").contains("not a PNG"));
        assert!(fault("image/png", &good[..good.len() / 2 / 4 * 4]).contains("not a PNG"));
        assert!(fault("image/png", &png(1, 1, |_| 0)).contains("1 × 1"));
        assert!(fault("image/png", &png(80, 80, |_| 255)).contains("pixels are the same"));
        assert!(fault("image/svg+xml", "<svg></svg>").contains("nothing is drawn"));
        assert!(fault("image/svg+xml", "hello").contains("no <svg>"));
    }

    #[test]
    fn an_output_without_a_chart_needs_no_picture() {
        assert_eq!(problem(&json!({"data": {"text/plain": "x"}})), None);
        assert_eq!(
            problem(&json!({"output_type": "stream", "text": "x"})),
            None
        );
    }
}
