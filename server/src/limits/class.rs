//! Kinds of calls, as far as limits tell them apart.

/// What a call costs a node, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// How the node is, and what an administrator does.
    Administration,
    /// A stream of chunks, for as long as a worker has more.
    Publication,
    /// A stream that lasts for as long as the caller likes.
    Watch,
    /// A stream of a hint or an encoding, as fast as the caller reads.
    Download,
    /// One answer.
    Call,
}

impl Class {
    /// Of the method at a path.
    pub(super) fn of(path: &str) -> Self {
        match path {
            "/silhouette.v1.Rounds/PublishValues" => Self::Publication,
            "/silhouette.v1.Rounds/WatchRound"
            | "/grpc.health.v1.Health/Watch"
            | "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
            | "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" => Self::Watch,
            "/silhouette.v1.Retrieval/GetHint" | "/silhouette.v1.Retrieval/DownloadEncoding" => Self::Download,
            // It digests the whole state.
            "/silhouette.v1.Cluster/InspectState" => Self::Call,
            "/grpc.health.v1.Health/Check" | "/grpc.health.v1.Health/List" => Self::Administration,
            path if path.starts_with("/silhouette.v1.Cluster/") => Self::Administration,
            _ => Self::Call,
        }
    }

    /// Whether members forward such calls to their leader: writes, and what administrators do. Watches and lookups are
    /// answered where they arrive.
    pub(super) fn is_forwarded(self, path: &str) -> bool {
        let is_of = |service| path.strip_prefix(service).is_some_and(|rest| rest.starts_with('/'));
        self != Self::Watch && (is_of("/silhouette.v1.Rounds") || is_of("/silhouette.v1.Cluster"))
    }
}

#[cfg(test)]
mod tests {
    use silhouette_proto::FILE_DESCRIPTOR_SET;

    use super::*;

    #[test]
    fn every_stream_of_the_interface_has_a_class_of_its_own() {
        use prost::Message as _;
        let files =
            prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("the descriptors read back").file;
        let mut streams = 0;
        for file in &files {
            for service in file.service.iter().filter(|service| service.name() != "Raft") {
                for method in &service.method {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                    let lasts = method.client_streaming() || method.server_streaming();
                    let class = Class::of(&path);
                    assert_eq!(lasts, !matches!(class, Class::Call | Class::Administration), "{path} is {class:?}");
                    streams += usize::from(lasts);
                }
            }
        }
        assert!(streams >= 4, "{streams}");
    }

    #[test]
    fn a_node_can_be_asked_how_it_is_and_only_that_is_free() {
        for path in ["/grpc.health.v1.Health/Check", "/silhouette.v1.Cluster/GetStatus", "/silhouette.v1.Cluster/Join"]
        {
            assert_eq!(Class::of(path), Class::Administration, "{path}");
        }
        for path in ["/silhouette.v1.Cluster/InspectState", "/silhouette.v1.Rounds/ListRounds", "/made/up", ""] {
            assert_eq!(Class::of(path), Class::Call, "{path}");
        }
    }
}
