//! The link as a code for the camera of a phone.
//!
//! It travels as a PNG beside the page and is shown by its Content-ID. Mail programs show such a picture
//! without asking the web, and without asking the reader. They remove inline SVG (Gmail, Outlook) and `data:`
//! addresses (Gmail), and a table of three thousand cells is cut off, or made dark where it must be light.

use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

/// Pixels for each module, so that the code is sharp on screens of high density.
const SCALE: usize = 6;
/// The light border that readers need, in modules. It belongs to the picture, since pages may be dark.
const QUIET: usize = 4;

/// A PNG of black on white; nothing where the text is too long for a code.
pub(super) fn png(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (modules, width) = (code.to_colors(), code.width());
    let side = (width + 2 * QUIET) * SCALE;
    let light = |x: usize, y: usize| {
        let inside = |at: usize| (at / SCALE).checked_sub(QUIET).filter(|module| *module < width);
        match (inside(x), inside(y)) {
            (Some(column), Some(row)) => modules[row * width + column] == Color::Light,
            _ => true,
        }
    };
    let mut bits = Zeroizing::new(vec![0u8; side.div_ceil(8) * side]);
    for (row, line) in bits.chunks_mut(side.div_ceil(8)).enumerate() {
        for column in (0..side).filter(|column| light(*column, row)) {
            line[column / 8] |= 0x80 >> (column % 8);
        }
    }
    let mut file = Zeroizing::new(Vec::new());
    let side = u32::try_from(side).ok()?;
    let mut encoder = png::Encoder::new(&mut *file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&bits).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// An SVG of black on white, for pages that may not load anything; nothing where the text is too long for a code.
pub(crate) fn svg(text: &str) -> Option<Zeroizing<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (modules, width) = (code.to_colors(), code.width());
    let side = width + 2 * QUIET;
    let mut path = Zeroizing::new(String::new());
    for (row, line) in modules.chunks(width).enumerate() {
        let mut column = 0;
        for run in line.chunk_by(|one, other| one == other) {
            if run[0] == Color::Dark {
                let (x, y, length) = (column + QUIET, row + QUIET, run.len());
                path.push_str(&format!("M{x} {y}h{length}v1h-{length}z"));
            }
            column += run.len();
        }
    }
    Some(Zeroizing::new(format!(
        "<svg class=\"code\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"220\" height=\"220\" \
         role=\"img\" aria-label=\"QR\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path fill=\"#000\" d=\"{}\"/></svg>",
        *path
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_the_code_with_its_border() {
        let file = png("https://obyte.org/#textcoin?x").expect("short enough");
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file[..])).read_info().expect("a PNG");
        let mut bits = vec![0; reader.output_buffer_size().expect("it is small")];
        let info = reader.next_frame(&mut bits).expect("a picture");
        let code =
            QrCode::with_error_correction_level("https://obyte.org/#textcoin?x", EcLevel::M).expect("a code");
        let (modules, width) = (code.to_colors(), code.width());
        assert_eq!(info.width as usize, (width + 8) * SCALE);
        let bit = |x: usize, y: usize| bits[y * info.line_size + x / 8] & (0x80 >> (x % 8)) != 0;
        let middle = SCALE / 2;
        for row in 0..width + 8 {
            for column in 0..width + 8 {
                let inside = (4..width + 4).contains(&row) && (4..width + 4).contains(&column);
                let light = !inside || modules[(row - 4) * width + column - 4] == Color::Light;
                assert_eq!(bit(column * SCALE + middle, row * SCALE + middle), light, "{column} {row}");
            }
        }
    }

    #[test]
    fn the_drawing_is_the_code_with_its_border() {
        let text = "https://obyte.org/#textcoin?x";
        let code = QrCode::with_error_correction_level(text, EcLevel::M).expect("a code");
        let (modules, width) = (code.to_colors(), code.width());
        let drawing = svg(text).expect("short enough");
        let path = drawing.split_once("fill=\"#000\" d=\"").and_then(|(_, rest)| rest.split_once('"'));
        let mut drawn = vec![Color::Light; width * width];
        for run in path.expect("a path").0.split('z').filter(|run| !run.is_empty()) {
            let parts: Vec<usize> =
                run.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
            let [x, y, length, height, back] = parts[..] else { panic!("{run}") };
            assert_eq!((height, back), (1, length), "it is closed");
            let begin = (y - QUIET) * width + x - QUIET;
            drawn[begin..begin + length].fill(Color::Dark);
        }
        assert!(drawn == modules);
        assert!(drawing.contains(&format!("viewBox=\"0 0 {0} {0}\"", width + 8)));
    }

    #[test]
    fn what_is_too_long_for_a_code_has_none() {
        assert!(svg(&"x".repeat(5000)).is_none());
        assert!(png(&"x".repeat(5000)).is_none());
    }
}
