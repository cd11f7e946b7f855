//! All about one object, a field a line, as `kubectl describe` shows it.

use std::fmt::{Display, Write as _};

/// Where values begin.
const VALUE_COLUMN: usize = 20;

/// A description that is being filled.
#[derive(Debug, Default)]
pub(crate) struct Fields(String);

impl Fields {
    /// Adds a field.
    pub(crate) fn add(&mut self, name: &str, value: &impl Display) {
        self.push(&format!("{name}:"), value);
    }

    /// Adds a field that belongs to the heading above.
    pub(crate) fn add_below(&mut self, name: &str, value: &impl Display) {
        self.push(&format!("  {name}:"), value);
    }

    /// Adds a line above fields or a table that belong together.
    pub(crate) fn head(&mut self, heading: &str) {
        self.0.push_str(heading);
        self.0.push_str(":\n");
    }

    /// Adds lines, indented.
    pub(crate) fn indent(&mut self, lines: &str) {
        for line in lines.lines() {
            self.0.push_str("  ");
            self.0.push_str(line);
            self.0.push('\n');
        }
    }

    /// The whole description.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    fn push(&mut self, name: &str, value: &impl Display) {
        // A string takes all that is written to it.
        let _ = writeln!(self.0, "{name:VALUE_COLUMN$}{value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_below_each_other() {
        let mut fields = Fields::default();
        fields.add("Name", &"r1");
        fields.head("Retrieval");
        fields.add_below("Query", &3);
        fields.indent("A   B\n1   2\n");
        let expected = "\
Name:               r1
Retrieval:
  Query:            3
  A   B
  1   2
";
        assert_eq!(fields.into_text(), expected);
    }
}
