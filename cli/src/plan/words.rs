//! A plan in words.

use super::bill::{Bill, OfWorkers};
use coresift::plan::Span;
use std::fmt::Write as _;

impl Bill {
    /// All of it, a line a subject.
    pub(super) fn in_words(&self) -> String {
        let mut words = format!(
            "plan: {}, {} picks of {} rows x {}\ndevice: {}",
            self.method, self.budget, self.rows, self.dim, self.device
        );
        let mut line = |name: &str, text: String| {
            let _ = write!(words, "\n{name}: {text}"); // into a string: it cannot fail
        };
        line("rows", self.rows_in_words());
        if let Some(workers) = &self.workers {
            line("workers", workers.in_words());
        }
        if !self.cost.storage.is_empty() {
            line("similarities", self.storage_in_words());
        }
        line("passes", count(self.cost.passes));
        line("multiply-adds", number(self.cost.multiply_adds()));
        line("memory", self.memory_in_words());
        line("time", self.time_in_words());
        if let Some(otherwise) = &self.otherwise {
            let (memory, time) = (bytes(otherwise.memory), seconds(otherwise.seconds));
            let now = seconds(self.seconds.all().likely);
            line(
                "more memory",
                format!("with --memory {memory}: {time} instead of {now}"),
            );
        }
        line("assumed", self.assumed.join("; "));
        words
    }

    fn rows_in_words(&self) -> String {
        let (needed, bound) = (bytes(self.needed), bytes(self.bound));
        match self.are_held {
            true => format!("{needed} as float32, held in memory (up to {bound})"),
            false => format!("{needed} as float32, more than {bound}: every pass reads them anew"),
        }
    }

    fn storage_in_words(&self) -> String {
        let of_each = |(storage, classes): &(_, usize)| {
            let classes = match classes {
                1 => "1 class".to_owned(),
                _ => format!("{classes} classes"),
            };
            format!("{classes} {storage}")
        };
        let each: Vec<String> = self.cost.storage.iter().map(of_each).collect();
        let why = self.cost.storage_reason.as_deref().unwrap_or_default();
        format!("{} ({why})", each.join(", "))
    }

    fn memory_in_words(&self) -> String {
        let host = format!("{} at most", bytes(self.host_bytes));
        match self.cost.device_bytes {
            0 => host,
            device => format!("{host}, {} of the device's", bytes(device)),
        }
    }

    fn time_in_words(&self) -> String {
        let (all, parts) = (self.seconds.all(), self.seconds);
        let depends = match self.cost.is_certain() {
            true => "whatever the values are",
            false => "which depends on the values",
        };
        let passes = match parts.passes.likely {
            0.0 => String::new(),
            likely => format!(", reading by passes {}", seconds(likely)),
        };
        format!(
            "{} ({} to {}), {depends}: start {}, features {}{passes}, selection {}",
            seconds(all.likely),
            seconds(all.least),
            seconds(all.most),
            seconds(parts.start),
            seconds(parts.load),
            seconds(parts.work.likely)
        )
    }
}

impl OfWorkers {
    fn in_words(&self) -> String {
        let Self { count, rows, .. } = self;
        let each = format!("{count}, each with {rows} rows or one less");
        let (bytes, bound) = (bytes(self.bytes), bytes(self.bound));
        match (self.needed, self.are_held()) {
            (0, _) => format!("{each}: {bytes}, used where the files are"),
            (_, true) => format!("{each}: {bytes}, held in memory (up to {bound})"),
            (_, false) => format!(
                "{each}: {bytes}, more than {bound}, so that every pass reads them anew; {} of as much memory would hold them",
                self.enough
            ),
        }
    }
}

/// A count, and between what it lies.
fn count(span: Span) -> String {
    let of = |number: f64| format!("{number:.0}");
    between(span, of)
}

fn number(span: Span) -> String {
    between(span, |number| format!("{number:.1e}"))
}

fn between(span: Span, of: impl Fn(f64) -> String) -> String {
    let (least, likely, most) = (of(span.least), of(span.likely), of(span.most));
    match least == most {
        true => likely,
        false => format!("{likely} ({least} to {most})"),
    }
}

/// Seconds, in two digits or so.
fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.0995 => format!("{:.3} s", s),
        s if s < 9.95 => format!("{s:.2} s"),
        s if s < 600.0 => format!("{s:.0} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}

/// Bytes, in the largest unit that they reach.
fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = UNITS.iter().find(|unit| bytes >> unit.1 > 0);
    match unit {
        Some((name, bits)) => format!("{:.1} {name}", bytes as f64 / (1u64 << bits) as f64),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let told = [0.0123, 0.5, 12.4, 7200.0].map(seconds);
        assert_eq!(told, ["0.012 s", "0.50 s", "12 s", "120 min"]);
        let told = [900, 2048, 3 << 29, 5 << 40].map(bytes);
        assert_eq!(told, ["900 B", "2.0 KiB", "1.5 GiB", "5.0 TiB"]);
        assert_eq!(count(Span::of(3.0)), "3");
        assert_eq!(count(Span::within(30.0, 3.0)), "30 (10 to 90)");
    }
}
