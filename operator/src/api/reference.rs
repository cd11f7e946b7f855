//! The pages that are written from the types: `crds/silhouetteclusters.yaml` and `docs/silhouettecluster.md`.

use std::{env, fmt::Write as _, fs, path::Path};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

use super::{SilhouetteCluster, definition, manifest};
use crate::resources::annotations::{REPLACE_MEMBER, START_AGAIN_WITHOUT};

/// Makes tests write pages instead of comparing them.
const WRITE: &str = "SILHOUETTE_WRITE_DOCS";

/// The resource that the page begins with: what has no default, and what most will want to set.
const EXAMPLE: &str = "\
apiVersion: silhouette.dev/v1alpha1
kind: SilhouetteCluster
metadata:
  name: demo
spec:
  replicas: 3
  image:
    name: registry.example/silhouette-server:0.1.0
  storage:
    size: 20Gi
  resources:
    memory: 4Gi
    cpu:
      request: \"2\"
  tls:
    mode: Disabled
";

const BEGINNING: &str = "\
# SilhouetteCluster

<!-- Generated from the types in operator/src/api by `make docs`; do not edit. -->

`silhouette.dev/v1alpha1`, short name `slc`: a cluster of nodes that the operator founds and keeps. `kubectl explain slc.spec`
tells the same. What the operator does about it, and what it never does, is in [operator.md](operator.md).

```yaml
";

const AFTER_EXAMPLE: &str = "\
```

`kubectl wait --for=condition=Ready slc/demo` waits for the whole of what was asked for, `kubectl scale slc/demo --replicas=5`
changes the number of voters. A field that does not exist is refused where the API server validates strictly, as `kubectl`
asks it to, and dropped elsewhere. What breaks a rule below is refused with the sentence that stands here.
";

/// The page.
fn page() -> String {
    let definition = definition();
    let version = definition.spec.versions.first().expect("there is one version");
    let schema = version.schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref());
    let schema = schema.expect("the version has a schema");
    let mut page = format!("{BEGINNING}{EXAMPLE}{AFTER_EXAMPLE}");
    write_rules(&mut page, &rules(schema));
    for part in ["spec", "status"] {
        write_section(&mut page, part, &properties(schema)[part]);
    }
    write_columns(&mut page, version.additional_printer_columns.as_deref().unwrap_or_default());
    write_annotations(&mut page);
    page
}

/// A heading, a table of fields, the rules, and then the objects below.
fn write_section(page: &mut String, path: &str, schema: &JSONSchemaProps) {
    let depth = "#".repeat(if path.contains('.') { 3 } else { 2 });
    write!(page, "\n{depth} `{path}`\n\n").ok();
    if let Some(description) = &schema.description {
        write!(page, "{}\n\n", one_line(description)).ok();
    }
    page.push_str("| field | takes | default | meaning |\n|---|---|---|---|\n");
    let required = schema.required.as_deref().unwrap_or_default();
    for (name, field) in properties(schema) {
        let default = match &field.default {
            _ if required.contains(name) => "required".to_owned(),
            Some(default) if is_scalar(field) => format!("`{}`", default.0.to_string().trim_matches('"')),
            Some(default) if field.type_.as_deref() == Some("array") => format!("`{}`", default.0),
            _ => String::new(),
        };
        let meaning = one_line(field.description.as_deref().unwrap_or_default()).replace('|', "\\|");
        writeln!(page, "| `{name}` | {} | {default} | {meaning} |", takes(field)).ok();
    }
    let of_fields = properties(schema).iter().filter(|(_, field)| field.properties.is_none());
    let of_fields = of_fields.flat_map(|(name, field)| {
        rules(field).into_iter().map(move |rule| if rule.starts_with("must") { format!("{name} {rule}") } else { rule })
    });
    let all: Vec<String> = rules(schema).into_iter().chain(of_fields).collect();
    write_rules(page, &all);
    for (name, field) in properties(schema) {
        match &field.items {
            Some(JSONSchemaPropsOrArray::Schema(items)) if items.properties.is_some() => {
                write_section(page, &format!("{path}.{name}[]"), items);
            }
            _ if field.properties.is_some() => write_section(page, &format!("{path}.{name}"), field),
            _ => {}
        }
    }
}

fn write_rules(page: &mut String, rules: &[String]) {
    if !rules.is_empty() {
        page.push_str("\nRules:\n");
    }
    for rule in rules {
        writeln!(page, "- {rule}").ok();
    }
}

