//! Payloads: from the command line, and to the screen.

use std::{collections::HashMap, fs, path::PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde::de::IgnoredAny;
use serde_json::Value;
use wrt_model::{
    payload,
    proto::{Payload, Payloads},
};

use crate::json;

/// Where the arguments of a call come from.
#[derive(Debug, Default, Args)]
pub(crate) struct InputArgs {
    /// An argument, as JSON; repeat it for several arguments
    #[arg(long, short, value_name = "JSON")]
    input: Vec<String>,
    /// A file with an argument as JSON; repeat it for several arguments
    #[arg(long, value_name = "FILE", conflicts_with = "input")]
    input_file: Vec<PathBuf>,
}

impl InputArgs {
    /// The arguments; `None` when there are none.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or an argument that is not JSON.
    pub(crate) fn payloads(&self) -> anyhow::Result<Option<Payloads>> {
        let literals = self.input.iter().map(|input| from_json("--input", input));
        let files = self.input_file.iter().map(|file| {
            let name = file.display().to_string();
            let text = fs::read_to_string(file).with_context(|| format!("read {name}"))?;
            from_json(&name, &text)
        });
        let all = literals.chain(files).collect::<anyhow::Result<_>>()?;
        Ok(payload::payloads(all))
    }
}

/// The payload of a JSON text; `source` says in the error where it stood.
pub(crate) fn from_json(source: &str, text: &str) -> anyhow::Result<Payload> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        anyhow!("{source} `{text}` is not JSON: {error}; write a text as '\"hello\"', an object as '{{\"id\": 1}}'")
    })?;
    Ok(payload::json(text))
}

/// Reads `KEY=VALUE`.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("`{text}` has not the form KEY=VALUE"))
}

/// The payloads of pairs of key and JSON. `flag` says in errors where they stood.
pub(crate) fn fields(flag: &str, pairs: Vec<(String, String)>) -> anyhow::Result<HashMap<String, Payload>> {
    let field = |(key, text): (String, String)| {
        let value = from_json(&format!("{flag} {key}"), &text)?;
        Ok((key, value))
    };
    pairs.into_iter().map(field).collect()
}

/// What payloads hold: nothing, one value, or a list of values.
pub(crate) fn value(payloads: Option<&Payloads>) -> Option<Value> {
    match payloads?.payloads.as_slice() {
        [] => None,
        [one] => Some(json::friendly(one)),
        several => Some(several.iter().map(json::friendly).collect()),
    }
}

/// Like [`value`], as indented text; empty for nothing.
pub(crate) fn text(payloads: Option<&Payloads>) -> String {
    value(payloads).map_or_else(String::new, |value| format!("{value:#}"))
}

/// Like [`value`], on one line; empty for nothing.
pub(crate) fn line(payloads: Option<&Payloads>) -> String {
    value(payloads).map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn inputs_become_json_payloads_in_order() {
        let args = InputArgs {
            input: vec!["1".to_owned(), r#"{"a": 2}"#.to_owned()],
            ..Default::default()
        };
        let payloads = args.payloads().unwrap();
        assert_eq!(value(payloads.as_ref()), Some(json!([1, {"a": 2}])));
        assert_eq!(InputArgs::default().payloads().unwrap(), None);
    }

    #[test]
    fn files_are_inputs_too_and_are_named_when_they_are_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let (good, bad) = (folder.path().join("good.json"), folder.path().join("bad.json"));
        fs::write(&good, "\"hello\"\n").unwrap();
        fs::write(&bad, "hello").unwrap();
        let read = |file| {
            InputArgs {
                input_file: vec![file],
                ..Default::default()
            }
            .payloads()
        };
        assert_eq!(text(read(good).unwrap().as_ref()), "\"hello\"");
        assert!(read(bad).unwrap_err().to_string().contains("bad.json"));
        let missing = read(folder.path().join("missing.json")).unwrap_err();
        assert!(missing.to_string().starts_with("read "), "{missing}");
    }

    #[test]
    fn what_is_not_json_is_answered_with_the_right_form() {
        let error = from_json("--input", "hello").unwrap_err().to_string();
        assert_eq!(
            error,
            "--input `hello` is not JSON: expected value at line 1 column 1; write a text as '\"hello\"', an object as '{\"id\": 1}'"
        );
    }

    #[test]
    fn pairs_need_a_key_and_keep_later_equal_signs() {
        assert_eq!(key_value("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(key_value("a="), Ok(("a".to_owned(), String::new())));
        assert!(key_value("=b").is_err());
        assert!(key_value("ab").is_err());
    }
}
