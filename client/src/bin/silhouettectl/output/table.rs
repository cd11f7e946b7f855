//! Tables as kubectl's: no borders, three blanks between columns, nothing at the ends of lines.

use comfy_table::{ColumnConstraint, ContentArrangement, Width, presets};

/// What a cell shows that has no value.
const NONE: &str = "<none>";
/// Blanks between columns.
const GAP: u16 = 3;

/// A value, or `<none>`.
pub(crate) fn or_none(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).filter(|value| !value.is_empty()).unwrap_or_else(|| NONE.to_owned())
}

/// A table that is being filled. Columns that only the wide form has come before the last one.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    titled: bool,
    widths: Vec<u16>,
}

impl Table {
    /// A table of these titles.
    pub(crate) fn new<T: ToString>(
        titles: impl IntoIterator<Item = T>,
        wide: impl IntoIterator<Item = T>,
        last: T,
    ) -> Self {
        let mut table = Self { rows: Vec::new(), titled: true, widths: Vec::new() };
        table.row(titles, wide, last);
        table
    }

    /// Leaves out the titles, for rows that continue a table shown before.
    #[must_use]
    pub(crate) fn untitled(mut self) -> Self {
        self.titled = false;
        self
    }

    /// Makes the columns, from the first on, at least so wide.
    #[must_use]
    pub(crate) fn at_least(mut self, widths: &[u16]) -> Self {
        self.widths = widths.to_vec();
        self
    }

    /// Adds a row.
    pub(crate) fn row<T: ToString>(
        &mut self,
        cells: impl IntoIterator<Item = T>,
        wide: impl IntoIterator<Item = T>,
        last: T,
    ) {
        self.rows.push(cells.into_iter().chain(wide).chain([last]).map(|cell| cell.to_string()).collect());
    }

    /// The whole table, each line with its end.
    pub(crate) fn render(&self) -> String {
        let mut table = comfy_table::Table::new();
        // The width of a terminal must not decide what a pipe gets.
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.add_rows(if self.titled { &self.rows } else { self.rows.get(1..).unwrap_or_default() });
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, GAP));
            if let Some(&width) = self.widths.get(index) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width + GAP)));
            }
        }
        table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["NAME", "PHASE"], None, "AGE");
        table.row(["levels/17", "Open"], None, "5s");
        table.row(["r2", or_none(None::<u8>).as_str()], None, "10d");
        let expected = "\
NAME        PHASE    AGE
levels/17   Open     5s
r2          <none>   10d
";
        assert_eq!(table.render(), expected);
    }

    #[test]
    fn rows_that_come_later_line_up() {
        let table = || Table::new(["NAME", "PHASE"], None, "AGE").at_least(&[6, 7]);
        assert_eq!(table().render(), "NAME     PHASE     AGE\n");
        let mut later = table().untitled();
        later.row(["r1", "Expired"], None, "5s");
        assert_eq!(later.render(), "r1       Expired   5s\n");
    }

    #[test]
    fn nothing_is_shown_as_none() {
        assert_eq!(or_none(Some(3)), "3");
        assert_eq!(or_none(Some("")), "<none>");
        assert_eq!(or_none(None::<u8>), "<none>");
    }
}
