//! SVG to PNG at twice the logical size, without a browser, a network or the machine's fonts.
//!
//! A notebook keeps every picture in its file, so pictures are made small: colours that fill an area stay exact, the shades
//! between them (the soft edges of letters and lines) are rounded until 256 colours are enough and a pixel is one byte.
//! That is a third of the size of the same picture in full colour, and the difference cannot be seen at twice the pixels.

use std::collections::HashMap;

use png::{BitDepth, ColorType, Compression, Encoder, Filter};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::Tree;

use super::text;

/// Pixels of the picture for one logical pixel.
const SCALE: f32 = 2.0;
/// A colour of so many pixels fills an area; of fewer, it is a shade.
const FILLS: usize = 200;
/// Steps of a shade's red, green and blue, tried in this order.
const STEPS: [u32; 3] = [15, 10, 7];

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The drawing is not valid SVG: a fault of this library.
    #[error("the drawing could not be read: {0}")]
    Drawing(String),
    /// The drawing has no area, or is larger than memory.
    #[error("a picture of {width}×{height} pixels cannot be made")]
    Size {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// The PNG encoder refused.
    #[error("the picture could not be encoded: {0}")]
    Encoding(#[from] png::EncodingError),
}

type Colour = [u8; 3];

/// The PNG file of an SVG drawing on a page without holes.
pub(crate) fn png(svg: &str) -> Result<Vec<u8>, PictureError> {
    let tree = Tree::from_str(svg, &text::options())
        .map_err(|error| PictureError::Drawing(error.to_string()))?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width() * SCALE as u32, size.height() * SCALE as u32);
    let mut page = Pixmap::new(width, height).ok_or(PictureError::Size { width, height })?;
    let scale = Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, scale, &mut page.as_mut());
    // The page is opaque, so that the fourth byte says nothing.
    let pixels: Vec<Colour> = page
        .data()
        .chunks_exact(4)
        .map(|pixel| [pixel[0], pixel[1], pixel[2]])
        .collect();
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for &pixel in &pixels {
        *counts.entry(pixel).or_default() += 1;
    }
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    // Flat areas compress best as they are.
    encoder.set_filter(Filter::NoFilter);
    match indexed(&pixels, &counts) {
        Some((palette, places)) => {
            encoder.set_color(ColorType::Indexed);
            encoder.set_palette(palette.concat());
            encoder.write_header()?.write_image_data(&places)?;
        }
        None => {
            encoder.set_color(ColorType::Rgb);
            let rounded: Vec<Colour> = pixels
                .iter()
                .map(|pixel| kept(*pixel, &counts, STEPS[0]))
                .collect();
            encoder
                .write_header()?
                .write_image_data(rounded.as_flattened())?;
        }
    }
    Ok(file)
}

/// At most 256 colours and each pixel's place among them; `None` where even coarse shades are more.
fn indexed(pixels: &[Colour], counts: &HashMap<Colour, usize>) -> Option<(Vec<Colour>, Vec<u8>)> {
    STEPS.into_iter().find_map(|steps| {
        let mut palette: Vec<Colour> = Vec::new();
        let mut known: HashMap<Colour, u8> = HashMap::new();
        let mut places: HashMap<Colour, u8> = HashMap::with_capacity(counts.len());
        // In the order of their values, so that the same drawing is the same file.
        let mut colours: Vec<Colour> = counts.keys().copied().collect();
        colours.sort_unstable();
        for colour in colours {
            let kept = kept(colour, counts, steps);
            let place = match known.get(&kept) {
                Some(&place) => place,
                None => {
                    let place = u8::try_from(palette.len()).ok()?;
                    palette.push(kept);
                    known.insert(kept, place);
                    place
                }
            };
            places.insert(colour, place);
        }
        let pixels = pixels
            .iter()
            .filter_map(|pixel| places.get(pixel).copied())
            .collect();
        Some((palette, pixels))
    })
}

/// A colour that fills an area as it is, a shade rounded.
fn kept(colour: Colour, counts: &HashMap<Colour, usize>, steps: u32) -> Colour {
    if counts.get(&colour).is_some_and(|&count| count >= FILLS) {
        return colour;
    }
    colour.map(|part| rounded(part, steps))
}

/// `part` on the nearest of `steps` + 1 even levels from 0 to 255.
fn rounded(part: u8, steps: u32) -> u8 {
    let level = (u32::from(part) * steps + 127) / 255;
    ((level * 255 + steps / 2) / steps) as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn counted(pixels: &[Colour]) -> HashMap<Colour, usize> {
        let mut counts = HashMap::new();
        for pixel in pixels {
            *counts.entry(*pixel).or_default() += 1;
        }
        counts
    }

    #[test]
    fn colours_that_fill_stay_exact_and_few_colours_need_one_byte_a_pixel() {
        let mut pixels = vec![[0, 114, 178]; 1000];
        pixels.extend((0..=255).flat_map(|shade| [[shade, shade, shade], [shade, 0, 0]]));
        let (palette, places) = indexed(&pixels, &counted(&pixels)).unwrap();
        assert!(palette.contains(&[0, 114, 178]));
        assert_eq!(places.len(), pixels.len());
        assert!(palette.len() <= 33, "{}", palette.len());
    }

    #[test]
    fn too_many_filled_colours_stay_in_full() {
        let pixels: Vec<Colour> = (0..=255)
            .flat_map(|shade| [[shade, 1, 2], [shade, 7, 8]])
            .flat_map(|colour| vec![colour; FILLS])
            .collect();
        assert!(indexed(&pixels, &counted(&pixels)).is_none());
    }

    #[test]
    fn the_same_drawing_is_the_same_file() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"20\" height=\"10\"><rect width=\"20\" height=\"10\" fill=\"#fff\"/><circle cx=\"9\" cy=\"5\" r=\"4\" fill=\"#0072B2\"/></svg>";
        let file = png(svg).unwrap();
        assert_eq!(file, png(svg).unwrap());
        assert_eq!(&file[1..4], b"PNG");
        assert!(png("<svg").is_err());
    }
}
