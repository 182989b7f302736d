//! CONDITIONs.

use serde_json::Value;

use crate::{program::Frame, value::equal};

impl Frame {
    /// Whether a condition holds.
    pub(crate) fn holds(&self, condition: &Value) -> bool {
        let fields = condition.as_object().expect("a condition is an object");
        let (kind, of) = fields.iter().next().expect("a condition says something");
        match kind.as_str() {
            "equals" => equal(&self.value(&of[0]), &self.value(&of[1])),
            "less" => self.value(&of[0]).as_f64() < self.value(&of[1]).as_f64(),
            "set" => !self.variable(of.as_str().unwrap_or_default()).is_null(),
            "not" => !self.holds(of),
            "any" => of.as_array().into_iter().flatten().any(|one| self.holds(one)),
            "every" => of.as_array().into_iter().flatten().all(|one| self.holds(one)),
            other => panic!("there is no condition `{other}`"),
        }
    }
}
