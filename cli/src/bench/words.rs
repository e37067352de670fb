//! Figures in words.

use super::report::{Adapter, Ceiling, Kernel, Timing, Unit};
use std::collections::BTreeMap;

/// What stands for a figure that there is not.
pub(super) const NONE: &str = "-";

/// A value with three digits that count, in the largest of some units that it fills, or in the last.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    // 999.6 of a unit would read 1000.
    let fills = |unit: &&(f64, &str)| value >= 0.9995 * unit.0;
    let Some((size, unit)) = units.iter().find(fills).or(units.last()) else {
        return NONE.to_owned();
    };
    let value = value / size;
    let digits = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}")
}

/// A time.
pub(super) fn seconds(value: f64) -> String {
    scaled(
        value,
        &[(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")],
    )
}

/// Bytes a second.
pub(super) fn bandwidth(value: f64) -> String {
    scaled(value, &[(1e12, "TB/s"), (1e9, "GB/s"), (1e6, "MB/s")])
}

/// Operations a second, on integers or on floats.
pub(super) fn arithmetic(value: f64, whole: bool) -> String {
    if whole {
        scaled(value, &[(1e12, "TOP/s"), (1e9, "GOP/s"), (1e6, "MOP/s")])
    } else {
        scaled(
            value,
            &[(1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s")],
        )
    }
}

/// Whether a ceiling is one of arithmetic on integers.
fn is_whole(ceiling: &str) -> bool {
    ceiling.ends_with(" i32")
}

/// What a ceiling lets through.
pub(super) fn ceiling(ceiling: &Ceiling) -> String {
    match ceiling.unit {
        Unit::BytesPerSecond => bandwidth(ceiling.rate()),
        Unit::OperationsPerSecond => arithmetic(ceiling.rate(), is_whole(&ceiling.name)),
        Unit::Seconds => seconds(ceiling.rate()),
    }
}

/// What a kernel does a second of that which bounds it.
pub(super) fn rate(adapter: &Adapter, kernel: &Kernel) -> String {
    let bound = (adapter.ceilings.iter()).find(|ceiling| ceiling.name == kernel.bound_by);
    let median = kernel.samples.median();
    match bound.map(|ceiling| ceiling.unit) {
        Some(Unit::BytesPerSecond) => bandwidth(kernel.bytes / median),
        Some(Unit::OperationsPerSecond) => {
            arithmetic(kernel.operations / median, is_whole(&kernel.bound_by))
        }
        Some(Unit::Seconds) | None => NONE.to_owned(),
    }
}

/// A share in whole per cent.
pub(super) fn share(value: f64) -> String {
    percent(value, 0)
}

/// How far samples lie apart, in per cent.
pub(super) fn spread(value: f64) -> String {
    percent(value, 1)
}

fn percent(value: f64, digits: usize) -> String {
    if value.is_finite() {
        format!("{:.digits$} %", 100.0 * value)
    } else {
        NONE.to_owned()
    }
}

/// A figure over another; a small one keeps two digits that count.
pub(super) fn ratio(value: f64, of: f64) -> String {
    let ratio = value / of;
    if ratio > 0.0 && ratio < 0.1 {
        let digits = 1 - ratio.log10().floor() as i32;
        return format!("{ratio:.*}", digits as usize);
    }
    scaled(ratio, &[(1.0, "")]).trim_end().to_owned()
}

/// Bytes, in MiB.
pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// Sizes with their names.
pub(super) fn size(size: &BTreeMap<String, u64>) -> String {
    let one = |(name, &value): (&String, &u64)| format!("{name} {}", count(value));
    size.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A count, with full thousands or millions as such.
fn count(value: u64) -> String {
    match value {
        0 => "0".to_owned(),
        v if v % 1_000_000 == 0 => format!("{}M", v / 1_000_000),
        v if v % 1_000 == 0 => format!("{}k", v / 1_000),
        v => v.to_string(),
    }
}

/// What an adapter is, on a line.
pub(super) fn about(adapter: &Adapter) -> String {
    let mut words = format!("{}: {}, {}", adapter.name, adapter.backend, adapter.kind);
    if let Some(threads) = adapter.threads {
        words += &format!(", {threads} threads");
    }
    if !adapter.driver.is_empty() {
        words += &format!(", {}", adapter.driver);
    }
    let timing = match adapter.timing {
        Timing::Timestamps => "timed by its own clock",
        Timing::WallClock => "timed by the host's clock",
    };
    format!("{words}, {timing}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_count() {
        let shown = [
            (0.0, "0.00 ns"),
            (1.234e-9, "1.23 ns"),
            (9.996e-6, "10.0 µs"),
            (99.96e-6, "100 µs"),
            (999.4e-6, "999 µs"),
            (999.6e-6, "1.00 ms"),
            (12345.6, "12346 s"),
            (f64::NAN, "-"),
            (f64::INFINITY, "-"),
        ];
        for (value, words) in shown {
            assert_eq!(seconds(value), words, "{value}");
        }
        assert_eq!(bandwidth(1.5e5), "0.15 MB/s");
        assert_eq!(arithmetic(2e12, true), "2.00 TOP/s");
    }

    #[test]
    fn ratios_keep_two_digits() {
        let of_one = |value| ratio(value, 1.0);
        assert_eq!(
            [0.0, 0.0012, 0.099, 0.5, 12.34].map(of_one),
            ["0.00", "0.0012", "0.099", "0.50", "12.3"]
        );
        assert_eq!(ratio(1.0, 0.0), "-");
    }

    #[test]
    fn counts_are_whole() {
        let counts = [0, 999, 1000, 16_384, 50_000, 1_000_000, 1_500_000];
        assert_eq!(
            counts.map(count),
            ["0", "999", "1k", "16384", "50k", "1M", "1500k"]
        );
    }
}
