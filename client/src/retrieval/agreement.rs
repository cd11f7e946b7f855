//! A round's description, from one node or agreed on by a majority.

use std::sync::Arc;

use futures::{StreamExt as _, stream::FuturesUnordered};
use silhouette_proto::v1::{self, GetShapeRequest, ListMembersRequest, MemberState, get_shape_request};
use tokio::time::{Instant, sleep};

use super::Shape;
use crate::{
    Agreement, Error, RoundName,
    network::{Address, Call, Network, cluster, retrieval},
};

const DESCRIBING: Call = Call::reads("describing the round");

/// Asks for a round's description, of as many nodes as the client's settings demand.
pub(super) async fn describe(network: &Arc<Network>, round: &RoundName) -> Result<Shape, Error> {
    let shape = match network.settings().agreement {
        Agreement::AnyNode => {
            let response = network
                .call(DESCRIBING, |channel| {
                    let request = request(round);
                    async move { retrieval(channel).get_shape(request).await }
                })
                .await?;
            read(response.shape)?
        }
        Agreement::Majority => agreed(network, round).await?,
    };
    match round {
        RoundName::Uid(uid) if *uid != shape.uid() => {
            Err(Error::inconsistent("the round's description", format!("it is of round {}", shape.uid())))
        }
        _ => Ok(shape),
    }
}

fn request(round: &RoundName) -> GetShapeRequest {
    let round = match round {
        RoundName::Id(id) => get_shape_request::Round::RoundId(id.clone()),
        RoundName::Uid(uid) => get_shape_request::Round::RoundUid(uid.to_string()),
    };
    GetShapeRequest { round: Some(round) }
}

fn read(shape: Option<v1::Shape>) -> Result<Shape, Error> {
    Shape::from_wire(&shape.ok_or_else(|| Error::inconsistent("the answer", "it holds no description"))?)
}

/// Asks all voters until a majority has answered alike. Nodes that are late or gone are asked again.
async fn agreed(network: &Arc<Network>, round: &RoundName) -> Result<Shape, Error> {
    let started = Instant::now();
    let patience = network.settings().timeout;
    let voters = voters(network).await?;
    let mut ballot = Ballot::new(voters.len());
    let mut last = None;
    loop {
        let mut unheard: FuturesUnordered<_> = voters
            .iter()
            .filter(|voter| !ballot.has_heard(voter))
            .map(|voter| async move {
                let request = request(round);
                let answer = network
                    .call_once(voter, DESCRIBING, |channel| async move { retrieval(channel).get_shape(request).await });
                (voter, answer.await)
            })
            .collect();
        while let Some((voter, answer)) = unheard.next().await {
            match answer.and_then(|response| read(response.shape)) {
                Ok(shape) => ballot.hear(voter, Some(&shape)),
                Err(error) => {
                    // One node's "no" decides as little as its "yes".
                    if !error.is_retryable() {
                        ballot.hear(voter, None);
                    }
                    last = Some(error);
                }
            }
            match ballot.winner() {
                Ok(Some(shape)) => return Ok(shape),
                Ok(None) => {}
                Err(Undecided) => return Err(last.unwrap_or_else(disagreement)),
            }
        }
        let pause = network.settings().longest_pause;
        if started.elapsed() + pause >= patience {
            return Err(last.unwrap_or(Error::timed_out(DESCRIBING.what, patience)));
        }
        sleep(pause).await;
    }
}

fn disagreement() -> Error {
    Error::inconsistent("the round's description", "no majority of voters agrees on it")
}

async fn voters(network: &Arc<Network>) -> Result<Vec<Address>, Error> {
    let listing = Call::reads("listing the members");
    let response = network
        .call(listing, |channel| async move { cluster(channel).list_members(ListMembersRequest {}).await })
        .await?;
    let members = response.configuration.map(|configuration| configuration.members).unwrap_or_default();
    let voters = members.iter().filter(|member| member.state() == MemberState::Voter);
    voters.map(|voter| voter.addresses.clone().unwrap_or_default().client.parse()).collect()
}

