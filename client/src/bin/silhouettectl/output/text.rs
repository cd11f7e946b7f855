//! Keys and values, which are bytes, as text.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

/// Bytes in a document: a string if they are UTF-8, else `{"base64": ".."}`. Nothing is lost either way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Text {
    /// UTF-8.
    Utf8(String),
    /// Anything else.
    Bytes {
        /// The bytes in base64, with padding.
        base64: String,
    },
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes)
            .map_or_else(|error| Self::Bytes { base64: STANDARD.encode(error.as_bytes()) }, Self::Utf8)
    }
}

impl Text {
    /// On one line, for a table.
    pub(crate) fn printable(&self) -> String {
        match self {
            Self::Utf8(text) => printable(text),
            Self::Bytes { base64 } => format!("base64:{base64}"),
        }
    }
}

/// Text with its control characters escaped, so that it can neither break a table nor command the terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_stay_whole() {
        let document = |bytes: &[u8]| serde_json::to_string(&Text::from(bytes.to_vec())).expect("serialises");
        assert_eq!(document("größe 3".as_bytes()), "\"größe 3\"");
        assert_eq!(document(b""), "\"\"");
        assert_eq!(document(b"a\x00b"), "\"a\\u0000b\"");
        assert_eq!(document(b"\xff\x00"), "{\"base64\":\"/wA=\"}");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\tb\n\u{1b}[31mé"), "a\\tb\\n\\u{1b}[31mé");
        assert_eq!(Text::from(b"\xff".to_vec()).printable(), "base64:/w==");
    }
}
