//! Streams that would outlive a node that is about to stop.

use std::time::Duration;

use super::refusal::Refusal;
use crate::node::NodeHandle;

/// How often an idle stream looks whether the node is draining: far more often than the delay during which it goes on
/// serving.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Refuses to begin a publication or a watch at a node that is about to stop; another node serves it to its end. Hints
/// and encodings are served: they are over before the node stops.
pub(super) fn refuse_new_stream(node: &NodeHandle) -> Result<(), Refusal> {
    if node.is_draining() { Err(Refusal::Draining) } else { Ok(()) }
}

/// Returns once the node is about to stop.
pub(super) async fn drained(node: &NodeHandle) {
    while !node.is_draining() {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
