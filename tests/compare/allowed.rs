//! The differences that are meant: tests/oracle/allowed.toml, each with its reason and the place where people read of it.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::difference::Difference;

/// All differences that are meant.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowed {
    #[serde(default)]
    difference: Vec<Entry>,
}

/// Patterns, in which `*` stands for any text, of what is meant to differ.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default = "anything")]
    call: String,
    path: String,
    #[serde(default = "anything")]
    temporal: String,
    #[serde(default = "anything")]
    wrt: String,
    reason: String,
    /// A file, and the words in it that say so.
    document: [String; 2],
}

fn anything() -> String {
    "*".to_owned()
}

impl Allowed {
    /// Reads the list.
    ///
    /// # Errors
    /// It is not of the form, or an entry has no reason.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let allowed: Allowed = toml::from_str(text).context("read the differences that are meant")?;
        for entry in &allowed.difference {
            let says_why = !entry.reason.is_empty() && entry.document.iter().all(|part| !part.is_empty());
            ensure!(says_why, "{} has no reason that people can read", entry.path);
        }
        Ok(allowed)
    }

    /// Whether a difference is on the list.
    pub(crate) fn has(&self, call: &str, difference: &Difference) -> bool {
        self.difference.iter().any(|entry| {
            matches(&entry.call, call)
                && matches(&entry.path, &difference.path)
                && matches(&entry.temporal, &text(difference.temporal.as_ref()))
                && matches(&entry.wrt, &text(difference.wrt.as_ref()))
        })
    }
}

/// A value as patterns see it: texts as they are, nothing as a dash.
fn text(value: Option<&Value>) -> String {
    match value {
        None => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Whether a text is of a pattern in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let ends = text.char_indices().map(|(index, _)| index).chain([text.len()]);
            ends.into_iter().any(|index| matches(rest, &text[index..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_list_of_the_repository_points_to_what_is_there() {
        let text = std::fs::read_to_string(wrt_tests::root().join("tests/oracle/allowed.toml")).unwrap();
        for entry in Allowed::parse(&text).unwrap().difference {
            let [file, words] = &entry.document;
            let document = std::fs::read_to_string(wrt_tests::root().join(file)).unwrap();
            let plain = document.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(plain.contains(words.as_str()), "{file} does not say {words:?}");
        }
    }

    #[test]
    fn patterns_hold_for_what_they_name() {
        let cases = [
            ("a", "a", true),
            ("a", "b", false),
            ("*", "", true),
            ("a*c*", "abcd", true),
            ("*[].x", "y[].x", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        let list = "[[difference]]\npath = 'answer.*'\nwrt = '-'\nreason = 'r'\ndocument = ['d', 'w']\n";
        let allowed = Allowed::parse(list).unwrap();
        let difference = |path: &str, wrt| Difference {
            path: path.to_owned(),
            temporal: Some(json!(1)),
            wrt,
        };
        assert!(allowed.has("Call", &difference("answer.x", None)));
        assert!(!allowed.has("Call", &difference("answer.x", Some(json!(2)))));
        assert!(!allowed.has("Call", &difference("status", None)));
    }
}
