//! Tables, documents and exit codes.

use super::{node::Answer, *};

fn node(member: u64, role: &str, failing: &[&str]) -> Node {
    let check = |name: &&str| Check { name: (*name).to_owned(), ok: false, message: "a sentence".to_owned() };
    let answer = Answer {
        instance_id: format!("{member:032x}"),
        cluster_id: Some("c1".to_owned()),
        member_id: Some(member),
        name: format!("node-{member}"),
        version: "0.1.0".to_owned(),
        addresses: crate::cluster::view::AddressesDocument::default(),
        role: role.to_owned(),
        term: 3,
        leader_id: Some(1),
        last_index: 41,
        commit_index: 41,
        applied_index: 40,
        disk_bytes: 3 << 19,
        disk_free_bytes: None,
        disk_total_bytes: None,
        rounds_held: 2,
        rounds_known: 3,
        rounds_at_risk: 0,
        draining: false,
        checks: failing.iter().map(check).collect(),
        fence: None,
        degradations: Vec::new(),
        replication: Vec::new(),
    };
    let endpoint = format!("127.0.0.1:761{member}");
    Node { endpoint, error: None, ready: failing.is_empty(), answer: Some(answer) }
}

fn silent() -> Node {
    Node { endpoint: "127.0.0.1:7613".to_owned(), error: Some("UNREACHABLE".to_owned()), ..Node::default() }
}

#[test]
fn nodes_that_do_not_answer_are_shown_too() {
    let status = ClusterStatus::new([node(1, "leader", &[]), node(2, "voter", &["leader", "lag"]), silent()], None);
    let expected = "\
ENDPOINT         MEMBER   VERSION   DISK      ROLE     TERM     INDEX    APPLIED   ROUNDS   ERRORS
127.0.0.1:7611   1        0.1.0     1.50MiB   leader   3        41       40        2/3      <none>
127.0.0.1:7612   2        0.1.0     1.50MiB   voter    3        41       40        2/3      leader,lag
127.0.0.1:7613   <none>   <none>    <none>    <none>   <none>   <none>   <none>    <none>   UNREACHABLE
";
    assert!(status.table(false).starts_with(expected), "{}", status.table(false));
}

#[test]
fn the_exit_code_tells_healthy_unhealthy_and_unreachable_apart() {
    let exit = |nodes: Vec<Node>| ClusterStatus::new(nodes, None).exit();
    assert_eq!(exit(vec![node(1, "leader", &[]), node(2, "voter", &[])]), Exit::Done);
    assert_eq!(exit(vec![node(1, "leader", &[]), silent()]), Exit::Unhealthy);
    assert_eq!(exit(vec![node(1, "voter", &["leader"])]), Exit::Unhealthy);
    assert_eq!(exit(vec![silent()]), Exit::Unreachable);
    let mut stranger = node(2, "leader", &[]);
    stranger.answer.as_mut().expect("it answers").cluster_id = Some("c2".to_owned());
    assert_eq!(exit(vec![node(1, "leader", &[]), stranger]), Exit::Unhealthy);
}

#[test]
fn a_node_that_two_addresses_lead_to_is_shown_once() {
    assert_eq!(distinct([node(1, "leader", &[]), node(1, "leader", &[])]).len(), 1);
}

#[test]
fn a_silent_node_has_its_endpoint_and_the_reason_in_a_document() {
    let document = serde_json::to_value(ClusterStatus::new([silent()], None)).expect("serialises");
    let node = serde_json::json!({ "endpoint": "127.0.0.1:7613", "error": "UNREACHABLE", "ready": false });
    assert_eq!((&document["healthy"], &document["nodes"]), (&serde_json::json!(false), &serde_json::json!([node])));
    assert_eq!(document["findings"][0]["object"], "cluster");
}
