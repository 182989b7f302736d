//! What counts as a finding: differences that nobody has meant, each told once.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write as _,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    allowed::Allowed,
    difference::{Difference, without_ids},
};

/// A difference, and where it was seen.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// The number of the step, from 0; none for what is compared at the end.
    pub(crate) step: Option<usize>,
    pub(crate) call: String,
    pub(crate) difference: Difference,
}

impl Finding {
    /// What findings of the same kind have in common.
    pub(crate) fn kind(&self) -> String {
        kind(&self.call, &self.difference)
    }
}

/// Tells new differences from those that are meant or that were told before.
pub(crate) struct Judge {
    allowed: Allowed,
    /// The kinds that are told, or are being shrunk to be told.
    claimed: Mutex<BTreeSet<String>>,
    told: Mutex<BTreeSet<String>>,
    memory: Option<Mutex<File>>,
}

impl Judge {
    /// A judge who remembers in a file what has been told.
    pub(crate) fn new(allowed: Allowed, memory: Option<&Path>) -> Result<Self> {
        let mut told = BTreeSet::new();
        let memory = match memory {
            Some(path) => {
                told.extend(fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned));
                let file = File::options().create(true).append(true).open(path);
                Some(Mutex::new(file.with_context(|| format!("open {}", path.display()))?))
            }
            None => None,
        };
        Ok(Judge {
            allowed,
            claimed: Mutex::new(told.clone()),
            told: Mutex::new(told),
            memory,
        })
    }

    /// Whether a difference is meant.
    pub(crate) fn is_allowed(&self, call: &str, difference: &Difference) -> bool {
        self.allowed.has(call, difference)
    }

    /// Whether a difference is neither meant nor told.
    pub(crate) fn is_new(&self, call: &str, difference: &Difference) -> bool {
        !self.is_allowed(call, difference) && !locked(&self.told).contains(&kind(call, difference))
    }

    /// Takes a kind of findings for the caller to tell. Nobody else gets it.
    pub(crate) fn claim(&self, kind: &str) -> bool {
        locked(&self.claimed).insert(kind.to_owned())
    }

    /// Takes note that a kind of findings was told.
    pub(crate) fn told(&self, kind: &str) {
        locked(&self.told).insert(kind.to_owned());
        if let Some(memory) = &self.memory {
            // What cannot be remembered is told again, which is no harm.
            let _ = writeln!(locked(memory), "{kind}");
        }
    }
}

/// What one line holds is right even when a thread that held it has panicked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kind(call: &str, difference: &Difference) -> String {
    let Difference { path, temporal, wrt } = difference;
    let both = match path.as_str() {
        "when" => String::new(),
        path if path.ends_with("events") => first_apart(temporal.as_ref(), wrt.as_ref()),
        _ => format!("{} / {}", plain(temporal.as_ref()), plain(wrt.as_ref())),
    };
    format!("{call} {path}: {both}")
}

/// A value without what is different each time.
fn plain(value: Option<&Value>) -> String {
    match value {
        None => "-".to_owned(),
        Some(Value::String(text)) => without_numbers(&without_ids(text).0),
        Some(Value::Number(_)) => "#".to_owned(),
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::Array(_)) => "[]".to_owned(),
        Some(Value::Object(_)) => "{}".to_owned(),
        Some(Value::Null) => "null".to_owned(),
    }
}

fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        let letter = if letter.is_ascii_digit() { '#' } else { letter };
        if letter != '#' || !plain.ends_with('#') {
            plain.push(letter);
        }
    }
    plain
}

/// Where two lists part.
fn first_apart(temporal: Option<&Value>, wrt: Option<&Value>) -> String {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (temporal, wrt) = (list(temporal), list(wrt));
    let common = temporal
        .iter()
        .zip(&wrt)
        .take_while(|(temporal, wrt)| temporal == wrt)
        .count();
    let at = |list: &[Value]| list.get(common).and_then(Value::as_str).unwrap_or("end").to_owned();
    let before = common
        .checked_sub(1)
        .and_then(|index| temporal[index].as_str())
        .unwrap_or("start");
    format!("after {before}: {} / {}", at(&temporal), at(&wrt))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_leave_out_what_is_different_each_time() {
        let kind = |path: &str, temporal: Value, wrt: Value| {
            kind(
                "Call",
                &Difference {
                    path: path.to_owned(),
                    temporal: Some(temporal),
                    wrt: Some(wrt),
                },
            )
        };
        let id = "00000000-0000-4000-8000-000000000001";
        let status = kind("status", json!(format!("NOT_FOUND run {id} of w-17")), json!("OK"));
        assert_eq!(status, "Call status: NOT_FOUND run <id> of w-# / OK");
        assert_eq!(
            kind("answer.events", json!(["A", "B"]), json!(["A"])),
            "Call answer.events: after A: B / end"
        );
        assert_eq!(kind("answer.x", json!({}), json!(7)), "Call answer.x: {} / #");
    }
}
