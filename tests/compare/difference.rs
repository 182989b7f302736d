//! Where two answers differ, beyond what has to differ: ids, tokens, times and sizes.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use crate::time;

/// How far apart two times may lie that mean the same.
const TOLERANCE_SECONDS: u64 = 8;

/// Fields whose values nobody but the server can read. Whether they are there is compared.
const TOKENS: [&str; 6] = [
    "taskToken",
    "nextPageToken",
    "conflictToken",
    "serverVersion",
    "clusterId",
    "visibilityStore",
];

/// Fields that say how a server is made rather than what has happened.
const INNER: [&str; 7] = [
    "taskId",
    "version",
    "historySizeBytes",
    "stateTransitionCount",
    "backlogCountHint",
    "pollerScalingDecision",
    "customSearchAttributeAliases",
];

/// Lists in no order, with the field that tells their elements apart.
const UNORDERED: [(&str, &str); 3] = [
    ("pendingActivities", "activityId"),
    ("pendingChildren", "initiatedId"),
    ("executions", "execution"),
];

/// One place where the answers differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// From the answer to the field; `[]` for any element, and the type of the event for events.
    pub(crate) path: String,
    pub(crate) temporal: Option<Value>,
    pub(crate) wrt: Option<Value>,
}

impl Difference {
    /// Whether the two servers are in different states from here on.
    pub(crate) fn is_deep(&self) -> bool {
        let ends = ["status", "when", "events", "taskToken"];
        ends.iter().any(|end| self.path.ends_with(end))
    }
}

/// Which ids of one server stand for which of the other, as answers have shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    of_wrt: BTreeMap<String, String>,
    known: BTreeSet<String>,
}

impl Ids {
    /// What wrt calls what Temporal calls so.
    pub(crate) fn of_wrt(&self, temporal: &str) -> Option<&str> {
        self.of_wrt.get(temporal).map(String::as_str)
    }

    /// Whether two ids are the same, which those are that nobody has seen before.
    fn are_same(&mut self, temporal: &str, wrt: &str) -> bool {
        match self.of_wrt.get(temporal) {
            Some(known) => known == wrt,
            None if self.known.contains(wrt) => false,
            None => {
                self.of_wrt.insert(temporal.to_owned(), wrt.to_owned());
                self.known.insert(wrt.to_owned());
                true
            }
        }
    }
}

/// Compares two answers.
pub(crate) fn compare(temporal: &Value, wrt: &Value, ids: &mut Ids) -> Vec<Difference> {
    let mut comparison = Comparison { ids, found: Vec::new() };
    comparison.values("", "", Some(temporal), Some(wrt));
    comparison.found
}

