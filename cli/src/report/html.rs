//! Words and numbers as HTML and SVG have them.

use std::fmt::Write as _;
use std::path::Path;

/// Text in which nothing passes for markup. Characters that show as nothing (control characters) become blanks.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            control if control.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

/// At most so many characters of a text, with an ellipsis where there were more.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// A number in four digits, with a suffix or an exponent where it is large or small.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() || !(1e-3..1e15).contains(&size) {
        return format!("{value:.3e}");
    }
    let (size, suffix, over) = of_thousands(size);
    let digits = 3 - size.log10().floor().clamp(-3.0, 3.0) as i32;
    let text = format!("{:.*}", digits.max(0) as usize, value / over);
    format!("{}{suffix}", trimmed(&text))
}

/// A size over its thousands, their suffix, and by what it is divided. Below ten thousand it has none.
pub(super) fn of_thousands(size: f64) -> (f64, &'static str, f64) {
    let of = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let found = of
        .into_iter()
        .find(|&(over, _)| size >= over && size >= 1e4);
    match found {
        Some((over, suffix)) => (size / over, suffix, over),
        None => (size, "", 1.0),
    }
}

/// A whole number with a narrow gap between thousands.
pub(crate) fn whole(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// A share in per cent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A decimal without the zeros that it ends in.
pub(super) fn trimmed(decimal: &str) -> &str {
    match decimal.contains('.') {
        true => decimal.trim_end_matches('0').trim_end_matches('.'),
        false => decimal,
    }
}

/// A place in a drawing, to a tenth of its unit.
pub(super) fn place(value: f64) -> String {
    let text = format!("{value:.1}");
    match trimmed(&text) {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// Text in a drawing, which begins, ends or has its middle at a place.
pub(super) fn text(
    to: &mut String,
    (x, y): (f64, f64),
    (anchor, class): (&str, &str),
    words: &str,
) {
    let _ = write!(
        to,
        r#"<text x="{}" y="{}" text-anchor="{anchor}" class="{class}">{}</text>"#,
        place(x),
        place(y),
        escape(words)
    );
}

/// How wide a text of a drawing is at most, in its unit: fonts differ.
pub(super) fn width(words: &str, size: f64) -> f64 {
    0.64 * size * words.chars().count() as f64
}

/// The name of a file without its folders.
pub(crate) fn called(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_for_markup() {
        let text = "<script>\"a\" & 'b'\u{0}\n\u{1b}[1m</script>";
        let safe = "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;   [1m&lt;/script&gt;";
        assert_eq!(escape(text), safe);
        assert_eq!(shortened("naïve words", 5), "naïve…");
        assert_eq!(shortened("naïve", 5), "naïve");
    }

    #[test]
    fn numbers_in_few_digits() {
        let found = [
            0.0, 1.0, -0.25, 0.123_456, 12.3456, 9999.4, 12345.6, 2.5e7, 1e-7, 1e300,
        ];
        let want = [
            "0",
            "1",
            "-0.25",
            "0.1235",
            "12.35",
            "9999",
            "12.35k",
            "25M",
            "1.000e-7",
            "1.000e300",
        ];
        assert_eq!(found.map(number), want);
        assert_eq!(whole(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!([0, 999].map(whole), ["0", "999"]);
        assert_eq!([-0.04, 1.25, 3.0].map(place), ["0", "1.2", "3"]);
    }
}
