//! Sealing, and failing where that is not possible.

use silhouette_okvs::public_capacity;

use super::Changes;
use crate::{
    ids::RoundUid,
    state::{
        ChunkKey, Effect, EncodingPlan, ExpectedPhase, Phase, Publication, Rejection, Reply, Round, RoundSecret,
        Sealing, State, index::KeyIndex,
    },
};

impl State {
    pub(super) fn seal(
        &mut self,
        uid: RoundUid,
        reseal: u32,
        plan: EncodingPlan,
        changes: &mut Changes,
    ) -> Result<Reply, Rejection> {
        let (version, now, max_reseals) = (self.encoding_version(), self.clock(), self.limits().max_reseals);
        let round = self.live_round(uid).ok_or(Rejection::RoundNotFound { uid })?;
        let sealed_at = match round.phase() {
            Phase::Open if reseal == 0 => now,
            Phase::Sealed(sealing)
                if reseal == sealing.reseal + 1
                    && reseal <= max_reseals
                    && self.is_without_agreement(round, sealing, now) =>
            {
                sealing.sealed_at
            }
            _ => return Ok(Reply::Done),
        };
        let round = self.live_round_mut(uid)?;
        let EncodingPlan { parameters, cell_seed } = plan;
        let fits = Some(parameters.encoding_version) == version
            && public_capacity(round.pairs(), round.spec().max_pairs) == Ok(parameters.capacity)
            && parameters.plan(round.spec().values).is_ok();
        if !fits {
            return Err(Rejection::PlanOutdated { id: round.id().clone() });
        }
        round.drop_staged(changes);
        round.index = KeyIndex::default();
        round.record.reports.clear();
        round.secret.cell_seed = Some(cell_seed);
        round.record.phase = Phase::Sealed(Sealing { reseal, parameters, sealed_at, disagreed_at: None });
        self.enter(uid, changes);
        Ok(Reply::Done)
    }

    pub(super) fn fail(
        &mut self,
        uid: RoundUid,
        expected: ExpectedPhase,
        reason: String,
        changes: &mut Changes,
    ) -> Reply {
        let at = self.clock();
        let Some(round) = self.live_round(uid) else { return Reply::Done };
        let still_due = match (round.phase(), expected) {
            (Phase::Open, ExpectedPhase::Open) => round.has_missed_deadline(at),
            (Phase::Sealed(sealing), ExpectedPhase::Sealed { reseal }) => {
                sealing.reseal == reseal && self.is_without_agreement(round, sealing, at)
            }
            _ => false,
        };
        if still_due && let Ok(round) = self.live_round_mut(uid) {
            round.drop_content(changes);
            round.record.phase = Phase::Failed { reason, at };
            self.enter(uid, changes);
        }
        Reply::Done
    }
}

impl Round {
    /// Drops what is staged and not committed.
    fn drop_staged(&mut self, changes: &mut Changes) {
        let uid = self.uid();
        let staged =
            self.secret.publications.extract_if(.., |_, publication| matches!(publication, Publication::Staged(_)));
        let keys: Vec<ChunkKey> = staged
            .flat_map(|(worker, publication)| {
                let (upload, chunks) = publication.chunks();
                ChunkKey::all(uid, &worker, upload, chunks)
            })
            .collect();
        if !keys.is_empty() {
            changes.push(Effect::DropChunks { keys });
        }
    }

    /// Drops all pairs and whatever follows from them: they will not be encoded.
    pub(super) fn drop_content(&mut self, changes: &mut Changes) {
        let keys = self.chunk_keys();
        if !keys.is_empty() {
            changes.push(Effect::DropChunks { keys });
        }
        self.secret = RoundSecret::default();
        self.index = KeyIndex::default();
        self.record.reports.clear();
    }
}
