//! The nodes' configuration, in an object that is named by its content and cannot be edited.
//!
//! A node reads its configuration when it starts. If the object kept its name, nodes that start by chance would have a newer
//! one than others; so other content is another object, another template, and a roll. `immutable` has the API server refuse
//! an edit by hand, which would reach some nodes only.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use super::{CONFIGURATION_FILE, Subject, names};

/// The object with this content.
pub(super) fn config_map(subject: Subject<'_>, content: &str) -> ConfigMap {
    ConfigMap {
        metadata: subject.metadata(names::config_map(subject.name, content)),
        data: Some(BTreeMap::from([(CONFIGURATION_FILE.to_owned(), content.to_owned())])),
        immutable: Some(true),
        ..ConfigMap::default()
    }
}
