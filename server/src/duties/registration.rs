//! A member tells its cluster where it is reached, what it can encode, and how much memory it offers.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    consensus::Consensus,
    state::{Command, MemberRecord, MemberState},
};

/// Pause before the next attempt.
const PAUSE: Duration = Duration::from_millis(300);

/// Hands `record` to the leader until the state shows it, and whenever the state shows another.
pub(crate) async fn register(consensus: Consensus, record: MemberRecord) {
    let mut applied = consensus.applied();
    let mut told = String::new();
    loop {
        // Marks what is applied now as seen, so that a change between the look and the wait is not missed.
        applied.borrow_and_update();
        let known = {
            let state = consensus.state();
            if state.member_state(record.id) == Some(MemberState::Removed) {
                return;
            }
            state.member(record.id).cloned()
        };
        match known {
            Some(known) if !says_the_same(&known, &record) => {
                match submit(&consensus, &record).await {
                    Ok(()) => {
                        tracing::info!(member = %record.id, "registered with the cluster");
                        warn_of_a_small_budget(record.memory_budget_bytes, consensus.state().reserved_bytes());
                    }
                    // Once is enough for whoever reads the log.
                    Err(error) if error != told => {
                        tracing::info!(error, "not registered with the cluster yet; it is tried again");
                        told = error;
                    }
                    Err(_) => {}
                }
                sleep(PAUSE).await;
            }
            // Registered, or so new that the log which names it has not arrived.
            _ => {
                if applied.changed().await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Says that no round will be started for a while because of this member's budget. What was promised before stays.
fn warn_of_a_small_budget(budget: u64, reserved: u64) {
    if budget < reserved {
        tracing::warn!(
            budget,
            reserved,
            "this member offers less memory than rounds reserve; no round can be started until some have ended"
        );
    }
}

/// Whether a record needs no change. Its place in the cluster's life is none of its own business.
fn says_the_same(known: &MemberRecord, own: &MemberRecord) -> bool {
    let MemberRecord { replaces, state, .. } = known.clone();
    *known == MemberRecord { replaces, state, ..own.clone() }
}

async fn submit(consensus: &Consensus, record: &MemberRecord) -> Result<(), String> {
    let command = Command::RegisterMember { record: record.clone() };
    let (leads, leader) = {
        let status = consensus.status();
        let status = status.borrow();
        (status.leads(), status.leader)
    };
    if leads {
        return consensus.propose(command).await.map(drop).map_err(|error| error.to_string());
    }
    let leader = leader.ok_or("no leader is known")?;
    let handed = consensus.transport().submit_report(leader, &command).await;
    handed.map_err(|status| status.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{InstanceId, MemberId};

    fn record() -> MemberRecord {
        MemberRecord {
            id: MemberId(2),
            instance: InstanceId([2; 16]),
            name: "node-2".to_owned(),
            client_address: "127.0.0.1:1".to_owned(),
            peer_address: "127.0.0.1:2".to_owned(),
            http_address: "127.0.0.1:3".to_owned(),
            encoding_version: 1,
            memory_budget_bytes: 1 << 30,
            replaces: None,
            state: MemberState::Joining,
        }
    }

    #[test]
    fn only_what_a_member_says_of_itself_is_compared() {
        let known = MemberRecord { replaces: Some(MemberId(1)), state: MemberState::Voter, ..record() };
        assert!(says_the_same(&known, &record()));
        assert!(!says_the_same(&MemberRecord { encoding_version: 0, ..known.clone() }, &record()));
        assert!(!says_the_same(&MemberRecord { peer_address: "127.0.0.1:9".to_owned(), ..known }, &record()));
    }
}
