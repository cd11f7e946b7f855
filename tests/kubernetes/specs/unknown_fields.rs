//! Fields that do not exist.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use silhouette_tests::kubernetes::Namespace;

use super::case::{FieldValidation, Keep, create, expect_refused, with_spec};

/// A spec with a slip in one field.
fn misspelt() -> Value {
    with_spec(&json!({ "replica": 5, "storage": { "class": "fast" } }))
}

#[tokio::test]
async fn unknown_fields_are_refused_by_name_where_validation_is_strict() -> Result<()> {
    let namespace = Namespace::new().await?;
    for field in ["spec.replica", "spec.storage.class"] {
        let answer = create(&namespace, &misspelt(), FieldValidation::Strict, Keep::No).await?;
        expect_refused("a slip", answer, field, "unknown field")?;
    }
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn unknown_fields_are_dropped_elsewhere_and_kept_where_any_are_allowed() -> Result<()> {
    let namespace = Namespace::new().await?;
    let kept = create(&namespace, &misspelt(), FieldValidation::Ignore, Keep::Yes).await??;
    ensure!(kept.data["spec"].get("replica").is_none(), "{}", kept.data["spec"]);
    ensure!(kept.data["spec"]["storage"].get("class").is_none(), "{}", kept.data["spec"]);
    let template = json!({ "metadata": { "name": "other" }, "spec": { "any": { "field": [1] } } });
    let mut other = with_spec(&json!({ "podTemplate": template }));
    other["metadata"]["name"] = json!("other");
    let kept = create(&namespace, &other, FieldValidation::Strict, Keep::Yes).await??;
    ensure!(kept.data["spec"]["podTemplate"] == template, "{}", kept.data["spec"]["podTemplate"]);
    namespace.passed();
    Ok(())
}
