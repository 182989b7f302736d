//! Values of the contract to and from Temporal's messages.
//!
//! Maps of messages have no order, so they are sorted by key on their way into the guest: the same history has to give
//! the same bytes.

use std::{collections::HashMap, time::Duration};

use wrt_model::{
    Time, payload,
    proto::{Header, Payload, Payloads, Priority, RetryPolicy, SearchAttributes},
    time,
};

use crate::bindings::workflow::imports::types as wit;

// === Into the guest ===

pub(crate) fn payload_to_wit(payload: &Payload) -> wit::Payload {
    wit::Payload {
        metadata: sorted(&payload.metadata, Clone::clone),
        data: payload.data.clone(),
    }
}

pub(crate) fn payloads_to_wit(payloads: Option<&Payloads>) -> Vec<wit::Payload> {
    payloads.map_or_else(Vec::new, |payloads| {
        payloads.payloads.iter().map(payload_to_wit).collect()
    })
}

/// Named payloads: headers, memos and search attributes.
pub(crate) fn fields_to_wit(fields: Option<&HashMap<String, Payload>>) -> Vec<(String, wit::Payload)> {
    fields.map_or_else(Vec::new, |fields| sorted(fields, payload_to_wit))
}

pub(crate) fn header_to_wit(header: Option<&Header>) -> wit::Header {
    fields_to_wit(header.map(|header| &header.fields))
}

pub(crate) fn duration_to_wit(span: Duration) -> wit::Duration {
    wit::Duration {
        seconds: u32::try_from(span.as_secs()).unwrap_or(u32::MAX),
        nanos: span.subsec_nanos(),
    }
}

/// Absent and zero both mean "not set", as everywhere in Temporal's API.
pub(crate) fn set_duration_to_wit(span: Option<&prost_types::Duration>) -> Option<wit::Duration> {
    time::span_set(span).map(duration_to_wit)
}

pub(crate) fn timestamp_to_wit(time: Time) -> wit::Timestamp {
    let since_epoch = duration_to_wit(time.since(Time::EPOCH));
    wit::Timestamp {
        seconds: since_epoch.seconds,
        nanos: since_epoch.nanos,
    }
}

pub(crate) fn retry_policy_to_wit(policy: &RetryPolicy) -> wit::RetryPolicy {
    wit::RetryPolicy {
        initial_interval: set_duration_to_wit(policy.initial_interval.as_ref()),
        backoff_coefficient: (policy.backoff_coefficient != 0.0).then_some(policy.backoff_coefficient),
        maximum_interval: set_duration_to_wit(policy.maximum_interval.as_ref()),
        maximum_attempts: u32::try_from(policy.maximum_attempts).unwrap_or(0),
        non_retryable_error_types: policy.non_retryable_error_types.clone(),
    }
}

pub(crate) fn priority_to_wit(priority: &Priority) -> wit::Priority {
    wit::Priority {
        priority_key: u32::try_from(priority.priority_key).unwrap_or(0),
        fairness_key: priority.fairness_key.clone(),
        fairness_weight: priority.fairness_weight,
    }
}

fn sorted<V, W>(map: &HashMap<String, V>, value: impl Fn(&V) -> W) -> Vec<(String, W)> {
    let mut pairs: Vec<_> = map.iter().map(|(key, entry)| (key.clone(), value(entry))).collect();
    pairs.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
    pairs
}

// === Out of the guest ===

pub(crate) fn payload_from_wit(payload: wit::Payload) -> Payload {
    Payload {
        metadata: payload.metadata.into_iter().collect(),
        data: payload.data,
        ..Default::default()
    }
}

pub(crate) fn payloads_from_wit(payloads: Vec<wit::Payload>) -> Option<Payloads> {
    payload::payloads(payloads.into_iter().map(payload_from_wit).collect())
}

pub(crate) fn header_from_wit(header: wit::Header) -> Option<Header> {
    (!header.is_empty()).then(|| Header {
        fields: fields_from_wit(header),
    })
}

/// Named payloads: headers, memos and search attributes.
pub(crate) fn fields_from_wit(fields: Vec<(String, wit::Payload)>) -> HashMap<String, Payload> {
    let fields = fields.into_iter();
    fields.map(|(key, value)| (key, payload_from_wit(value))).collect()
}

pub(crate) fn search_attributes_from_wit(attributes: wit::SearchAttributes) -> SearchAttributes {
    SearchAttributes {
        indexed_fields: fields_from_wit(attributes),
    }
}

pub(crate) fn duration_from_wit(span: wit::Duration) -> prost_types::Duration {
    // A guest that gives a billion nanoseconds or more means what it says.
    time::proto_span(Duration::from_secs(span.seconds.into()) + Duration::from_nanos(span.nanos.into()))
}

pub(crate) fn retry_policy_from_wit(policy: wit::RetryPolicy) -> RetryPolicy {
    RetryPolicy {
        initial_interval: policy.initial_interval.map(duration_from_wit),
        backoff_coefficient: policy.backoff_coefficient.unwrap_or_default(),
        maximum_interval: policy.maximum_interval.map(duration_from_wit),
        maximum_attempts: i32::try_from(policy.maximum_attempts).unwrap_or(i32::MAX),
        non_retryable_error_types: policy.non_retryable_error_types,
    }
}

pub(crate) fn priority_from_wit(priority: wit::Priority) -> Priority {
    Priority {
        priority_key: i32::try_from(priority.priority_key).unwrap_or(i32::MAX),
        fairness_key: priority.fairness_key,
        fairness_weight: priority.fairness_weight,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_reach_the_guest_in_the_order_of_their_keys() {
        let fields: HashMap<_, _> = ["c", "a", "e", "b", "d"]
            .map(|key| (key.to_owned(), payload::json(key)))
            .into();
        let keys: Vec<_> = fields_to_wit(Some(&fields)).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn payloads_come_back_as_they_went() {
        let payload = payload::json(r#"{"a":1}"#);
        assert_eq!(payload_from_wit(payload_to_wit(&payload)), payload);
        assert_eq!(payloads_from_wit(Vec::new()), None);
        assert_eq!(payloads_to_wit(None).len(), 0);
    }

    #[test]
    fn durations_carry_over_and_stop_at_the_end() {
        let span = |seconds, nanos| {
            let span = duration_from_wit(wit::Duration { seconds, nanos });
            (span.seconds, span.nanos)
        };
        assert_eq!(span(1, 500), (1, 500));
        assert_eq!(span(1, 1_500_000_000), (2, 500_000_000));
        assert_eq!(duration_to_wit(Duration::MAX).seconds, u32::MAX);
    }
}
