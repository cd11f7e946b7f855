//! What a command shows on standard output, in the format that was asked for.

mod age;
mod change;
mod fields;
mod table;
mod text;

use serde::Serialize;

use crate::failure::Failure;

pub(crate) use age::age;
pub(crate) use change::Change;
pub(crate) use fields::Fields;
pub(crate) use table::{Table, or_none};
pub(crate) use text::{Text, printable};

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// A table with more columns.
    Wide,
    /// One JSON document a command; `round watch` prints one a line.
    Json,
    /// One YAML document a command; `round watch` prints one a change.
    Yaml,
    /// Names only, such as `round/r1`.
    Name,
}

/// Something that can be shown. Serialised, it is the document of the machine-readable formats.
pub(crate) trait View: Serialize {
    /// For people; whole lines.
    fn table(&self, wide: bool) -> String;

    /// Names of the objects, such as `round/r1`; `None` if it is not about objects that have names.
    fn names(&self) -> Option<Vec<String>>;
}

impl Format {
    /// Whether documents are for machines.
    pub(crate) const fn is_document(self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }

    /// Renders a view, line ends included.
    pub(crate) fn render(self, view: &impl View) -> Result<String, Failure> {
        let document = |error: &dyn std::error::Error| Failure::Document(error.to_string());
        Ok(match self {
            Self::Table => view.table(false),
            Self::Wide => view.table(true),
            Self::Json => serde_json::to_string_pretty(view).map_err(|error| document(&error))? + "\n",
            Self::Yaml => serde_yaml::to_string(view).map_err(|error| document(&error))?,
            Self::Name => {
                let names = view.names().ok_or_else(|| Failure::Usage("--output name needs objects".to_owned()))?;
                names.into_iter().map(|name| name + "\n").collect()
            }
        })
    }

    /// Renders one of many views that follow each other: a line of JSON, a document of YAML.
    pub(crate) fn render_one_of_many(self, view: &impl View) -> Result<String, Failure> {
        match self {
            Self::Json => Ok(serde_json::to_string(view).map_err(|error| Failure::Document(error.to_string()))? + "\n"),
            Self::Yaml => Ok(format!("---\n{}", self.render(view)?)),
            Self::Table | Self::Wide | Self::Name => self.render(view),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Example {
        round_id: &'static str,
    }

    impl View for Example {
        fn table(&self, wide: bool) -> String {
            let mut table = Table::new(["NAME"], wide.then_some("UID"), "AGE");
            table.row([self.round_id], wide.then_some("7"), "5s");
            table.render()
        }

        fn names(&self) -> Option<Vec<String>> {
            Some(vec![format!("round/{}", self.round_id)])
        }
    }

    #[test]
    fn a_view_is_shown_in_every_format() {
        let view = Example { round_id: "r1" };
        let render = |format: Format| format.render(&view).expect("renders");
        assert_eq!(render(Format::Table), "NAME   AGE\nr1     5s\n");
        assert_eq!(render(Format::Wide), "NAME   UID   AGE\nr1     7     5s\n");
        assert_eq!(render(Format::Json), "{\n  \"roundId\": \"r1\"\n}\n");
        assert_eq!(render(Format::Yaml), "roundId: r1\n");
        assert_eq!(render(Format::Name), "round/r1\n");
    }

    #[test]
    fn many_json_documents_are_one_a_line() {
        let line = Format::Json.render_one_of_many(&Example { round_id: "r1" }).expect("renders");
        assert_eq!(line, "{\"roundId\":\"r1\"}\n");
        let document = Format::Yaml.render_one_of_many(&Example { round_id: "r1" }).expect("renders");
        assert_eq!(document, "---\nroundId: r1\n");
    }
}
