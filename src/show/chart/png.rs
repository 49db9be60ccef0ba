//! SVG to PNG at twice the logical size, without a browser, a network or the machine's fonts.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::Tree;

use super::text;

/// Pixels of the picture for one logical pixel.
const SCALE: f32 = 2.0;

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
    Encoding(String),
}

/// The PNG file of an SVG drawing.
pub(crate) fn png(svg: &str) -> Result<Vec<u8>, PictureError> {
    let tree = Tree::from_str(svg, &text::options())
        .map_err(|error| PictureError::Drawing(error.to_string()))?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width() * SCALE as u32, size.height() * SCALE as u32);
    let mut pixels = Pixmap::new(width, height).ok_or(PictureError::Size { width, height })?;
    resvg::render(
        &tree,
        Transform::from_scale(SCALE, SCALE),
        &mut pixels.as_mut(),
    );
    pixels
        .encode_png()
        .map_err(|error| PictureError::Encoding(error.to_string()))
}
