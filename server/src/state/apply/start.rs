//! Starting a round.

use super::Changes;
use crate::{
    ids::{RoundId, RoundUid},
    state::{
        FieldViolation, Phase, Rejection, Reply, Round, RoundSpec, State, admission::reservation,
        encoding_plan::EncodingPlanError,
    },
};

impl State {
    pub(super) fn start_round(
        &mut self,
        uid: RoundUid,
        id: RoundId,
        spec: RoundSpec,
        changes: &mut Changes,
    ) -> Result<Reply, Rejection> {
        if let Some(round) = self.round_by_id(&id) {
            let fields = round.spec().differences(&spec);
            return if fields.is_empty() {
                Ok(Reply::Round { uid: round.uid() })
            } else {
                Err(Rejection::RoundSpecDiffers { id, fields })
            };
        }
        if self.tombstone(&id).is_some() || self.round(uid).is_some() {
            return Err(Rejection::RoundIdRetired { id });
        }
        if !self.formed() {
            return Err(Rejection::ClusterForming);
        }
        let violations = spec.violations(self.limits());
        if !violations.is_empty() {
            return Err(Rejection::InvalidRequest { violations });
        }
        self.check_room()?;
        let reserved = reservation(&spec, self.limits()).map_err(|error| impossible(&error))?;
        self.admit(&id, reserved)?;

        let order = self.cluster.rounds_started;
        self.cluster.rounds_started += 1;
        self.rounds.insert(uid, Round::open(uid, id, spec, order, changes.index, self.clock()));
        self.enter(uid, changes);
        Ok(Reply::Round { uid })
    }

    fn check_room(&self) -> Result<(), Rejection> {
        let limits = self.limits();
        let live = self.lookup.live_count() as u64;
        let open = self.live_rounds().filter(|round| matches!(round.phase(), Phase::Open | Phase::Sealed(_))).count();
        [(live, limits.max_rounds), (open as u64, limits.max_open_rounds)].into_iter().try_for_each(
            |(rounds, limit)| {
                if rounds < u64::from(limit) { Ok(()) } else { Err(Rejection::TooManyRounds { limit }) }
            },
        )
    }
}

/// A spec within the limits of which no encoding can be made: pairs and values are too many and too long together.
fn impossible(error: &EncodingPlanError) -> Rejection {
    let sentence = format!("no encoding has room for this: {error}");
    Rejection::InvalidRequest { violations: vec![FieldViolation { field: "max_pairs", sentence }] }
}
