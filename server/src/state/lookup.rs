//! Tables that follow from the rounds.
use crate::ids::{RoundId, RoundUid};
use std::collections::BTreeMap;
/// Tables.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    by_id: BTreeMap<RoundId, RoundUid>,
    live: BTreeMap<u64, RoundUid>,
}
impl Lookup {
    pub(super) fn by_id(&self, id: &RoundId) -> Option<RoundUid> {
        self.by_id.get(id).copied()
    }
    pub(super) fn live(&self) -> impl Iterator<Item = RoundUid> {
        self.live.values().copied()
    }
}
