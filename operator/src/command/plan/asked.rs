//! The resource of a file, in the place of the one that the API server has.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use serde::Deserialize as _;
use silhouette_operator::api::SilhouetteCluster;

/// The uid of a resource that the API server has not seen yet.
const NO_UID: &str = "00000000-0000-0000-0000-000000000000";

/// Reads the one resource of a file; `-` is standard input.
pub(super) fn read(file: &Path) -> anyhow::Result<SilhouetteCluster> {
    let title = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let text = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    parse(&text.with_context(|| format!("{title} cannot be read"))?)
        .with_context(|| format!("{title} is no SilhouetteCluster"))
}

fn parse(text: &str) -> anyhow::Result<SilhouetteCluster> {
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let document = serde_yaml::Value::deserialize(document)?;
        if !document.is_null() {
            documents.push(document);
        }
    }
    let [document] = documents.as_slice() else { bail!("{} documents instead of one", documents.len()) };
    let kind = document.get("kind").and_then(serde_yaml::Value::as_str).unwrap_or_default();
    if kind != "SilhouetteCluster" {
        bail!("its kind is {kind:?}");
    }
    let cluster: SilhouetteCluster = serde_yaml::from_value(document.clone())?;
    if cluster.metadata.name.as_ref().is_none_or(String::is_empty) {
        bail!("it has no name");
    }
    Ok(cluster)
}

/// What the API server would have after the resource was applied: the spec that is asked for, annotations over those
/// that are there, and whatever only the API server and the operator write.
pub(super) fn in_place_of(
    asked: SilhouetteCluster,
    live: Option<SilhouetteCluster>,
    namespace: &str,
) -> SilhouetteCluster {
    let Some(mut cluster) = live else {
        let mut cluster = asked;
        cluster.metadata.namespace = Some(namespace.to_owned());
        cluster.metadata.uid = Some(NO_UID.to_owned());
        cluster.status = None;
        return cluster;
    };
    cluster.spec = asked.spec;
    let annotations = asked.metadata.annotations.unwrap_or_default();
    cluster.metadata.annotations.get_or_insert_default().extend(annotations);
    cluster
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = "\
apiVersion: silhouette.dev/v1alpha1
kind: SilhouetteCluster
metadata:
  name: demo
  annotations: { silhouette.dev/replace-member: \"2\" }
spec:
  image: { name: example.com/silhouette:1 }
  storage: { size: 10Gi }
  tls: { mode: Disabled }
";

    #[test]
    fn one_resource_is_read_and_nothing_else() {
        assert_eq!(parse(&format!("---\n{DEMO}---\n")).expect("a resource").metadata.name.as_deref(), Some("demo"));
        let refused = |text: &str| format!("{:#}", parse(text).expect_err("refused"));
        assert_eq!(refused(""), "0 documents instead of one");
        assert_eq!(refused(&format!("{DEMO}---\n{DEMO}")), "2 documents instead of one");
        assert_eq!(refused("kind: Pod"), "its kind is \"Pod\"");
        assert_eq!(refused(&DEMO.replace("name: demo", "labels: {}")), "it has no name");
        assert!(refused(&DEMO.replace("size: 10Gi", "sizes: 10Gi")).contains("size"));
    }

    #[test]
    fn what_is_asked_for_takes_the_place_of_what_was_and_the_rest_stays() {
        let asked = parse(DEMO).expect("a resource");
        let mut live = parse(&DEMO.replace("10Gi", "20Gi").replace("replace-member: \"2\"", "other: a")).expect("one");
        live.metadata.uid = Some("u1".to_owned());
        live.metadata.generation = Some(7);
        let cluster = in_place_of(asked.clone(), Some(live), "team");
        assert_eq!(cluster.spec, asked.spec);
        assert_eq!(cluster.metadata.uid.as_deref(), Some("u1"));
        let annotations = cluster.metadata.annotations.expect("annotations");
        assert_eq!(annotations["silhouette.dev/replace-member"], "2");
        assert_eq!(annotations["silhouette.dev/other"], "a");
        let new = in_place_of(asked, None, "team");
        assert_eq!((new.metadata.uid.as_deref(), new.metadata.namespace.as_deref()), (Some(NO_UID), Some("team")));
    }
}
