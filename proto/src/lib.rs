//! The gRPC interfaces of Silhouette and what is generated from them.
//!
//! [`v1`] holds the messages, clients and servers of `silhouette/v1/*.proto`; [`content_digest`] is the one rule of
//! the protocol that a message cannot state: how a publication is summarised independently of its order.

mod content_digest;

pub use content_digest::{ContentDigest, PairDigest, content_digest, pair_digest};

/// Messages, clients and servers of the package `silhouette.v1`.
#[expect(
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated code; the .proto files hold the documentation"
)]
pub mod v1 {
    tonic::include_proto!("silhouette.v1");
}

/// The encoded `google.protobuf.FileDescriptorSet` of [`v1`], for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("silhouette");
