//! Words in columns.

/// A cell that is wider, which a report from elsewhere may have, makes no column wider, only its own line.
const WIDEST: usize = 200;

/// Rows of cells between lines of text.
pub(crate) struct Columns {
    lines: Vec<Line>,
    /// The last column begins where it begins, not ends where it ends, as the first does.
    last_left: bool,
}

enum Line {
    Text(String),
    Cells(Vec<String>),
}

impl Columns {
    /// A table under its title and the names of its columns.
    pub(crate) fn new(head: Vec<String>, last_left: bool) -> Self {
        let lines = vec![Line::Cells(head)];
        Self { lines, last_left }
    }

    /// A line that keeps to no column.
    pub(crate) fn text(&mut self, text: String) {
        self.lines.push(Line::Text(text));
    }

    /// A row. The first cell has its own indent.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.lines.push(Line::Cells(cells));
    }

    /// The table, its lines ended.
    pub(crate) fn show(&self) -> String {
        let mut widths = Vec::new();
        for line in &self.lines {
            let Line::Cells(cells) = line else { continue };
            widths.resize(widths.len().max(cells.len()), 0);
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = cell.chars().count().min(WIDEST).max(*width);
            }
        }
        let shown = |line: &Line| match line {
            Line::Text(text) => format!("{text}\n"),
            Line::Cells(cells) => self.align(cells, &widths),
        };
        self.lines.iter().map(shown).collect()
    }

    fn align(&self, cells: &[String], widths: &[usize]) -> String {
        let last = widths.len() - 1;
        let cell = |(at, (cell, &width)): (usize, (&String, &usize))| {
            if at == 0 || (at == last && self.last_left) {
                format!("{cell:width$}")
            } else {
                format!("{cell:>width$}")
            }
        };
        let cells: Vec<_> = cells.iter().zip(widths).enumerate().map(cell).collect();
        format!("{}\n", cells.join("  ").trim_end())
    }
}
