//! The final table.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets::NOTHING};

use super::lookups::Tally;

/// Blanks between columns.
const GAP: u16 = 3;

/// One set of lookups in one round.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The round.
    pub(super) round: String,
    /// Pairs that were published in it.
    pub(super) pairs: u64,
    /// From the first publication to Ready.
    pub(super) to_ready: Duration,
    /// What the lookups came to.
    pub(super) tally: Tally,
}

/// All rows, with titles.
pub(super) fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["ROUND", "PAIRS", "READY-SECONDS", "MODE", "METHOD", "LOOKUPS", "ABSENT", "KBYTES", "WRONG"]);
    for row in rows {
        let tally = &row.tally;
        table.add_row([
            row.round.clone(),
            row.pairs.to_string(),
            format!("{:.2}", row.to_ready.as_secs_f64()),
            tally.mode.to_owned(),
            tally.methods(),
            tally.lookups.to_string(),
            tally.absent.to_string(),
            format!("{:.1}", tally.bytes as f64 / 1_000.0),
            tally.wrong.to_string(),
        ]);
    }
    for number in [1, 2, 5, 6, 7, 8] {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
