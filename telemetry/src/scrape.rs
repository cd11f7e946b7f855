//! What a program shows to Prometheus, read again: pages of metrics are made from it, and compared with it.

use std::collections::{BTreeMap, BTreeSet};

/// What is declared of one metric, and the labels that its samples have.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Family {
    /// What it is, as a sentence.
    pub help: String,
    /// `counter`, `gauge`, `histogram` or `info`.
    pub kind: String,
    /// Without `le`, which every histogram has.
    pub labels: BTreeSet<String>,
}

impl Family {
    /// The metrics in an `OpenMetrics` text, by name.
    pub fn all(text: &str) -> BTreeMap<String, Self> {
        let mut families = BTreeMap::<String, Self>::new();
        for line in text.lines() {
            let mut words = line.splitn(4, ' ');
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("#"), Some("HELP"), Some(name), Some(help)) => {
                    help.clone_into(&mut families.entry(name.to_owned()).or_default().help);
                }
                (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                    kind.clone_into(&mut families.entry(name.to_owned()).or_default().kind);
                }
                (Some("#"), ..) => {}
                _ => {
                    let (sample, labels) = line.split_once('{').unwrap_or((line.split(' ').next().unwrap_or(line), ""));
                    // `x_bucket` and `x_total` are samples of `x`. Those of no family are nobody's.
                    let family = families.range_mut(..=sample.to_owned()).rev();
                    let family =
                        family.map(|(name, family)| (name.as_str(), family)).find(|(name, _)| sample.starts_with(name));
                    let labels =
                        labels.split("\",").filter_map(|label| label.split_once("=\"")).map(|(label, _)| label);
                    if let Some((_, family)) = family {
                        family.labels.extend(labels.filter(|label| *label != "le").map(str::to_owned));
                    }
                }
            }
        }
        families
    }

    /// The name under which Prometheus stores it.
    pub fn stored_name(&self, name: &str) -> String {
        match self.kind.as_str() {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_belong_to_the_metric_that_was_declared() {
        let text = "# HELP calls Calls.\n# TYPE calls counter\ncalls_total{method=\"Get\",code=\"OK\"} 3\n\
                    # HELP calls_seconds Their time.\n# TYPE calls_seconds histogram\n\
                    calls_seconds_bucket{le=\"0.1\",method=\"Get\"} 1\ncalls_seconds_count{method=\"Get\"} 1\n# EOF\n";
        let families = Family::all(text);
        let shown: Vec<_> = families
            .iter()
            .map(|(name, family)| {
                let labels: Vec<&str> = family.labels.iter().map(String::as_str).collect();
                (family.stored_name(name), family.help.as_str(), labels.join(" "))
            })
            .collect();
        let expected = [
            ("calls_total".to_owned(), "Calls.", "code method".to_owned()),
            ("calls_seconds".to_owned(), "Their time.", "method".to_owned()),
        ];
        assert_eq!(shown, expected);
    }
}
