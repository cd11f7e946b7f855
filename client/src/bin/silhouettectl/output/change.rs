//! What a command changed: `round/r1 sealed`, as kubectl says it.

use serde::Serialize;

use super::View;

/// A change of one object; its document is the object as it now is.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Change<D> {
    #[serde(skip)]
    name: String,
    #[serde(skip)]
    happened: String,
    document: D,
}

impl<D> Change<D> {
    /// A change of an object of this name, such as `round/r1`; `happened` says what it underwent.
    pub(crate) fn new(name: impl Into<String>, happened: impl Into<String>, document: D) -> Self {
        Self { name: name.into(), happened: happened.into(), document }
    }
}

impl<D: Serialize> View for Change<D> {
    fn table(&self, _wide: bool) -> String {
        format!("{} {}\n", self.name, self.happened)
    }

    fn names(&self) -> Option<Vec<String>> {
        Some(vec![self.name.clone()])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::Format;

    #[test]
    fn a_change_names_its_object() {
        let change = Change::new("round/r1", "sealed", json!({ "phase": "Sealed" }));
        let render = |format: Format| format.render(&change).expect("renders");
        assert_eq!(render(Format::Table), "round/r1 sealed\n");
        assert_eq!(render(Format::Name), "round/r1\n");
        assert_eq!(render(Format::Json), "{\n  \"phase\": \"Sealed\"\n}\n");
    }
}
