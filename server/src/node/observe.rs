//! The node looks at itself: readiness, gRPC health, its disk, and whether it is still a member.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use silhouette_proto::v1;
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};
use tonic_health::{ServingStatus, server::HealthReporter};

use super::{Member, NodeHandle, lifecycle::Lifecycle};
use crate::{
    ids::LogIndex,
    readiness::{Observation, Readiness, ServedRound, Standing, Verdict},
};

/// Decides readiness and health again and again, and ends the part of a member that was removed.
pub(super) async fn observe(node: NodeHandle, health: HealthReporter) {
    let settings = node.settings().configuration.readiness.clone();
    let mut clock = interval(settings.interval);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut readiness = Readiness::new(settings);
    let mut health = Health { reporter: health, told: BTreeMap::new() };
    loop {
        clock.tick().await;
        let seen = node.see();
        if seen.standing == Standing::Removed {
            node.retire().await;
        }
        let verdict = readiness.observe(Instant::now(), &seen);
        node.metrics().divergence().show(seen.fence.is_some(), node.degraded_rounds());
        tell_change(&node.verdict(), &verdict, seen.draining);
        health.tell(&seen, verdict.ready, node.knows_leader()).await;
        node.decide(verdict);
    }
}

/// Tries again and again whether the disk takes writes.
pub(super) async fn watch_disk(node: NodeHandle) {
    let mut clock = interval(node.settings().configuration.readiness.disk_interval);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let Ok(store) = node.store() else { continue };
        match spawn_blocking(move || store.check_writable()).await {
            Ok(Ok(())) => node.set_disk_fault(None),
            Ok(Err(error)) => node.set_disk_fault(Some(error.to_string())),
            Err(error) => node.set_disk_fault(Some(format!("the disk could not be tried: {error}"))),
        }
    }
}

impl NodeHandle {
    fn degraded_rounds(&self) -> usize {
        self.administered().map_or(0, |member| member.encodings.degraded().borrow().len())
    }

    fn knows_leader(&self) -> bool {
        self.administered().is_ok_and(|member| member.consensus.status().borrow().leader.is_some())
    }

    /// What the node sees of itself now.
    fn see(&self) -> Observation {
        let lifecycle = self.lifecycle();
        let (disk_fault, draining) = (self.disk_fault(), self.is_draining());
        if let Lifecycle::Member(_, member) = &lifecycle {
            let seen = see_member(member, self.has_caught_up());
            return Observation { disk_fault: seen.disk_fault.or(disk_fault), draining, ..seen };
        }
        let standing = match lifecycle {
            Lifecycle::Starting => Standing::Starting,
            Lifecycle::Removed(..) => Standing::Removed,
            Lifecycle::Uninitialised(_) | Lifecycle::Member(..) => Standing::Uninitialised,
        };
        Observation { disk_fault, draining, ..nothing(standing) }
    }
}

fn see_member(Member { consensus, encodings }: &Member, caught_up: bool) -> Observation {
    let held = encodings.held().borrow().clone();
    let (votes, rounds) = {
        let state = consensus.state();
        (state.configuration().raft.is_voter(consensus.member_id()), ServedRound::all(&state, &held))
    };
    // It may learn so from its own log, or, if it was away, from whoever it speaks to.
    let told_so = *consensus.transport().removed().borrow();
    let status = consensus.status();
    let status = status.borrow();
    let standing = match (status.removed || told_so, votes) {
        (true, _) => Standing::Removed,
        (false, true) => Standing::Voter,
        (false, false) => Standing::NotVoting,
    };
    Observation {
        leader_heard: status.leader_heard,
        commit: status.commit,
        applied: status.applied,
        caught_up,
        rounds,
        disk_fault: status.storage_fault.clone(),
        fence: consensus.fence().map(ToString::to_string),
        ..nothing(standing)
    }
}

/// Of a node without a running member.
fn nothing(standing: Standing) -> Observation {
    Observation {
        standing,
        leader_heard: None,
        commit: LogIndex(0),
        applied: LogIndex(0),
        caught_up: false,
        rounds: BTreeMap::new(),
        disk_fault: None,
        fence: None,
        draining: false,
    }
}

/// Logs when readiness changes, and why.
fn tell_change(before: &Verdict, now: &Verdict, draining: bool) {
    let failing = |verdict: &Verdict| -> BTreeSet<&'static str> {
        verdict.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect()
    };
    match (before.ready, now.ready) {
        (false, true) => tracing::info!("ready"),
        // Whoever asked it to stop knows.
        (true, false) if draining => {}
        (true, false) => {
            let why: Vec<_> = now.checks.iter().filter(|check| !check.ok).map(|check| &*check.message).collect();
            tracing::warn!(why = why.join("; "), "not ready any more");
        }
        _ if failing(before) != failing(now) => {
            tracing::debug!(failing = ?failing(now), "checks of readiness changed");
        }
        _ => {}
    }
}

/// What `grpc.health.v1` is told.
struct Health {
    reporter: HealthReporter,
    told: BTreeMap<&'static str, ServingStatus>,
}

impl Health {
    /// The empty name stands for the whole node: it is ready. `Rounds` needs a leader, `Retrieval` some round; neither
    /// waits for the other.
    async fn tell(&mut self, seen: &Observation, ready: bool, knows_leader: bool) {
        let serves = !seen.draining && seen.disk_fault.is_none() && seen.fence.is_none();
        let leader = serves && knows_leader;
        let held = serves && seen.rounds.values().any(|round| round.held);
        let administers = !matches!(seen.standing, Standing::Starting);
        for (service, holds) in [
            ("", ready),
            (v1::rounds_server::SERVICE_NAME, leader),
            (v1::retrieval_server::SERVICE_NAME, held),
            (v1::cluster_server::SERVICE_NAME, administers),
        ] {
            let status = if holds { ServingStatus::Serving } else { ServingStatus::NotServing };
            // Only changes: each is sent to everybody who watches.
            if self.told.insert(service, status) != Some(status) {
                self.reporter.set_service_status(service, status).await;
            }
        }
    }
}
