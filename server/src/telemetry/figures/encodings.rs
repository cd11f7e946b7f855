//! Encodings that a member holds, and those that it has still to make.

use std::fmt::Error;

use super::Sheet;
use crate::{
    encoding::Encodings,
    ids::MemberId,
    state::{Phase, State},
};

/// Encodings of a member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct EncodingFigures {
    held: u64,
    encoding_bytes: u64,
    hint_bytes: u64,
    pending: u64,
}

impl EncodingFigures {
    /// Of `member`, which holds `encodings`.
    pub(crate) fn of(state: &State, member: MemberId, encodings: &Encodings) -> Self {
        let held: Vec<_> = state.live_rounds().filter_map(|round| encodings.get(round.uid())).collect();
        let pending = state
            .live_rounds()
            .filter(|round| matches!(round.phase(), Phase::Sealed(_)) && !round.record.reports.contains_key(&member));
        Self {
            held: held.len() as u64,
            encoding_bytes: held.iter().map(|round| round.encoding().len() as u64).sum(),
            hint_bytes: held.iter().map(|round| round.hint().len() as u64).sum(),
            pending: pending.count() as u64,
        }
    }

    pub(super) fn encode(self, sheet: &mut Sheet<'_>) -> Result<(), Error> {
        sheet.gauge("silhouette_rounds_held", "Ready rounds whose encoding is here", self.held)?;
        sheet.gauge("silhouette_okvs_encoding_bytes", "Encodings held in memory", self.encoding_bytes)?;
        sheet.gauge("silhouette_pir_hint_bytes", "Hints held in memory", self.hint_bytes)?;
        sheet.gauge(
            "silhouette_okvs_encodes_pending",
            "Sealed rounds of which this member has reported no encoding yet",
            self.pending,
        )
    }
}
