//! The present configuration. Every node has one of its own, and one that has just joined, or is cut off, has an old
//! one: a change that was decided on it would be refused.

use std::sync::Arc;

use futures::{StreamExt as _, stream::FuturesUnordered};
use silhouette_proto::v1::ListMembersRequest;

use super::{Configuration, patience::Patience};
use crate::{
    Address, Error,
    network::{Call, Network, Quest, cluster},
};

const LISTING: Call = Call::reads("listing the members");

/// Asks all nodes until the leader has answered, or all have. The latest configuration counts.
pub(super) async fn ask_all(network: &Arc<Network>, patience: &mut Patience) -> Result<Configuration, Error> {
    loop {
        match ask_each(network).await {
            (Some(latest), _) => return Ok(latest),
            (None, Some(error)) if !error.is_retryable() || !patience.pause().await => return Err(error),
            (None, _) => {}
        }
    }
}

/// Asks each node once, until the leader has answered, or all have: the latest configuration, and the error that tells
/// most.
pub(super) async fn ask_each(network: &Arc<Network>) -> (Option<Configuration>, Option<Error>) {
    let mut answers: FuturesUnordered<_> =
        network.directory().addresses().into_iter().map(|node| ask_once(network, node)).collect();
    let (mut latest, mut failure): (Option<Configuration>, Option<Error>) = (None, None);
    while let Some((node, answer)) = answers.next().await {
        match answer {
            Ok(configuration) if is_of_leader(&configuration, &node) => return (Some(configuration), failure),
            Ok(configuration) if latest.as_ref().is_none_or(|latest| is_later(&configuration, latest)) => {
                latest = Some(configuration);
            }
            Err(error) if failure.as_ref().is_none_or(|failure| weight(&error) >= weight(failure)) => {
                failure = Some(error);
            }
            Ok(_) | Err(_) => {}
        }
    }
    (latest, failure)
}

/// Asks one node until it answers.
pub(super) async fn ask(network: &Arc<Network>, node: &Address, patience: &Patience) -> Result<Configuration, Error> {
    let ask = |channel| async move { cluster(channel).list_members(ListMembersRequest {}).await };
    let response = Quest::at(network, node.clone(), LISTING, patience.left()).answer(ask).await?;
    Configuration::from_response(response.configuration)
}

/// A node that answered knows more than one that cannot be reached, and a member more than a node without a cluster.
fn weight(error: &Error) -> (bool, bool) {
    (matches!(error, Error::Refused(_)), error.is_retryable())
}

async fn ask_once(network: &Arc<Network>, node: Address) -> (Address, Result<Configuration, Error>) {
    let ask = |channel| async move { cluster(channel).list_members(ListMembersRequest {}).await };
    let answer = network.call_once(&node, LISTING, ask).await.and_then(|response| {
        if let Some(configuration) = &response.configuration {
            network.learn_members(configuration);
        }
        Configuration::from_response(response.configuration)
    });
    (node, answer)
}

/// Whether the node at `address` names itself as the leader. Pure.
fn is_of_leader(configuration: &Configuration, address: &Address) -> bool {
    let leader = configuration.leader.and_then(|leader| configuration.member(leader));
    leader.is_some_and(|leader| leader.addresses.client == address.as_str())
}

/// Whether a configuration comes after another. Pure.
fn is_later(configuration: &Configuration, other: &Configuration) -> bool {
    let age = |configuration: &Configuration| (configuration.index, configuration.leader.is_some(), configuration.term);
    age(configuration) > age(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{
        LogIndex, MemberState,
        configuration::tests::{configuration, id},
    };

    #[test]
    fn a_node_that_has_just_joined_is_not_believed_before_others() {
        let present = configuration(&[MemberState::Voter]);
        let joined = Configuration { index: LogIndex(0), leader: None, ..configuration(&[]) };
        assert!(is_later(&present, &joined) && !is_later(&joined, &present));
        let cut_off = Configuration { leader: None, ..present.clone() };
        assert!(is_later(&present, &cut_off) && !is_later(&cut_off, &present));
    }

    #[test]
    fn the_leader_is_known_by_its_address() {
        let mut present = configuration(&[MemberState::Voter; 2]);
        present.members[1].addresses.client = "b:1".to_owned();
        let address: Address = "b:1".parse().expect("an address");
        assert!(!is_of_leader(&present, &address));
        present.leader = Some(id(2));
        assert!(is_of_leader(&present, &address));
    }
}
