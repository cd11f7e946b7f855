//! Forming a cluster.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
};

use futures::future::try_join_all;
use silhouette_proto::v1::BootstrapRequest;

use super::{
    ClusterStep, Configuration, Identity,
    admission::{Admission, Observe},
    founding::{self, Founding},
    identify,
    patience::Patience,
    present,
};
use crate::{
    Address, ClusterId, Error,
    network::{Call, Network, Quest, cluster},
    request::identified,
};

/// Forms a cluster of the client's endpoints; made by [`Cluster::create`](super::Cluster::create), started by `.await`.
#[must_use = "it forms a cluster when it is awaited"]
pub struct Create<'a> {
    network: Arc<Network>,
    named: Option<ClusterId>,
    observe: Observe<'a>,
}

impl<'a> Create<'a> {
    pub(super) fn new(network: Arc<Network>) -> Self {
        Self { network, named: None, observe: Box::new(|_| ()) }
    }

    /// The id of the cluster to form, or of the one that was begun and shall be resumed; one made at random if none is
    /// given.
    pub fn cluster_id(mut self, id: ClusterId) -> Self {
        self.named = Some(id);
        self
    }

    /// Calls this with each step.
    pub fn on_step(mut self, observe: impl FnMut(&ClusterStep) + Send + 'a) -> Self {
        self.observe = Box::new(observe);
        self
    }

    /// Asks every endpoint, as forming does first, and changes nothing. An error is the one with which forming would
    /// end before anything is changed.
    pub async fn check(self) -> Result<(), Error> {
        decide(&self.network, self.named.as_ref(), &Patience::new(&self.network)).await.map(|_| ())
    }

    async fn run(mut self) -> Result<Configuration, Error> {
        let network = &self.network;
        let mut patience = Patience::new(network);
        let (nodes, founding) = decide(network, self.named.as_ref(), &patience).await?;
        let id = match self.named {
            Some(id) => id,
            None => ClusterId::random()?,
        };
        (self.observe)(&ClusterStep::Named(id.clone()));
        let (founder, identity) = match founding {
            Founding::Anew => &nodes[0],
            Founding::Resumed { voter } => &nodes[voter],
        };
        let request = BootstrapRequest {
            cluster_id: id.to_string(),
            initial_members: nodes.len() as u32,
            instance_id: identity.instance.clone(),
        };
        if founding == Founding::Anew {
            let ask = |channel| {
                let request = request.clone();
                async move { cluster(channel).bootstrap(request).await }
            };
            let call = Call::changes("bootstrapping the first node");
            Quest::at(network, founder.clone(), call, patience.left()).answer(ask).await?;
            (self.observe)(&ClusterStep::Bootstrapped(founder.clone()));
        }
        let begun = present::ask(network, founder, &patience).await?;
        check_begun(&begun, &id, &nodes)?;
        let joining: Vec<_> = nodes.iter().filter(|(node, _)| node != founder).cloned().collect();
        let admission = Admission { network, cluster: &id, nodes: &joining, replaces: None };
        let mut configuration = admission.run(&mut patience, &mut self.observe).await?;
        while !configuration.formed || configuration.joint || configuration.leader.is_none() {
            if !patience.pause().await {
                return Err(Error::timed_out("waiting for the cluster to form", patience.whole()));
            }
            configuration = present::ask_all(network, &mut patience).await?;
        }
        Ok(configuration)
    }
}

impl<'a> IntoFuture for Create<'a> {
    type Output = Result<Configuration, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        identified(self.run())
    }
}

impl fmt::Debug for Create<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Create").field("named", &self.named).finish_non_exhaustive()
    }
}

/// Asks every endpoint, and decides how a cluster is formed of them.
async fn decide(
    network: &Arc<Network>,
    named: Option<&ClusterId>,
    patience: &Patience,
) -> Result<(Vec<(Address, Identity)>, Founding), Error> {
    let nodes = identify_all(network, network.directory().endpoints(), patience).await?;
    let founding = founding::decide(&nodes, named)?;
    Ok((nodes, founding))
}

/// Asks every node who it is, all at once. An error if one does not answer.
pub(super) async fn identify_all(
    network: &Arc<Network>,
    nodes: Vec<Address>,
    patience: &Patience,
) -> Result<Vec<(Address, Identity)>, Error> {
    let ask = |node: Address| async move {
        let identity = identify(network, &node, patience).await?;
        Ok((node, identity))
    };
    try_join_all(nodes.into_iter().map(ask)).await
}

/// Whether a cluster that was begun is the one to be formed: of this id and size, and, once it was formed, of these
/// very nodes, so that a node that lost its disk is not admitted in passing. Pure.
fn check_begun(begun: &Configuration, id: &ClusterId, nodes: &[(Address, Identity)]) -> Result<(), Error> {
    if begun.cluster != *id {
        return Err(Error::inconsistent("the first node's cluster", format!("it is {}", begun.cluster)));
    }
    if begun.initial_members as usize != nodes.len() {
        let problem = format!("cluster {id} is formed of {} endpoints, not of {}", begun.initial_members, nodes.len());
        return Err(Error::precondition("ALREADY_INITIALISED", problem));
    }
    let stranger = nodes.iter().find(|(_, identity)| begun.of_instance(&identity.instance).is_none());
    match stranger {
        Some((node, _)) if begun.formed => {
            let problem = format!("cluster {id} is formed already, and {node} is no member of it; add it instead");
            Err(Error::precondition("ALREADY_INITIALISED", problem))
        }
        _ => Ok(()),
    }
}
