//! Listing and counting workflows by a query.

use std::collections::HashMap;

use wrt_engine::{Engine, RunCount};
use wrt_model::{
    payload,
    proto::{
        Payload,
        enums::{IndexedValueType, WorkflowExecutionStatus},
        workflowservice::{
            CountWorkflowExecutionsRequest, CountWorkflowExecutionsResponse, GetSearchAttributesResponse,
            ListWorkflowExecutionsRequest, ListWorkflowExecutionsResponse,
            count_workflow_executions_response::AggregationGroup,
        },
    },
};

use crate::{error::ApiError, namespace, validate};

/// The most workflows of one page, and the default.
const PAGE_WORKFLOWS: u32 = 1000;

/// What every run can be listed by.
const SEARCH_ATTRIBUTES: [(&str, IndexedValueType); 9] = [
    ("WorkflowId", IndexedValueType::Keyword),
    ("RunId", IndexedValueType::Keyword),
    ("WorkflowType", IndexedValueType::Keyword),
    ("TaskQueue", IndexedValueType::Keyword),
    ("ExecutionStatus", IndexedValueType::Keyword),
    ("StartTime", IndexedValueType::Datetime),
    ("ExecutionTime", IndexedValueType::Datetime),
    ("CloseTime", IndexedValueType::Datetime),
    ("HistoryLength", IndexedValueType::Int),
];

pub(crate) async fn list(
    engine: &Engine,
    request: ListWorkflowExecutionsRequest,
) -> Result<ListWorkflowExecutionsResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let page_size = validate::page_size(request.page_size, PAGE_WORKFLOWS)?;
    let (executions, next_page_token) = engine
        .list_workflows(&namespace, &request.query, page_size, &request.next_page_token)
        .await?;
    Ok(ListWorkflowExecutionsResponse {
        executions,
        next_page_token,
    })
}

pub(crate) async fn count(
    engine: &Engine,
    request: CountWorkflowExecutionsRequest,
) -> Result<CountWorkflowExecutionsResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    Ok(counted(engine.count_workflows(&namespace, &request.query).await?))
}

/// What [`list`] and [`count`] can filter by.
pub(crate) fn search_attributes() -> GetSearchAttributesResponse {
    let keys: HashMap<_, _> = SEARCH_ATTRIBUTES
        .into_iter()
        .map(|(name, value_type)| (name.to_owned(), value_type as i32))
        .collect();
    GetSearchAttributesResponse { keys }
}

fn counted(count: RunCount) -> CountWorkflowExecutionsResponse {
    let group = |(status, count)| AggregationGroup {
        group_values: vec![keyword(status_name(status))],
        count,
    };
    CountWorkflowExecutionsResponse {
        count: count.total,
        groups: count.groups.into_iter().map(group).collect(),
    }
}

/// A value as search attributes carry it: JSON with its type beside it. `value` needs no escaping.
fn keyword(value: &'static str) -> Payload {
    let mut payload = payload::json(format!("\"{value}\""));
    payload.metadata.insert("type".to_owned(), b"Keyword".to_vec());
    payload
}

/// The status as queries write it.
fn status_name(status: WorkflowExecutionStatus) -> &'static str {
    use WorkflowExecutionStatus as S;
    match status {
        S::Unspecified => "Unspecified",
        S::Running => "Running",
        S::Completed => "Completed",
        S::Failed => "Failed",
        S::Canceled => "Canceled",
        S::Terminated => "Terminated",
        S::ContinuedAsNew => "ContinuedAsNew",
        S::TimedOut => "TimedOut",
        S::Paused => "Paused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_named_by_their_status() {
        let response = counted(RunCount {
            total: 5,
            groups: vec![
                (WorkflowExecutionStatus::Running, 3),
                (WorkflowExecutionStatus::TimedOut, 2),
            ],
        });
        assert_eq!(response.count, 5);
        let groups: Vec<_> = response
            .groups
            .iter()
            .map(|group| (group.group_values[0].data.as_slice(), group.count))
            .collect();
        assert_eq!(
            groups,
            [(b"\"Running\"".as_slice(), 3), (b"\"TimedOut\"".as_slice(), 2)]
        );
        assert_eq!(response.groups[0].group_values[0].metadata["type"], b"Keyword");
    }
}
