//! Failures as programs write and read them.

use serde_json::{Value, json};
use wrt_sdk::{Error, Failure, FailureKind, FromPayload};

/// What `fail` throws.
pub(crate) fn thrown(written: &Value) -> Error {
    let text = |name: &str| written[name].as_str().unwrap_or_default().to_owned();
    let mut error = Error::application(text("type"), text("message"));
    if written["non_retryable"] == true {
        error = error.non_retryable();
    }
    for detail in written["details"].as_array().into_iter().flatten() {
        error = error.detail(detail);
    }
    match &written["cause"] {
        Value::Null => error,
        cause => error.caused_by(thrown(cause)),
    }
}

/// `$error`.
pub(crate) fn described(failure: &Failure) -> Value {
    let (kind, its_type, details) = match &failure.kind {
        FailureKind::Application(application) => (
            "application",
            Value::from(&*application.failure_type),
            &application.details[..],
        ),
        FailureKind::Activity(activity) => ("activity", Value::from(&*activity.activity_type), &[][..]),
        FailureKind::ChildWorkflow(child) => ("child", Value::from(&*child.workflow_type), &[][..]),
        FailureKind::Timeout(timeout, details) => ("timeout", Value::from(format!("{timeout:?}")), &details[..]),
        FailureKind::Canceled(details) => ("canceled", Value::Null, &details[..]),
        FailureKind::Terminated => ("terminated", Value::Null, &[][..]),
        _ => ("server", Value::Null, &[][..]),
    };
    let mut error = json!({
        "cause": failure.cause.as_deref().map(described),
        "kind": kind,
        "message": failure.message,
        "type": its_type,
    });
    let details = details.iter().map(|detail| Value::from_payload(detail.clone()));
    let details: Vec<_> = details.map(Result::unwrap_or_default).collect();
    if !details.is_empty() {
        error["details"] = Value::from(details);
    }
    error
}