/// What the voters have answered so far. Pure.
struct Ballot {
    voters: usize,
    /// `None`: the voter refused to describe the round.
    heard: Vec<(Address, Option<Shape>)>,
}

/// No description can have a majority any more.
#[derive(Debug)]
struct Undecided;

impl Ballot {
    const fn new(voters: usize) -> Self {
        Self { voters, heard: Vec::new() }
    }

    fn has_heard(&self, voter: &Address) -> bool {
        self.heard.iter().any(|(heard, _)| heard == voter)
    }

    fn hear(&mut self, voter: &Address, shape: Option<&Shape>) {
        if !self.has_heard(voter) {
            self.heard.push((voter.clone(), shape.copied()));
        }
    }

    /// The description that a majority of voters gave, or `None` while it is open.
    fn winner(&self) -> Result<Option<Shape>, Undecided> {
        let shapes = || self.heard.iter().filter_map(|(_, shape)| shape.as_ref());
        let votes = |candidate: &Shape| shapes().filter(|shape| *shape == candidate).count();
        let (most, leading) =
            shapes().map(|shape| (votes(shape), Some(*shape))).max_by_key(|(votes, _)| *votes).unwrap_or_default();
        if most > self.voters / 2 {
            return Ok(leading);
        }
        if most + (self.voters - self.heard.len()) > self.voters / 2 {
            return Ok(None);
        }
        Err(Undecided)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::shape::tests::shape;

    fn ballot(voters: usize, seeds: &[Option<u8>]) -> Result<Option<Shape>, Undecided> {
        let mut ballot = Ballot::new(voters);
        for (node, seed) in seeds.iter().enumerate() {
            ballot.hear(&format!("node-{node}:1").parse().expect("an address"), seed.map(shape).as_ref());
        }
        ballot.winner()
    }

    #[test]
    fn a_majority_of_all_voters_decides_not_of_those_that_answered() {
        assert_eq!(ballot(3, &[]).expect("open"), None);
        assert_eq!(ballot(3, &[Some(1)]).expect("open"), None);
        assert_eq!(ballot(3, &[Some(1), Some(1)]).expect("decided"), Some(shape(1)));
        assert_eq!(ballot(3, &[Some(2), Some(1)]).expect("open"), None);
        assert_eq!(ballot(3, &[Some(2), Some(1), Some(1)]).expect("decided"), Some(shape(1)));
        assert_eq!(ballot(1, &[Some(1)]).expect("decided"), Some(shape(1)));
    }

    #[test]
    fn without_any_majority_it_is_undecided() {
        assert!(ballot(3, &[Some(1), Some(2), Some(3)]).is_err());
        assert!(ballot(4, &[Some(1), Some(1), Some(2), Some(2)]).is_err());
        assert!(ballot(5, &[Some(1), Some(2), Some(3)]).expect("open").is_none());
        assert!(ballot(5, &[Some(1), Some(2), Some(3), Some(4)]).is_err());
        assert!(ballot(0, &[]).is_err());
    }

    #[test]
    fn one_refusal_neither_decides_nor_counts_for_anything() {
        assert_eq!(ballot(3, &[None]).expect("open"), None);
        assert_eq!(ballot(3, &[None, Some(1), Some(1)]).expect("decided"), Some(shape(1)));
        assert!(ballot(3, &[None, None]).is_err());
        assert!(ballot(3, &[None, Some(1), Some(2)]).is_err());
    }

    #[test]
    fn a_node_votes_once() {
        let mut ballot = Ballot::new(3);
        let node = "node:1".parse().expect("an address");
        ballot.hear(&node, Some(&shape(1)));
        ballot.hear(&node, Some(&shape(1)));
        assert_eq!(ballot.winner().expect("open"), None);
    }
}
