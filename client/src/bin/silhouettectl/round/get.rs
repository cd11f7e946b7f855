//! `silhouettectl round get`.

use clap::Args;
use serde::Serialize;
use silhouette_client::Mode;

use crate::{
    exit::Exit,
    failure::Failure,
    input::{Layout, Source},
    output::{Table, Text, View, or_none},
    progress::Bar,
    session::Session,
    value_type::{Shown, ValueType},
};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round get levels-1 vertex-17 vertex-18
  silhouettectl round get levels-1 --from neighbours.txt -o json
  silhouettectl round get levels-1 vertex-17 --value-type f64
  silhouettectl round get levels-1 vertex-17 --mode pir")]
pub(crate) struct Get {
    /// The round; it must be Ready
    id: String,
    /// Keys to look up. In documents a key or value that is not UTF-8 is an object, {"base64": ".."}
    #[arg(value_name = "KEY", required_unless_present = "from")]
    keys: Vec<String>,
    /// More keys, looked up after those named; values in the file are left out; `-` is standard input
    #[arg(long, value_name = "FILE")]
    from: Option<Source>,
    #[command(flatten)]
    layout: Layout,
    /// What values are: how their bytes are shown
    #[arg(long, value_name = "TYPE", value_enum, default_value_t = ValueType::Text)]
    value_type: ValueType,
    /// How to read
    #[arg(long, value_name = "HOW", value_enum, default_value_t = ReadMode::Auto)]
    mode: ReadMode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ReadMode {
    /// Whatever takes fewer bytes, by the round's shape and the padded number of keys
    Auto,
    /// Private queries
    Pir,
    /// The masked encoding, whole
    Download,
}

/// A looked-up key.
#[derive(Debug, Serialize)]
struct Entry {
    key: Text,
    value: Option<Shown>,
}

/// All of them, in the order in which they were asked for.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Entries(Vec<Entry>);

impl Entries {
    /// An error names the key by its place among those that were asked for.
    fn new(keys: Vec<Vec<u8>>, values: Vec<Option<Vec<u8>>>, kind: ValueType) -> Result<Self, Failure> {
        let entry = |(place, (key, value)): (usize, (Vec<u8>, Option<Vec<u8>>))| {
            let value = value.map(|bytes| kind.show(bytes)).transpose();
            let value = value.map_err(|error| Failure::Value { place, error })?;
            Ok(Entry { key: key.into(), value })
        };
        Ok(Self((1..).zip(keys.into_iter().zip(values)).map(entry).collect::<Result<_, Failure>>()?))
    }
}

impl View for Entries {
    fn table(&self, _wide: bool) -> String {
        let mut table = Table::new(["KEY"], None, "VALUE");
        for entry in &self.0 {
            // An empty value is shown as nothing: it is not absent.
            let value = entry.value.as_ref().map_or_else(|| or_none(None::<String>), Shown::printable);
            table.row([entry.key.printable()], None, value);
        }
        table.render()
    }

    fn names(&self) -> Option<Vec<String>> {
        None
    }
}

impl Get {
    /// Looks up the keys. One that was not published is an answer, not an error.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        session.refuse_names("keys are no objects")?;
        if let Some(contradiction) = self.layout.contradiction() {
            return Err(Failure::Usage(contradiction.to_owned()));
        }
        let mut keys: Vec<_> = self.keys.into_iter().map(String::into_bytes).collect();
        if let Some(source) = &self.from {
            keys.extend(source.keys(self.layout).await?);
        }
        let mode = match self.mode {
            ReadMode::Auto => Mode::Auto,
            ReadMode::Pir => Mode::Pir,
            ReadMode::Download => Mode::Download,
        };
        let bar = Bar::of_bytes(session.terminal, "looking up");
        let lookups = session.client()?.get_many(self.id.as_str(), keys.clone());
        let answers = lookups.mode(mode).on_progress(|progress| bar.advance(progress)).await?;
        drop(bar);
        session.show(&Entries::new(keys, answers.into_values(), self.value_type)?)?;
        Ok(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;

    fn entries() -> Entries {
        let keys = [&b"vertex-17"[..], b"vertex-99", b"raw", b"\xff", b"tab\there", b"empty"];
        let values = [Some(&b"3.0"[..]), None, Some(b"\x80"), Some(b"x y"), Some(b"1\n2"), Some(b"")];
        let values = values.map(|value| value.map(<[u8]>::to_vec)).into();
        Entries::new(keys.map(<[u8]>::to_vec).into(), values, ValueType::Text).expect("all is text")
    }

    #[test]
    fn a_document_is_an_array_of_keys_and_values() {
        let expected = serde_json::json!([
            { "key": "vertex-17", "value": "3.0" },
            { "key": "vertex-99", "value": null },
            { "key": "raw", "value": { "base64": "gA==" } },
            { "key": { "base64": "/w==" }, "value": "x y" },
            { "key": "tab\there", "value": "1\n2" },
            { "key": "empty", "value": "" },
        ]);
        assert_eq!(serde_json::to_value(entries()).expect("serialises"), expected);
    }

    #[test]
    fn numbers_are_shown_as_such_and_a_value_that_is_none_is_named_by_its_place() {
        let keys = || vec![b"a".to_vec(), b"b".to_vec(), b"c".to_vec()];
        let three = Some(3.0_f64.to_le_bytes().to_vec());
        let entries = Entries::new(keys(), vec![three.clone(), None, three.clone()], ValueType::F64).expect("numbers");
        let expected = serde_json::json!([
            { "key": "a", "value": 3.0 }, { "key": "b", "value": null }, { "key": "c", "value": 3.0 },
        ]);
        assert_eq!(serde_json::to_value(&entries).expect("serialises"), expected);
        let failure = Entries::new(keys(), vec![three, None, Some(vec![1])], ValueType::F64).expect_err("too short");
        let said = failure.sentence().expect("it says so");
        assert_eq!(said, "key 3: the value has 1 bytes, and f64 takes 8; see --value-type");
        assert_eq!(failure.exit(), Exit::Refused);
    }

    #[test]
    fn a_table_has_a_line_a_key() {
        let expected = "\
KEY           VALUE
vertex-17     3.0
vertex-99     <none>
raw           base64:gA==
base64:/w==   x y
tab\\there     1\\n2
empty
";
        assert_eq!(Format::Table.render(&entries()).expect("renders"), expected);
        assert!(matches!(Format::Name.render(&entries()), Err(Failure::Usage(_))));
    }
}
