//! Starting a round.

use super::Changes;
use crate::{
    ids::{RoundId, RoundUid},
    state::{
        FieldViolation, Limits, Phase, Rejection, Reply, Round, RoundSpec, State, admission::reservation,
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
        let &Limits { max_rounds, max_open_rounds, .. } = self.limits();
        if self.lookup.live_count() >= max_rounds as usize {
            return Err(Rejection::TooManyRounds { limit: max_rounds });
        }
        let open = self.live_rounds().filter(|round| matches!(round.phase(), Phase::Open | Phase::Sealed(_))).count();
        if open >= max_open_rounds as usize {
            return Err(Rejection::TooManyOpenRounds { limit: max_open_rounds });
        }
        Ok(())
    }
}

/// A spec within the limits of which no encoding can be made: pairs and values are too many and too long together.
fn impossible(error: &EncodingPlanError) -> Rejection {
    let sentence = format!("no encoding has room for this: {error}");
    Rejection::InvalidRequest { violations: vec![FieldViolation { field: "max_pairs", sentence }] }
}
