//! Images made small, within the page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coresift_io::file::{self, Unopened};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};
use std::io::{BufReader, Cursor};
use std::path::Path;

/// Pixels of the longer side: twice as many as are shown, for fine screens.
const SIDE: u32 = 160;
/// An image of so few pixels a side is kept to the pixel.
const SMALL: u32 = 48;
/// Of 100.
const QUALITY: u8 = 78;

/// An image as a data URI, and its width and height; or why it cannot be shown.
pub(super) fn thumbnail(path: &Path) -> Result<(String, (u32, u32)), String> {
    let image = read(path)?;
    let (width, height) = (image.width(), image.height());
    let image = match width.max(height) > SIDE {
        true => image.thumbnail(SIDE, SIDE),
        false => image,
    };
    let size = (image.width(), image.height());
    let bytes = encode(&image).map_err(|error| error.to_string())?;
    let kind = if bytes.starts_with(b"\x89PNG") {
        "png"
    } else {
        "jpeg"
    };
    Ok((
        format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)),
        size,
    ))
}

/// An image, the right way up.
fn read(path: &Path) -> Result<DynamicImage, String> {
    let (file, _) = file::open(path).map_err(|why| match why {
        Unopened::Other(kind) => format!("{kind} found, a file expected"),
        Unopened::System(error) => error.to_string(),
    })?;
    let mut reader = ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err("neither PNG nor JPEG".to_owned());
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(1 << 28);
    reader.limits(limits);
    let decoded = || -> Result<DynamicImage, ImageError> {
        let mut decoder = reader.into_decoder()?;
        let orientation = decoder.orientation()?;
        let mut image = DynamicImage::from_decoder(decoder)?;
        image.apply_orientation(orientation);
        Ok(image)
    };
    decoded().map_err(|error| error.to_string())
}

/// As JPEG, but where it is small or lets something shine through.
fn encode(image: &DynamicImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let (is_grey, is_clear) = (!image.color().has_color(), image.color().has_alpha());
    let is_small = image.width().max(image.height()) <= SMALL;
    let plain: DynamicImage = match (is_grey, is_clear) {
        (_, true) => image.to_rgba8().into(),
        (true, false) => image.to_luma8().into(),
        (false, false) => image.to_rgb8().into(),
    };
    match is_small || is_clear {
        true => plain.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?,
        false => plain.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?,
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn made(name: &str, image: impl Into<DynamicImage>) -> Result<(String, (u32, u32)), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        image.into().save(&path).unwrap();
        thumbnail(&path)
    }

    #[test]
    fn large_images_become_small_and_small_ones_stay() {
        let large = RgbImage::from_fn(640, 320, |x, y| Rgb([x as u8, y as u8, 99]));
        for name in ["a.png", "a.jpg"] {
            let (uri, size) = made(name, large.clone()).unwrap();
            assert!(uri.starts_with("data:image/jpeg;base64,/9j/"), "{name}");
            assert_eq!(size, (160, 80));
            assert!(uri.len() < 12_000, "{}", uri.len());
        }
        let small = RgbImage::from_pixel(8, 8, Rgb([1, 2, 3]));
        let (uri, size) = made("a.png", small).unwrap();
        assert!(uri.starts_with("data:image/png;base64,iVBOR") && size == (8, 8));
        let clear = RgbaImage::from_pixel(200, 100, Rgba([1, 2, 3, 4]));
        let (uri, size) = made("a.png", clear).unwrap();
        assert!(uri.starts_with("data:image/png;") && size == (160, 80));
    }

    #[test]
    fn what_is_no_image_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let told = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            thumbnail(&path).unwrap_err()
        };
        assert_eq!(told(b"GIF89a"), "neither PNG nor JPEG");
        assert_eq!(told(b""), "neither PNG nor JPEG");
        assert!(!told(b"\x89PNG\r\n\x1a\n").is_empty());
        assert_eq!(
            thumbnail(folder.path()).unwrap_err(),
            "a folder found, a file expected"
        );
        assert!(thumbnail(&folder.path().join("none")).is_err());
    }
}
