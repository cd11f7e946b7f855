//! What each program of the control plane is told.

use std::net::SocketAddr;

/// The controllers that matter to the operator. Not the one that binds claims to volumes: as there are no volumes, it
/// would take back what a test says of a claim.
const CONTROLLERS: [&str; 14] = [
    "clusterrole-aggregation-controller",
    "disruption-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "node-lifecycle-controller",
    "persistentvolumeclaim-protection-controller",
    "pod-garbage-collector-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "statefulset-controller",
    "taint-eviction-controller",
];

/// What the API server keeps a record of: requests for pods to leave, with what they say.
pub(super) const AUDIT_POLICY: &str = "
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: Request, resources: [{group: '', resources: [pods/eviction]}]}
  - {level: None}
";

/// A store that serves `clients`; what it holds ends with the tests.
pub(super) fn etcd(clients: SocketAddr, peers: SocketAddr) -> Vec<String> {
    let mut arguments = owned([
        "--name=tests",
        "--data-dir=etcd",
        "--unsafe-no-fsync",
        // A machine that compiles at the same time must not unseat the only voter.
        "--heartbeat-interval=1000",
        "--election-timeout=10000",
        "--log-level=warn",
    ]);
    arguments.extend([
        format!("--listen-client-urls=http://{clients}"),
        format!("--advertise-client-urls=http://{clients}"),
        format!("--listen-peer-urls=http://{peers}"),
        format!("--initial-advertise-peer-urls=http://{peers}"),
        format!("--initial-cluster=tests=http://{peers}"),
    ]);
    arguments
}

/// An API server at `address` that keeps its objects in `etcd`.
pub(super) fn api_server(etcd: SocketAddr, address: SocketAddr) -> Vec<String> {
    let mut arguments = owned([
        "--tls-cert-file=server.crt",
        "--tls-private-key-file=server.key",
        "--client-ca-file=authority.crt",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=service-accounts.pub",
        "--service-account-signing-key-file=service-accounts.key",
        "--service-cluster-ip-range=10.96.0.0/16",
        // Nobody looks for it by the Service `kubernetes`, which must not name a loopback address.
        "--endpoint-reconciler-type=none",
        "--audit-policy-file=audit-policy.yaml",
        "--audit-log-path=audit.log",
        // Whoever reads the record must not wait for it.
        "--audit-log-mode=blocking",
    ]);
    arguments.extend([
        format!("--etcd-servers=http://{etcd}"),
        format!("--bind-address={}", address.ip()),
        format!("--advertise-address={}", address.ip()),
        format!("--secure-port={}", address.port()),
    ]);
    arguments
}

/// A controller manager that serves its own metrics at `address`.
pub(super) fn controller_manager(address: SocketAddr) -> Vec<String> {
    let mut arguments = owned([
        "--kubeconfig=manager.kubeconfig",
        "--service-account-private-key-file=service-accounts.key",
        "--root-ca-file=authority.crt",
        "--leader-elect=false",
        "--cert-dir=manager",
    ]);
    arguments.extend([
        format!("--controllers={}", CONTROLLERS.join(",")),
        format!("--bind-address={}", address.ip()),
        format!("--secure-port={}", address.port()),
    ]);
    arguments
}

fn owned<const COUNT: usize>(arguments: [&str; COUNT]) -> Vec<String> {
    arguments.map(str::to_owned).into()
}
