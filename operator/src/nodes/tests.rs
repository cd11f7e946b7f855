use tokio::net::TcpListener;

use super::*;

fn nodes() -> Nodes {
    Nodes::new(Patience { questions: Duration::from_millis(300), changes: Duration::from_millis(300) })
}

fn pod(uid: &str, address: SocketAddr) -> PodAddress {
    PodAddress { address, ..PodAddress::new("team", "demo-1", uid.into(), address.ip()) }
}

#[test]
fn a_node_is_reached_at_the_pods_address_and_the_fixed_port() {
    let ip = "fd00::7".parse().expect("an address");
    assert_eq!(PodAddress::new("team", "demo-1", "p1".into(), ip).address.to_string(), "[fd00::7]:7601");
}

#[tokio::test]
async fn a_node_that_hangs_costs_its_time_and_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let (nodes, address) = (nodes(), listener.local_addr().expect("it is bound"));
    // Connections are taken by the kernel, and nobody says anything.
    let answer = nodes.node(&pod("p1", address)).ask().await;
    let silent = NodeError::Silent { pod: "demo-1".to_owned(), after: nodes.patience().questions };
    assert_eq!(answer, Err(silent));
    assert!(nodes.connections.lock().is_empty(), "whether it is back only another connection tells");
}

#[tokio::test]
async fn a_node_that_is_not_there_cannot_be_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    drop(listener);
    let answer = nodes().node(&pod("p1", address)).status().await.expect_err("nobody is there");
    assert!(matches!(&answer, NodeError::Unreachable { .. }), "{answer}");
}

#[tokio::test]
async fn a_pod_has_one_connection_which_goes_with_it() {
    let nodes = nodes();
    let [first, second] = ["127.0.0.1:1", "127.0.0.1:2"].map(|address| address.parse().expect("an address"));
    for address in [first, first, second] {
        nodes.node(&pod("p1", address));
    }
    nodes.node(&pod("p2", first));
    let known = |uid: &str| nodes.connections.lock().get(&uid.into()).map(|connection| connection.to.address);
    assert_eq!((known("p1"), known("p2")), (Some(second), Some(first)), "a pod's address may change");
    nodes.keep(|pod| pod.uid.0 == "p2");
    assert_eq!((known("p1"), known("p2")), (None, Some(first)));
}
