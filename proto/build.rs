//! Generates messages, clients and servers from `silhouette/v1/*.proto`, and the descriptor set for reflection.

use std::{env, io, path::PathBuf};

const FILES: [&str; 4] = [
    "silhouette/v1/rounds.proto",
    "silhouette/v1/retrieval.proto",
    "silhouette/v1/cluster.proto",
    "silhouette/v1/raft.proto",
];

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    tonic_prost_build::configure()
        .bytes(".")
        .file_descriptor_set_path(out.join("silhouette.bin"))
        .compile_protos(&FILES, &["."])
}
