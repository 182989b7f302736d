//! Temporal's priority of workflows and activities: what its fields default to, and what they inherit.

use std::ops::RangeInclusive;

use crate::{Run, proto::Priority, run::Activity};

/// The priority keys that there are; the lowest goes first.
const PRIORITY_KEYS: RangeInclusive<i32> = 1..=5;

/// The longest fairness key, in bytes.
pub const FAIRNESS_KEY_BYTES: usize = 64;

/// The priority key of what names none.
pub const DEFAULT_PRIORITY_KEY: i32 = 3;
const DEFAULT_WEIGHT: f32 = 1.0;

/// Weights outside of this range count as its nearest end.
const WEIGHTS: RangeInclusive<f32> = 0.001..=1000.0;

/// The priority of what a workflow asks for: fields that are not set are those of the workflow.
pub fn inherited(own: Option<&Priority>, workflow: Option<&Priority>) -> Option<Priority> {
    let (Some(own), Some(workflow)) = (own, workflow) else {
        return own.or(workflow).cloned();
    };
    Some(Priority {
        priority_key: match own.priority_key {
            0 => workflow.priority_key,
            key => key,
        },
        fairness_key: match own.fairness_key.as_str() {
            "" => workflow.fairness_key.clone(),
            key => key.to_owned(),
        },
        fairness_weight: match own.fairness_weight {
            0.0 => workflow.fairness_weight,
            weight => weight,
        },
    })
}

/// Takes one field over, which has this name in a field mask. False when there is none of this name.
pub fn merge_field(into: &mut Priority, from: &Priority, field: &str) -> bool {
    match field {
        "priority_key" => into.priority_key = from.priority_key,
        "fairness_key" => into.fairness_key.clone_from(&from.fairness_key),
        "fairness_weight" => into.fairness_weight = from.fairness_weight,
        _ => return false,
    }
    true
}

/// The priority key, with the default for one that is not set. What a guest asks for beyond the range counts as its end.
pub fn effective_key(priority: &Priority) -> i32 {
    match priority.priority_key {
        0 => DEFAULT_PRIORITY_KEY,
        key => key.clamp(*PRIORITY_KEYS.start(), *PRIORITY_KEYS.end()),
    }
}

/// A weight within the range, with the default for one that is not set.
pub fn effective_weight(weight: f32) -> f32 {
    if weight == 0.0 || weight.is_nan() {
        return DEFAULT_WEIGHT;
    }
    weight.clamp(*WEIGHTS.start(), *WEIGHTS.end())
}

impl Run {
    /// The priority of one of its activities.
    pub fn priority_of(&self, activity: &Activity) -> Option<Priority> {
        inherited(activity.priority.as_ref(), self.priority.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn priority(priority_key: i32, fairness_key: &str, fairness_weight: f32) -> Priority {
        Priority {
            priority_key,
            fairness_key: fairness_key.to_owned(),
            fairness_weight,
        }
    }

    #[test]
    fn each_field_is_inherited_by_itself() {
        let workflow = priority(1, "tenant", 2.0);
        let check = |own: Option<Priority>, expected: Priority| {
            assert_eq!(inherited(own.as_ref(), Some(&workflow)), Some(expected));
        };
        check(None, workflow.clone());
        check(Some(priority(0, "", 0.0)), workflow.clone());
        check(Some(priority(5, "", 0.0)), priority(5, "tenant", 2.0));
        check(Some(priority(0, "other", 0.0)), priority(1, "other", 2.0));
        check(Some(priority(0, "", 9.0)), priority(1, "tenant", 9.0));
        assert_eq!(inherited(None, None), None);
        assert_eq!(inherited(Some(&workflow), None), Some(workflow.clone()));
    }

    #[test]
    fn defaults_and_bounds() {
        for (asked, expected) in [(0, 3), (1, 1), (5, 5), (17, 5), (-2, 1)] {
            assert_eq!(effective_key(&priority(asked, "", 0.0)), expected);
        }
        for (asked, expected) in [(0.0, 1.0), (f32::NAN, 1.0), (1e-9, 0.001), (1e9, 1000.0), (2.5, 2.5)] {
            assert_eq!(effective_weight(asked), expected);
        }
    }
}