struct Comparison<'a> {
    ids: &'a mut Ids,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn values(&mut self, path: &str, key: &str, temporal: Option<&Value>, wrt: Option<&Value>) {
        if INNER.contains(&key) {
            return;
        }
        match (temporal, wrt) {
            (Some(Value::Object(temporal)), Some(Value::Object(wrt))) => self.objects(path, temporal, wrt),
            (Some(Value::Array(temporal)), Some(Value::Array(wrt))) => self.lists(path, key, temporal, wrt),
            (Some(_), Some(_)) if TOKENS.contains(&key) => {}
            (Some(Value::String(temporal)), Some(Value::String(wrt))) if self.texts(key, temporal, wrt) => {}
            (temporal, wrt) if temporal == wrt => {}
            (temporal, wrt) => self.differ(path, temporal, wrt),
        }
    }

    fn objects(&mut self, path: &str, temporal: &Map<String, Value>, wrt: &Map<String, Value>) {
        let (temporal, wrt) = (with_plain_keys(temporal), with_plain_keys(wrt));
        if temporal.contains_key("taskToken") != wrt.contains_key("taskToken") {
            // Only one server had a task, so that there is nothing else to compare.
            let (temporal, wrt) = (temporal.get("taskToken").copied(), wrt.get("taskToken").copied());
            return self.differ(&format!("{path}.taskToken"), temporal, wrt);
        }
        // The status first, as all else follows from it.
        let mut keys: Vec<_> = temporal.keys().chain(wrt.keys()).collect();
        keys.sort_by_key(|key| (**key != "status", *key));
        keys.dedup();
        for key in keys {
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            self.values(&path, key, temporal.get(key).copied(), wrt.get(key).copied());
            if self.found.first().is_some_and(|first| first.path == "status") {
                // The rest says the same in other words, but what they say helps people.
                self.found[0].temporal = Some(said(&temporal));
                self.found[0].wrt = Some(said(&wrt));
                return;
            }
        }
    }

    fn lists(&mut self, path: &str, key: &str, temporal: &[Value], wrt: &[Value]) {
        let (types, types_of_wrt) = (event_types(temporal), event_types(wrt));
        if key == "events" && types != types_of_wrt {
            return self.differ(path, Some(&json!(types)), Some(&json!(types_of_wrt)));
        }
        let (temporal, wrt) = (in_order(key, temporal), in_order(key, wrt));
        for index in 0..temporal.len().max(wrt.len()) {
            let element = types
                .get(index)
                .filter(|_| key == "events")
                .map_or("", |name| name.as_str());
            let path = format!("{path}[{element}]");
            self.values(&path, "", temporal.get(index).copied(), wrt.get(index).copied());
        }
    }

    /// Whether two texts say the same, ids and times aside.
    fn texts(&mut self, key: &str, temporal: &str, wrt: &str) -> bool {
        if let (Some(temporal), Some(wrt)) = (time::seconds(temporal), time::seconds(wrt)) {
            return temporal.abs_diff(wrt) <= TOLERANCE_SECONDS;
        }
        if let (Some((temporal, measured)), Some((wrt, measured_by_wrt))) =
            (time::duration(temporal), time::duration(wrt))
        {
            let may_differ = measured || measured_by_wrt;
            return temporal == wrt || may_differ && temporal.abs_diff(wrt) <= TOLERANCE_SECONDS;
        }
        if let (Some(temporal), Some(wrt)) = (payload_text(key, temporal), payload_text(key, wrt)) {
            return self.texts("", &temporal, &wrt);
        }
        let (temporal, temporal_ids) = without_ids(temporal);
        let (wrt, wrt_ids) = without_ids(wrt);
        // Counted, so that all are known afterwards.
        let pairs = temporal_ids.iter().zip(&wrt_ids);
        let others = pairs
            .filter(|(temporal, wrt)| !self.ids.are_same(temporal, wrt))
            .count();
        temporal == wrt && others == 0
    }

    fn differ(&mut self, path: &str, temporal: Option<&Value>, wrt: Option<&Value>) {
        self.found.push(Difference {
            path: path.to_owned(),
            temporal: temporal.cloned(),
            wrt: wrt.cloned(),
        });
    }
}

/// The status and its message in one line.
fn said(answer: &BTreeMap<String, &Value>) -> Value {
    let text = |key: &str| answer.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    format!("{} {}", text("status"), text("message")).trim().into()
}

/// Ids that are keys are numbered in the order of their values, as there is nothing else to know them by.
fn with_plain_keys(object: &Map<String, Value>) -> BTreeMap<String, &Value> {
    let (ids, plain): (Vec<_>, Vec<_>) = object.iter().partition(|(key, _)| !without_ids(key).1.is_empty());
    let mut ids: Vec<_> = ids
        .into_iter()
        .map(|(key, value)| (without_ids(key).0, value))
        .collect();
    ids.sort_by_key(|(key, value)| (key.clone(), value.to_string()));
    let numbered = ids
        .into_iter()
        .zip(1..)
        .map(|((key, value), number)| (format!("{key}{number}"), value));
    let plain = plain.into_iter().map(|(key, value)| (key.clone(), value));
    plain.chain(numbered).collect()
}

fn in_order<'a>(key: &str, list: &'a [Value]) -> Vec<&'a Value> {
    let mut list: Vec<_> = list.iter().collect();
    if let Some((_, by)) = UNORDERED.iter().find(|(name, _)| *name == key) {
        list.sort_by_key(|element| without_ids(&element[by].to_string()).0);
    }
    list
}

/// What the data of a payload say, if they are text.
fn payload_text(key: &str, data: &str) -> Option<String> {
    let is_payload = key == "data";
    let bytes = is_payload.then(|| BASE64_STANDARD.decode(data).ok())??;
    String::from_utf8(bytes).ok()
}

/// What kinds of events these are, without the prefix that all share.
fn event_types(events: &[Value]) -> Vec<String> {
    let types = events
        .iter()
        .map(|event| event["eventType"].as_str().unwrap_or_default());
    types
        .map(|name| name.trim_start_matches("EVENT_TYPE_").to_owned())
        .collect()
}

