//! What is done to running members, one after another.

use std::{fmt, time::Duration};

use anyhow::Result;

use super::cluster::Cluster;

/// What happens to a member, or to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SIGKILL, and later a start.
    Kill,
    /// SIGKILL, an empty disk, and a new instance in its place.
    Replace,
    /// SIGSTOP, and later SIGCONT.
    Pause,
    /// SIGKILL of all, and a start of all.
    RestartAll,
}

/// To whom it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To whoever leads then.
    Leader,
    /// To somebody else.
    Follower,
}

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: Kind,
    /// To whom.
    pub target: Target,
    /// For how long a member is down or paused.
    pub lasting: Duration,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Kill, Self::Replace, Self::Pause, Self::RestartAll];
}

impl Fault {
    /// Lets it happen and pass, and waits until nobody is catching up any more.
    pub async fn happen(&self, cluster: &mut Cluster) -> Result<()> {
        let index = match self.target {
            Target::Leader => cluster.leader().await?,
            Target::Follower => cluster.follower().await?,
        };
        match self.kind {
            Kind::Kill => {
                cluster.node_mut(index).kill()?;
                self.last().await;
                cluster.node_mut(index).start().await?;
            }
            Kind::Replace => cluster.replace(index).await?,
            Kind::Pause => {
                cluster.node_mut(index).process()?.pause()?;
                self.last().await;
                cluster.node_mut(index).process()?.resume()?;
            }
            Kind::RestartAll => {
                for index in 0..cluster.nodes().len() {
                    cluster.node_mut(index).kill()?;
                }
                for index in 0..cluster.nodes().len() {
                    cluster.node_mut(index).start().await?;
                }
            }
        }
        cluster.settled().await
    }

    /// The fault's own length: nothing is waited for.
    async fn last(&self) {
        tokio::time::sleep(self.lasting).await;
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = match self.target {
            Target::Leader => "the leader",
            Target::Follower => "a follower",
        };
        match self.kind {
            Kind::Kill => write!(f, "kill -9 of {target}, down for {:?}", self.lasting),
            Kind::Replace => write!(f, "{target} loses its disk and is replaced"),
            Kind::Pause => write!(f, "{target} stands still for {:?}", self.lasting),
            Kind::RestartAll => f.write_str("kill -9 and restart of all"),
        }
    }
}
