//! What a Kubernetes node shows.

use k8s_openapi::{
    api::core::v1::{Node, NodeCondition},
    jiff::Timestamp,
};

/// Whether a Kubernetes node does not report any more. One that there is no object of has gone.
pub(super) fn is_lost(machine: Option<&Node>) -> bool {
    // What has never reported yet is not lost.
    machine.is_none_or(|machine| ready(machine).is_some_and(|ready| ready.status == "Unknown"))
}

/// Since when a Kubernetes node has been Ready, if it is.
pub(super) fn ready_since(machine: Option<&Node>) -> Option<Timestamp> {
    let ready = machine.and_then(ready).filter(|ready| ready.status == "True")?;
    ready.last_transition_time.as_ref().map(|time| time.0)
}

fn ready(machine: &Node) -> Option<&NodeCondition> {
    machine.status.as_ref()?.conditions.as_ref()?.iter().find(|condition| condition.type_ == "Ready")
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn machine(ready: &str) -> Node {
        let condition = |kind: &str, status: &str| {
            let time = "2026-11-25T02:00:00Z";
            json!({ "type": kind, "status": status, "lastTransitionTime": time, "lastHeartbeatTime": time })
        };
        let conditions = [condition("MemoryPressure", "Unknown"), condition("Ready", ready)];
        from_value(json!({ "metadata": { "name": "machine-1" }, "status": { "conditions": conditions } }))
            .expect("a node")
    }

    #[test]
    fn a_node_is_lost_once_it_does_not_report() {
        assert!(is_lost(Some(&machine("Unknown"))));
        assert!(is_lost(None));
        assert!(!is_lost(Some(&machine("True"))));
        assert!(!is_lost(Some(&machine("False"))), "it reports that it is not Ready");
        assert!(!is_lost(Some(&Node::default())), "it has never reported yet");
    }

    #[test]
    fn only_a_ready_node_has_a_time_since_when() {
        assert_eq!(ready_since(Some(&machine("True"))), Some("2026-11-25T02:00:00Z".parse().expect("a time")));
        assert_eq!(ready_since(Some(&machine("False"))), None);
        assert_eq!(ready_since(Some(&machine("Unknown"))), None);
        assert_eq!(ready_since(None), None);
    }
}
