//! The methods that are counted: those that exist, so that what is sent cannot make new series.

use std::{collections::HashMap, sync::Arc};

use prometheus_client::encoding::EncodeLabelSet;
use prost::Message as _;
use prost_types::{FileDescriptorSet, MethodDescriptorProto};

/// Descriptions of everything that is served.
const DESCRIPTORS: [&[u8]; 4] = [
    silhouette_proto::FILE_DESCRIPTOR_SET,
    tonic_health::pb::FILE_DESCRIPTOR_SET,
    tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
    tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
];

/// Labels of a method.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(clippy::struct_field_names, reason = "they are the labels' names")]
pub(super) struct Method {
    /// Full name, such as `silhouette.v1.Rounds`.
    pub(super) grpc_service: String,
    /// Name within the service.
    pub(super) grpc_method: String,
    /// `unary`, `client_stream`, `server_stream` or `bidi_stream`.
    pub(super) grpc_type: String,
}

/// All methods by path.
#[derive(Debug)]
pub(super) struct Methods {
    known: HashMap<String, Arc<Method>>,
    unknown: Arc<Method>,
}

impl Default for Methods {
    fn default() -> Self {
        let files = DESCRIPTORS.iter().filter_map(|bytes| FileDescriptorSet::decode(*bytes).ok());
        let mut known = HashMap::new();
        for file in files.flat_map(|set| set.file) {
            for service in &file.service {
                let name = format!("{}.{}", file.package(), service.name());
                for method in &service.method {
                    let path = format!("/{name}/{}", method.name());
                    known.insert(path, Arc::new(labels(name.clone(), method)));
                }
            }
        }
        let unknown = || "unknown".to_owned();
        let unknown = Method { grpc_service: unknown(), grpc_method: unknown(), grpc_type: unknown() };
        Self { known, unknown: Arc::new(unknown) }
    }
}

impl Methods {
    /// Whether there is a method at a path.
    pub(super) fn knows(&self, path: &str) -> bool {
        self.known.contains_key(path)
    }

    /// The method at a path.
    pub(super) fn at(&self, path: &str) -> Arc<Method> {
        Arc::clone(self.known.get(path).unwrap_or(&self.unknown))
    }
}

fn labels(service: String, method: &MethodDescriptorProto) -> Method {
    let kind = match (method.client_streaming(), method.server_streaming()) {
        (false, false) => "unary",
        (true, false) => "client_stream",
        (false, true) => "server_stream",
        (true, true) => "bidi_stream",
    };
    Method { grpc_service: service, grpc_method: method.name().to_owned(), grpc_type: kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_has_its_labels_and_all_others_share_one() {
        let methods = Methods::default();
        for (path, kind) in [
            ("/silhouette.v1.Rounds/StartRound", "unary"),
            ("/silhouette.v1.Rounds/PublishValues", "bidi_stream"),
            ("/silhouette.v1.Rounds/WatchRound", "server_stream"),
            ("/silhouette.v1.Raft/Exchange", "client_stream"),
            ("/grpc.health.v1.Health/Check", "unary"),
            ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "bidi_stream"),
            ("/silhouette.v1.Rounds/made-up", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(methods.at(path).grpc_type, kind, "{path}");
        }
    }
}
