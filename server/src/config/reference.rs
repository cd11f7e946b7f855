//! The reference of all keys, as Markdown. `docs/configuration.md` is this text.

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::{
    Arguments,
    keys::{Key, Keys},
    yaml,
};

const BEGINNING: &str = "\
# Configuration

<!-- Generated from the types in server/src/config by `make docs`; do not edit. -->

A node takes each value from the last of these that gives it:

1. the default;
2. the YAML file of `--config FILE`;
3. the environment: the variable of the key below, with **two** underscores after `SILHOUETTE` and after each section;
4. the flag of the command line, where the key has one.

It reads all of them once, when it starts: a change takes effect at the next start. `silhouette-server --print-config`
with the same file, variables and flags prints what results, each value with where it came from, and says whether a node
would start with it. What is printed is a configuration file, too.

A key or variable that does not exist is an error that names the nearest one that does. A value that its key does not
take, or that makes no sense together with others, is an error, too. All of them are told at once, each with where it is
(file, line and column; variable; flag). The exit code is 2, and nothing was touched.

- A duration is a number with its unit: `100ms`, `5s`, `1h 30m`. A bare number is refused.
- An optional key is `null`, or left out, for its default. A section without keys may be left empty.
- An empty variable counts as not set. `null` in a variable takes an optional number back to its default.
- Variables with one underscore, such as the `SILHOUETTE_SERVICE_HOST` that Kubernetes gives to pods, are no keys.
- `RUST_LOG` is another name of `log.level`; `SILHOUETTE__LOG__LEVEL` wins over it.
- Only flags: `--config`, `--dev` (a cluster of one on loopback that bootstraps itself), `--print-config` and
  `--print-config-reference` (this page, of the version that is installed).

No key is a secret.
";

/// The page.
pub fn reference() -> String {
    let mut page = String::new();
    // Writing to a text cannot fail.
    write_page(&mut page).ok();
    page
}

fn write_page(page: &mut String) -> fmt::Result {
    let keys = Keys::new();
    page.push_str(BEGINNING);
    write_section(page, &keys, "", "The file itself", "")?;
    for section in keys.sections() {
        write_section(page, &keys, &section.path, &format!("`{}`", section.path), &section.description)?;
    }
    Ok(())
}

fn write_section(page: &mut String, keys: &Keys, path: &str, title: &str, description: &str) -> fmt::Result {
    write!(page, "\n## {title}\n\n")?;
    if !description.is_empty() {
        write!(page, "{description}\n\n")?;
    }
    page.push_str("| key | takes | default | does | variable, flag |\n|---|---|---|---|---|\n");
    let flags = Arguments::default().flags();
    for key in keys.all().iter().filter(|key| key.section() == path) {
        let flag = flags.iter().find(|flag| flag.path == key.path);
        let flag = flag.map(|flag| format!(", `{}`", flag.name)).unwrap_or_default();
        writeln!(
            page,
            "| `{}` | {} | {} | {} | `{}`{flag} |",
            key.name(),
            takes(key),
            default(key),
            key.description.replace('|', "\\|"),
            key.variable()
        )?;
    }
    Ok(())
}

fn takes(key: &Key) -> String {
    let optional = if key.optional { ", optional" } else { "" };
    format!("{}{optional}", key.kind.name())
}

/// Empty for an optional key: its description tells what happens then.
fn default(key: &Key) -> String {
    match &key.default {
        Value::Null => String::new(),
        value => format!("`{}`", yaml::write(value)),
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    /// `SILHOUETTE_WRITE_DOCS=1` writes the page instead of comparing it.
    #[test]
    fn the_generated_page_of_all_keys_is_what_the_code_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
        if env::var_os("SILHOUETTE_WRITE_DOCS").is_some() {
            fs::write(&path, reference()).expect("the page is written");
        }
        let page = fs::read_to_string(&path).unwrap_or_default();
        assert!(page == reference(), "docs/configuration.md is not what the code says: run `make docs`");
    }

    #[test]
    fn every_key_and_flag_is_on_the_page() {
        let page = reference();
        for key in Keys::new().all() {
            assert!(page.contains(&format!("`{}`", key.variable())), "{} is missing", key.path);
        }
        for flag in Arguments::default().flags() {
            assert!(page.contains(&format!(", `{}` |", flag.name)), "{} is missing", flag.name);
        }
    }
}