/// A text with `<id>` for each UUID in it, and those.
pub(crate) fn without_ids(text: &str) -> (String, Vec<String>) {
    const LENGTH: usize = 36;
    let mut plain = String::new();
    let mut ids = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        match rest.get(..LENGTH).filter(|start| is_id(start)) {
            Some(id) => {
                ids.push(id.to_owned());
                plain.push_str("<id>");
                rest = &rest[LENGTH..];
            }
            None => {
                let end = rest.chars().next().map_or(0, char::len_utf8);
                plain.push_str(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
    (plain, ids)
}

fn is_id(text: &str) -> bool {
    text.char_indices().all(|(index, letter)| match index {
        8 | 13 | 18 | 23 => letter == '-',
        _ => letter.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "00000000-0000-4000-8000-000000000001";
    const TWO: &str = "00000000-0000-4000-8000-000000000002";

    #[track_caller]
    fn check(temporal: Value, wrt: Value, paths: &[&str]) {
        let found = compare(&temporal, &wrt, &mut Ids::default());
        assert_eq!(
            found.iter().map(|found| found.path.as_str()).collect::<Vec<_>>(),
            paths,
            "{found:?}"
        );
    }

    #[test]
    fn what_has_to_differ_does_not_count() {
        check(json!({"taskToken": "a", "taskId": "1"}), json!({"taskToken": "b"}), &[]);
        check(
            json!({"x": {"taskToken": "a", "y": 1}}),
            json!({"x": {}}),
            &["x.taskToken"],
        );
        check(
            json!({"t": "2026-01-01T00:00:00Z"}),
            json!({"t": "2026-01-01T00:00:05.5Z"}),
            &[],
        );
        check(
            json!({"t": "2026-01-01T00:00:00Z"}),
            json!({"t": "2026-01-01T00:00:15Z"}),
            &["t"],
        );
        check(json!({"t": "2026-01-01T00:00:00Z"}), json!({}), &["t"]);
    }

    #[test]
    fn what_is_measured_may_be_a_little_more_or_less() {
        check(json!({"d": "0.5s"}), json!({"d": "3.000001s"}), &[]);
        check(json!({"d": "600.5s"}), json!({"d": "3s"}), &["d"]);
        check(json!({"d": "60s"}), json!({"d": "61s"}), &["d"]);
        check(json!({"d": "60s"}), json!({"d": "59.5s"}), &[]);
        let data = |text: &str| json!({"data": BASE64_STANDARD.encode(text)});
        check(data(&format!("run {ONE}")), data(&format!("run {TWO}")), &[]);
        check(data("1"), data("2"), &["data"]);
    }

    #[test]
    fn ids_are_the_same_if_they_are_always() {
        check(json!([ONE, ONE, TWO]), json!([TWO, TWO, ONE]), &[]);
        check(json!([ONE, ONE]), json!([ONE, TWO]), &["[]"]);
        check(json!([ONE, TWO]), json!([ONE, ONE]), &["[]"]);
        check(
            json!(format!("run {ONE} is gone")),
            json!(format!("run {TWO} is gone")),
            &[],
        );
        check(
            json!(format!("run {ONE} is gone")),
            json!(format!("{TWO} is gone")),
            &[""],
        );
        check(json!({ONE: {"a": 1}, "b": 2}), json!({TWO: {"a": 1}, "b": 2}), &[]);
        check(json!({ONE: {"a": 1}}), json!({TWO: {"a": 2}}), &["<id>1.a"]);
    }

    #[test]
    fn events_are_compared_by_their_types_first() {
        let event = |kind: &str, value: i32| json!({"eventType": format!("EVENT_TYPE_{kind}"), "x": {"y": value}});
        let events = |events: &[Value]| json!({"events": events});
        check(
            events(&[event("A", 1), event("B", 1)]),
            events(&[event("A", 1)]),
            &["events"],
        );
        check(events(&[event("A", 1)]), events(&[event("A", 2)]), &["events[A].x.y"]);
    }

    #[test]
    fn a_status_says_it_all() {
        let temporal = json!({"status": "NOT_FOUND", "message": "no", "details": []});
        let found = compare(&temporal, &json!({"status": "OK", "answer": {}}), &mut Ids::default());
        let expected = Difference {
            path: "status".to_owned(),
            temporal: Some(json!("NOT_FOUND no")),
            wrt: Some(json!("OK")),
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn lists_without_an_order_are_sorted() {
        let (one, two) = (json!({"activityId": "1"}), json!({"activityId": "2"}));
        check(
            json!({"pendingActivities": [one, two]}),
            json!({"pendingActivities": [two, one]}),
            &[],
        );
        check(
            json!({"others": [one, two]}),
            json!({"others": [two, one]}),
            &["others[].activityId", "others[].activityId"],
        );
    }
}