fn write_columns(
    page: &mut String,
    columns: &[k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceColumnDefinition],
) {
    page.push_str("\n## Columns of `kubectl get slc`\n\n| column | shows |\n|---|---|\n");
    for column in columns {
        let shows = column.description.as_deref().unwrap_or("Since when the resource exists.");
        writeln!(page, "| {} | {shows} |", column.name).ok();
    }
}

fn write_annotations(page: &mut String) {
    page.push_str("\n## Annotations\n\nBy these people allow what the operator never does by itself.\n\n");
    page.push_str("| annotation | value | allows |\n|---|---|---|\n");
    writeln!(
        page,
        "| `{REPLACE_MEMBER}` | a member's number, as `status.members` shows it | its volume is lost for good, and may be made \
         anew |"
    )
    .ok();
    writeln!(
        page,
        "| `{START_AGAIN_WITHOUT}` | a cluster's id, as `status.clusterId` shows it | its data are lost, and a new cluster may \
         be founded |"
    )
    .ok();
    page.push_str(
        "\nA value that makes no sense is told by the condition `Stalled` with the reason `InvalidAnnotation`.\n",
    );
}

/// What a field takes, with its bounds.
fn takes(field: &JSONSchemaProps) -> String {
    if let Some(values) = &field.enum_ {
        let values: Vec<String> = values.iter().map(|value| format!("`{}`", value.0.as_str().unwrap_or("?"))).collect();
        return values.join(", ");
    }
    match field.type_.as_deref() {
        Some("integer") => format!("whole number{}", range(field)),
        Some("string") if field.format.as_deref() == Some("date-time") => "time".to_owned(),
        Some("string") => format!("text{}", at_most(field.max_length, "characters")),
        Some("array") => {
            let of = match &field.items {
                Some(JSONSchemaPropsOrArray::Schema(items)) if items.properties.is_none() => takes(items),
                _ => "objects".to_owned(),
            };
            format!("list of {of}{}", at_most(field.max_items, "items"))
        }
        Some("object") => match &field.additional_properties {
            Some(JSONSchemaPropsOrBool::Schema(values)) => {
                format!("map to {}{}", takes(values), at_most(field.max_properties, "entries"))
            }
            _ if field.x_kubernetes_preserve_unknown_fields == Some(true) => "object, of any fields".to_owned(),
            _ => "object".to_owned(),
        },
        _ => "anything".to_owned(),
    }
}

fn range(field: &JSONSchemaProps) -> String {
    match (field.minimum, field.maximum) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        _ => String::new(),
    }
}

fn at_most(most: Option<i64>, of: &str) -> String {
    most.map(|most| format!(", at most {most} {of}")).unwrap_or_default()
}

fn is_scalar(field: &JSONSchemaProps) -> bool {
    matches!(field.type_.as_deref(), Some("integer" | "string"))
}

/// The sentences with which a schema's rules refuse.
fn rules(schema: &JSONSchemaProps) -> Vec<String> {
    let rules = schema.x_kubernetes_validations.iter().flatten();
    rules.map(|rule| rule.message.clone().expect("each rule has a sentence")).collect()
}

fn properties(schema: &JSONSchemaProps) -> &std::collections::BTreeMap<String, JSONSchemaProps> {
    static NONE: std::collections::BTreeMap<String, JSONSchemaProps> = std::collections::BTreeMap::new();
    schema.properties.as_ref().unwrap_or(&NONE)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Compares a file of the repository with what the code says, or writes it.
fn check(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    if env::var_os(WRITE).is_some() {
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("the directory is made");
        fs::write(&path, text).expect("the file is written");
    }
    let old = fs::read_to_string(&path).unwrap_or_default();
    assert!(old == text, "{file} is not what the code says: run `make docs`");
}

#[test]
fn the_generated_page_of_the_definition_is_what_the_code_says() {
    check("crds/silhouetteclusters.yaml", &manifest().expect("it is YAML"));
}

#[test]
fn the_generated_page_of_the_resource_is_what_the_code_says() {
    check("docs/silhouettecluster.md", &page());
}

#[test]
fn the_example_of_the_page_is_a_resource_as_the_operator_reads_it() {
    let cluster: SilhouetteCluster = serde_yaml::from_str(EXAMPLE).expect("it is a resource");
    let written = serde_yaml::to_value(&cluster).expect("it can be written");
    let meant: serde_yaml::Value = serde_yaml::from_str(EXAMPLE).expect("it is YAML");
    for section in ["replicas", "tls"] {
        assert_eq!(written["spec"][section], meant["spec"][section]);
    }
    assert_eq!(written["spec"]["image"]["name"], meant["spec"]["image"]["name"]);
    assert_eq!(written["spec"]["resources"]["cpu"], meant["spec"]["resources"]["cpu"]);
}
