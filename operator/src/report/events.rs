//! Events: what `kubectl describe` shows of what has happened.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use kube::{
    Client, Resource as _,
    runtime::events::{Event, Recorder, Reporter},
};
use parking_lot::Mutex;

use super::{Error, Happening, Reason};
use crate::{api::SilhouetteCluster, ids::Uid};

/// For so long the same is not told again: long enough for what goes wrong every few seconds, far below the hour for
/// which the API server keeps an event.
const SILENCE: Duration = Duration::from_mins(10);
/// Bytes of a note that the API server takes.
const LONGEST_NOTE: usize = 1024;

/// Publishes events.
pub struct Events {
    client: Client,
    reporter: Reporter,
    told: Mutex<HashMap<Told, Instant>>,
}

/// What was told: the same sentence about the same cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Told {
    cluster: Uid,
    reason: Reason,
    note: String,
}

impl Events {
    /// Events of this operator; `instance` is its pod.
    pub fn new(client: Client, instance: Option<String>) -> Self {
        let reporter = Reporter { controller: crate::resources::FIELD_MANAGER.to_owned(), instance };
        Self { client, reporter, told: Mutex::default() }
    }

    /// Publishes what happened to a cluster, unless the same was told lately.
    pub async fn publish(&self, cluster: &SilhouetteCluster, happening: &Happening) -> Result<(), Error> {
        let uid = cluster.metadata.uid.clone().unwrap_or_default();
        let told = Told { cluster: Uid(uid), reason: happening.reason, note: happening.note.clone() };
        if !self.remember(told, Instant::now()) {
            return Ok(());
        }
        let event = Event {
            type_: happening.reason.severity(),
            reason: happening.reason.as_str().to_owned(),
            note: Some(shortened(&happening.note)),
            action: happening.action.to_owned(),
            secondary: happening.pod.clone(),
        };
        // A recorder of its own: one that is kept counts events of the same reason together, under the first one's note.
        let recorder = Recorder::new(self.client.clone(), self.reporter.clone());
        recorder.publish(&event, &cluster.object_ref(&())).await.map_err(Error::Event)
    }

    /// Whether something is to be told at `now`; if so, it was.
    fn remember(&self, told: Told, now: Instant) -> bool {
        let mut remembered = self.told.lock();
        remembered.retain(|_, at| now.duration_since(*at) < SILENCE);
        let is_new = !remembered.contains_key(&told);
        if is_new {
            remembered.insert(told, now);
        }
        is_new
    }
}

/// As much of a note as the API server takes.
fn shortened(note: &str) -> String {
    note[..note.floor_char_boundary(LONGEST_NOTE)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(note: &str) -> Told {
        Told { cluster: "uid".into(), reason: Reason::PodEvicted, note: note.to_owned() }
    }

    #[tokio::test]
    async fn the_same_is_told_once_and_again_after_a_while() {
        let config = kube::Config::new(http::Uri::from_static("http://127.0.0.1:1"));
        let events = Events::new(Client::try_from(config).expect("it connects later"), None);
        let start = Instant::now();
        assert!(events.remember(told("evict demo-1"), start));
        assert!(events.remember(told("evict demo-2"), start), "another pod is another event");
        assert!(!events.remember(told("evict demo-1"), start + SILENCE / 2));
        assert!(events.remember(told("evict demo-1"), start + SILENCE));
        assert_eq!(events.told.lock().len(), 1, "what was told long ago is forgotten");
    }

    #[test]
    fn a_long_note_ends_at_a_letter() {
        let note = format!("{}é", "a".repeat(LONGEST_NOTE - 1));
        assert_eq!(shortened(&note).len(), LONGEST_NOTE - 1);
        assert_eq!(shortened("short"), "short");
    }
}
