//! Failures as text: each link of the chain of causes, with what belongs to its kind.

use std::iter::successors;

use wrt_model::proto::{Failure, FailureInfo};

use crate::{payload, words::camel};

/// The chain of causes, outermost first, each followed by its stack trace.
pub(crate) fn text(failure: &Failure) -> String {
    successors(Some(failure), |link| link.cause.as_deref())
        .enumerate()
        .map(|(depth, link)| {
            let lead = if depth == 0 { "" } else { "caused by: " };
            format!("{lead}{}{}", line(link), stack_trace(link))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// One link without its causes: the message, then the kind and its facts in parentheses.
pub(crate) fn line(failure: &Failure) -> String {
    let facts = facts(failure.failure_info.as_ref());
    match (failure.message.is_empty(), facts.is_empty()) {
        (true, _) => facts,
        (false, true) => failure.message.clone(),
        (false, false) => format!("{} ({facts})", failure.message),
    }
}

fn stack_trace(failure: &Failure) -> String {
    failure
        .stack_trace
        .lines()
        .map(|line| format!("\n    {line}"))
        .collect()
}

fn facts(info: Option<&FailureInfo>) -> String {
    let facts: Vec<String> = match info {
        None => vec![],
        Some(FailureInfo::ApplicationFailureInfo(info)) => vec![
            info.r#type.clone(),
            flag(info.non_retryable, "non-retryable"),
            labeled("details", payload::line(info.details.as_ref())),
        ],
        Some(FailureInfo::TimeoutFailureInfo(info)) => vec![
            camel(info.timeout_type().as_str_name(), "TIMEOUT_TYPE_"),
            labeled("last heartbeat", payload::line(info.last_heartbeat_details.as_ref())),
        ],
        Some(FailureInfo::CanceledFailureInfo(info)) => {
            vec![labeled("details", payload::line(info.details.as_ref()))]
        }
        Some(FailureInfo::ServerFailureInfo(info)) => {
            vec![flag(info.non_retryable, "non-retryable")]
        }
        Some(FailureInfo::ActivityFailureInfo(info)) => vec![
            info.activity_type
                .as_ref()
                .map_or_else(String::new, |kind| kind.name.clone()),
            labeled("activity id", info.activity_id.clone()),
            camel(info.retry_state().as_str_name(), "RETRY_STATE_"),
        ],
        Some(FailureInfo::ChildWorkflowExecutionFailureInfo(info)) => vec![
            info.workflow_type
                .as_ref()
                .map_or_else(String::new, |kind| kind.name.clone()),
            camel(info.retry_state().as_str_name(), "RETRY_STATE_"),
        ],
        Some(
            FailureInfo::TerminatedFailureInfo(_)
            | FailureInfo::ResetWorkflowFailureInfo(_)
            | FailureInfo::NexusOperationExecutionFailureInfo(_)
            | FailureInfo::NexusHandlerFailureInfo(_),
        ) => vec![],
    };
    facts
        .into_iter()
        .filter(|fact| !fact.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn flag(set: bool, text: &str) -> String {
    if set { text.to_owned() } else { String::new() }
}

fn labeled(label: &str, value: String) -> String {
    if value.is_empty() {
        value
    } else {
        format!("{label} {value}")
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use wrt_model::{
        failure::{activity, application, timeout},
        payload::{json, payloads},
        proto::{
            ActivityType,
            enums::{RetryState, TimeoutType},
            failure::ActivityFailureInfo,
        },
    };

    use super::*;

    #[test]
    fn the_chain_of_causes_reads_from_the_outside_in() {
        let declined = Failure {
            stack_trace: "at charge\nat main".to_owned(),
            ..application("card declined", "CardDeclined", true)
        };
        let info = ActivityFailureInfo {
            activity_type: Some(ActivityType {
                name: "FreezePayment".to_owned(),
            }),
            activity_id: "3".to_owned(),
            ..Default::default()
        };
        let failure = activity(info, RetryState::NonRetryableFailure, declined);
        assert_snapshot!(text(&failure), @r"
        activity error (FreezePayment, activity id 3, NonRetryableFailure)
        caused by: card declined (CardDeclined, non-retryable)
            at charge
            at main
        ");
    }

    #[test]
    fn a_timeout_shows_its_kind_and_the_last_heartbeat() {
        let failure = timeout(TimeoutType::Heartbeat, payloads(vec![json("7")]));
        assert_snapshot!(text(&failure), @r"
        activity Heartbeat timeout (Heartbeat, last heartbeat 7)
        ");
    }

    #[test]
    fn a_link_without_facts_is_its_message() {
        let failure = Failure {
            message: "boom".to_owned(),
            ..Default::default()
        };
        assert_eq!(text(&failure), "boom");
    }
}
