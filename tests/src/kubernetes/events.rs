//! Events: what is told to people about an object.

use anyhow::{Context as _, Result};
use k8s_openapi::api::core::v1::Event;
use kube::{Api, Client, api::ListParams};

/// All events about the object `name`, of whatever kind.
pub async fn events_about(client: &Client, namespace: &str, name: &str) -> Result<Vec<Event>> {
    let events = Api::<Event>::namespaced(client.clone(), namespace);
    let parameters = ListParams::default().fields(&format!("involvedObject.name={name}"));
    Ok(events.list(&parameters).await.context("cannot list events")?.items)
}
