//! Clients that look up published keys at every node, each at one alone, while things go wrong: an answer may fail, but
//! never be wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use silhouette_client::{Client, Mode, RoundUid};
use tokio::task::JoinHandle;

use super::{cluster::Cluster, rounds::Pairs};

/// A node that says no is asked again soon.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Between two lookups at a node: others want to be answered, too.
const PAUSE: Duration = Duration::from_millis(20);

/// Keys of one lookup that were published; as many that were not are asked with them.
const KEYS: usize = 3;

/// Witnesses of one round.
#[derive(Debug)]
pub struct Witnesses {
    enough: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Result<u64>>>,
}

impl Witnesses {
    /// Looks up these pairs of a round at every node, by query and by download, until told to end.
    pub fn begin(cluster: &Cluster, uid: RoundUid, pairs: &Pairs) -> Result<Self> {
        let enough = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for endpoint in cluster.endpoints() {
            let client = Client::builder().endpoint(endpoint).discover_members(false).timeout(TIMEOUT).build()?;
            let (enough, pairs) = (Arc::clone(&enough), pairs.clone());
            tasks.push(tokio::spawn(async move {
                let mut right = 0;
                let mut modes = [Mode::Pir, Mode::Download].into_iter().cycle();
                let mut some = pairs.chunks(KEYS).cycle();
                while !enough.load(Ordering::Relaxed) {
                    let (Some(mode), Some(some)) = (modes.next(), some.next()) else { break };
                    right += u64::from(ask(&client, uid, some, mode).await?);
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(right)
            }));
        }
        Ok(Self { enough, tasks })
    }

    /// Ends them; how many lookups were answered, all rightly. An error if one was answered wrongly.
    pub async fn end(self) -> Result<u64> {
        self.enough.store(true, Ordering::Relaxed);
        let mut right = 0;
        for task in self.tasks {
            right += task.await??;
        }
        Ok(right)
    }
}

/// Whether the lookup was answered; an error if the answer is wrong.
async fn ask(client: &Client, uid: RoundUid, pairs: &[(Vec<u8>, Vec<u8>)], mode: Mode) -> Result<bool> {
    let absent = pairs.iter().map(|(key, _)| [key.as_slice(), b"?"].concat());
    let keys: Vec<_> = pairs.iter().map(|(key, _)| key.clone()).chain(absent).collect();
    let Ok(answers) = client.get_many(uid, keys).mode(mode).await else { return Ok(false) };
    for (found, expected) in answers.values().iter().zip(pairs.iter().map(|(_, value)| Some(value))) {
        ensure!(found.as_ref() == expected, "round {uid}: a published key has another value, or none");
    }
    ensure!(answers.values()[pairs.len()..].iter().all(Option::is_none), "round {uid}: an absent key has a value");
    Ok(true)
}
