//! Names of objects. They follow from the resource's name alone, but for that of the nodes' configuration.
//!
//! A resource's name has at most 40 characters, so that none of these has more than 63, which is what labels and names of
//! Services may have.

use super::port::Port;
use crate::ids::Ordinal;

/// Of the StatefulSet, the Service of Ready pods, the PodDisruptionBudget and the NetworkPolicy: the resource's own.
pub fn main(cluster: &str) -> String {
    cluster.to_owned()
}

/// Of the headless Service: the domain of the pods' names.
pub fn headless_service(cluster: &str) -> String {
    format!("{cluster}-headless")
}

/// Of the Service of all pods, Ready or not.
pub fn retrieval_service(cluster: &str) -> String {
    format!("{cluster}-retrieval")
}

/// Of the pods' ServiceAccount. Not the resource's own: a resource `default` must not take over the account that all
/// other pods of the namespace have.
pub fn service_account(cluster: &str) -> String {
    format!("{cluster}-node")
}

/// Of the nodes' configuration with this content.
pub(super) fn config_map(cluster: &str, content: &str) -> String {
    const BYTES_OF_HASH: usize = 5;
    let hash = blake3::derive_key("silhouette.dev v1 operator configuration name", content.as_bytes());
    format!("{cluster}-config-{}", hex::encode(&hash[..BYTES_OF_HASH]))
}

/// Of the claim at a place, as the StatefulSet's controller makes it.
pub fn claim(cluster: &str, ordinal: Ordinal) -> String {
    format!("{}-{ordinal}", claims(cluster))
}

/// What the names of all claims begin with.
pub(super) fn claims(cluster: &str) -> String {
    format!("{}-{cluster}", super::DATA_VOLUME)
}

/// What a pod says others reach it by. `pod` may be a variable that Kubernetes replaces.
pub(super) fn address(pod: &str, cluster: &str, namespace: &str, port: Port) -> String {
    format!("{pod}.{}.{namespace}.svc:{}", headless_service(cluster), port.number())
}
