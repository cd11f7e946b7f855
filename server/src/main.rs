//! One node of Silhouette.

fn main() {}
