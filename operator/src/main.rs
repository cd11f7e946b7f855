//! `silhouette-operator`.

fn main() {}
