//! The objects themselves. `INSTA_UPDATE=always` writes them anew; whoever does so reads the difference.

use super::{FULL, MINIMAL, cluster, objects};

#[test]
fn the_objects_of_a_minimal_resource() {
    for (name, object) in objects(&cluster(MINIMAL)) {
        insta::assert_yaml_snapshot!(format!("minimal-{name}"), object);
    }
}

#[test]
fn the_objects_of_a_resource_that_says_all() {
    for (name, object) in objects(&cluster(FULL)) {
        insta::assert_yaml_snapshot!(format!("full-{name}"), object);
    }
}
