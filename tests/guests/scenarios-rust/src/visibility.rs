//! Steps that tell and ask about the run itself.

use std::{
    hash::{BuildHasher, RandomState},
    time::SystemTime,
};

use serde_json::{Value, json};
use wrt_sdk::{SearchAttribute, SearchAttributes};

use crate::program::Frame;

impl Frame {
    pub(crate) fn upsert_memo(&self, fields: &Value) {
        let fields = self.memo(fields).expect("a memo has fields");
        self.ctx.upsert_memo(fields);
    }

    pub(crate) fn upsert_search_attributes(&self, attributes: &Value) {
        let attributes = attributes.as_object().into_iter().flatten();
        let attributes = attributes.fold(SearchAttributes::new(), |attributes, (name, written)| {
            let value = self.value(&written["value"]);
            match search_attribute(written["type"].as_str().unwrap_or_default(), &value) {
                Some(value) => attributes.set(name, value),
                None => attributes.remove(name),
            }
        });
        self.ctx.upsert_search_attributes(attributes);
    }

    /// A fact about the run.
    pub(crate) fn fact(&self, field: &str) -> Value {
        let info = self.ctx.info();
        if let Some(name) = field.strip_prefix("memo.") {
            return info.memo.get(name).and_then(Result::ok).unwrap_or_default();
        }
        match field {
            "workflow_id" => json!(info.workflow_id),
            "workflow_type" => json!(info.workflow_type),
            "task_queue" => json!(info.task_queue),
            "namespace" => json!(info.namespace),
            "attempt" => json!(info.attempt),
            "cron_schedule" => json!(info.cron_schedule),
            "parent_workflow_id" => json!(info.parent.as_ref().map(|parent| &parent.workflow_id)),
            "history_length" => json!(info.history_length()),
            "is_continue_as_new_suggested" => json!(info.continue_as_new_suggested()),
            other => panic!("there is no fact `{other}`"),
        }
    }

    /// Three numbers from 0 to 1 of the standard library's own randomness, and a UUID.
    pub(crate) fn random(&self) -> Value {
        let number = || RandomState::new().hash_one(()) as f64 / u64::MAX as f64;
        json!({"numbers": [number(), number(), number()], "uuid": self.ctx.uuid()})
    }
}

/// The clock of the standard library, in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "in a workflow it is the run's own clock")]
pub(crate) fn now() -> Value {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    json!(since_1970.unwrap_or_default().as_millis() as u64)
}

fn search_attribute(kind: &str, value: &Value) -> Option<SearchAttribute> {
    let text = || value.as_str().unwrap_or_default().to_owned();
    let words = || value.as_array().into_iter().flatten().filter_map(Value::as_str);
    if value.is_null() {
        return None;
    }
    Some(match kind {
        "Bool" => SearchAttribute::Bool(value == true),
        "Double" => SearchAttribute::Double(value.as_f64().unwrap_or_default()),
        "Int" => SearchAttribute::Int(value.as_i64().unwrap_or_default()),
        "Keyword" => SearchAttribute::Keyword(text()),
        "KeywordList" => SearchAttribute::KeywordList(words().map(str::to_owned).collect()),
        "Text" => SearchAttribute::Text(text()),
        other => panic!("there is no search attribute of type `{other}`"),
    })
}
