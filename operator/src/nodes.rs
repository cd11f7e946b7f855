//! The nodes of a cluster, over gRPC.
