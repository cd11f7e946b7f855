//! `WatchRound`: a round as it is, then after each change, so that nobody polls.

use futures::{StreamExt, stream};
use silhouette_proto::v1;
use tokio::{
    sync::watch,
    time::{Duration, Instant, sleep_until},
};
use tonic::Status;

use super::Answers;
use crate::{
    ids::{LogIndex, RoundUid},
    node::{Member, NodeHandle},
    service::{
        refusal::{Refusal, RoundName},
        validate::uid,
        wire,
    },
    state::{EndCause, Phase, State},
};

/// Follows a round from the revision that the request names.
pub(super) async fn watch(
    node: NodeHandle,
    request: &v1::WatchRoundRequest,
) -> Result<Answers<v1::WatchRoundResponse>, Refusal> {
    let uid = uid(&request.round_uid)?;
    let member = node.member()?;
    member.read_index().await?;
    let watcher = Watcher {
        applied: member.consensus.applied(),
        pause: node.settings().configuration.watching.pause,
        node,
        member,
        uid,
        seen: LogIndex(request.after_revision),
        not_before: Instant::now(),
        over: false,
    };
    // An unknown round is refused at once rather than within the stream.
    look(&watcher.member.consensus.state(), uid, watcher.seen)?;
    Ok(stream::try_unfold(watcher, |mut watcher| async move {
        let change = watcher.change().await.map_err(Status::from)?;
        Ok(change.map(|change| (change, watcher)))
    })
    .boxed())
}

/// One stream of changes.
struct Watcher {
    node: NodeHandle,
    member: Member,
    uid: RoundUid,
    /// Revision of the last change that was sent.
    seen: LogIndex,
    /// Changes whenever something was applied.
    applied: watch::Receiver<LogIndex>,
    /// Shortest time between two changes; what happens in between becomes one.
    pause: Duration,
    not_before: Instant,
    over: bool,
}

impl Watcher {
    /// Waits for the next change; `None` after the last one.
    async fn change(&mut self) -> Result<Option<v1::WatchRoundResponse>, Refusal> {
        while !self.over {
            self.unless_leaving(sleep_until(self.not_before)).await?;
            self.applied.mark_unchanged();
            // What a member applies after it was fenced may be wrong.
            self.node.member()?;
            let seen = look(&self.member.consensus.state(), self.uid, self.seen)?;
            self.over = seen.is_last;
            if let Some(change) = seen.change {
                self.seen = LogIndex(change.revision);
                self.not_before = Instant::now() + self.pause;
                return Ok(Some(change));
            }
            if !self.over {
                let mut applied = self.applied.clone();
                // The sender is gone once the member has stopped.
                self.unless_leaving(applied.changed()).await?.map_err(|_| Refusal::Draining)?;
            }
        }
        Ok(None)
    }

    /// Waits, but no longer than the node serves.
    async fn unless_leaving<T>(&self, wait: impl Future<Output = T>) -> Result<T, Refusal> {
        tokio::select! {
            biased;
            () = self.node.leaving().cancelled() => Err(Refusal::Draining),
            waited = wait => Ok(waited),
        }
    }
}

/// What a look at the state shows.
struct Seen {
    /// The round, if it has changed.
    change: Option<v1::WatchRoundResponse>,
    /// Whether nothing can follow.
    is_last: bool,
}

/// Looks whether a round has changed since revision `seen`.
fn look(state: &State, uid: RoundUid, seen: LogIndex) -> Result<Seen, Refusal> {
    let round = state.round(uid).ok_or(Refusal::RoundNotFound { round: RoundName::Uid(uid) })?;
    let revision = round.record.revision;
    let change = (revision > seen).then(|| v1::WatchRoundResponse {
        round: Some(wire::round(state, round)),
        revision: revision.0,
        deleted: matches!(round.phase(), Phase::Ended { cause: EndCause::Deleted, .. }),
    });
    Ok(Seen { change, is_last: round.is_ended() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::UploadId, service::scenario::Scenario, state::Command};

    fn seen(scenario: &Scenario, uid: RoundUid, after: u64) -> Seen {
        look(&scenario.state, uid, LogIndex(after)).expect("the round is known")
    }

    #[test]
    fn a_change_is_seen_once() {
        let mut scenario = Scenario::new();
        let uid = scenario.open(1);
        let first = seen(&scenario, uid, 0).change.expect("the round as it is");
        assert_eq!(first.round.as_ref().map(v1::Round::phase), Some(v1::Phase::Open));
        assert!(seen(&scenario, uid, first.revision).change.is_none());
        scenario.open(2);
        assert!(seen(&scenario, uid, first.revision).change.is_none(), "another round changed");
        scenario.publish(uid, UploadId([1; 16]));
        let second = seen(&scenario, uid, first.revision).change.expect("a publication");
        assert!(second.revision > first.revision);
        assert_eq!(second.round.map(|round| round.workers_published), Some(1));
    }

    #[test]
    fn the_end_of_a_round_is_the_last_change() {
        let mut scenario = Scenario::new();
        let uid = scenario.open(1);
        assert!(!seen(&scenario, uid, 0).is_last);
        scenario.apply(Command::DeleteRound { uid });
        let Seen { change, is_last } = seen(&scenario, uid, 0);
        let change = change.expect("the end");
        assert!(is_last && change.deleted);
        assert_eq!(change.round.map(|round| round.round_id), Some("r1".to_owned()));
        assert!(seen(&scenario, uid, change.revision).is_last, "whoever resumes after it hears no more");
    }

    #[test]
    fn an_unknown_round_cannot_be_watched() {
        assert!(look(&Scenario::new().state, RoundUid([9; 16]), LogIndex(0)).is_err());
    }
}
