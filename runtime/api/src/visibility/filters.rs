//! Lists as they were asked for before there were queries: filters, which are written as a query here.

use wrt_engine::Engine;
use wrt_model::proto::{
    filter::{StartTimeFilter, StatusFilter, WorkflowExecutionFilter, WorkflowTypeFilter},
    workflowservice::{
        ListClosedWorkflowExecutionsRequest, ListClosedWorkflowExecutionsResponse, ListOpenWorkflowExecutionsRequest,
        ListOpenWorkflowExecutionsResponse, ScanWorkflowExecutionsRequest, ScanWorkflowExecutionsResponse,
        list_closed_workflow_executions_request::Filters as ClosedFilters,
        list_open_workflow_executions_request::Filters as OpenFilters,
    },
};

use super::page;
use crate::error::ApiError;

pub(crate) async fn list_open(
    engine: &Engine,
    request: ListOpenWorkflowExecutionsRequest,
) -> Result<ListOpenWorkflowExecutionsResponse, ApiError> {
    let mut conditions = vec!["CloseTime IS NULL".to_owned()];
    conditions.extend(request.start_time_filter.map(started));
    conditions.extend(match request.filters {
        Some(OpenFilters::ExecutionFilter(filter)) => execution(&filter),
        Some(OpenFilters::TypeFilter(filter)) => workflow_type(&filter),
        None => Vec::new(),
    });
    let (query, page_size) = (conditions.join(" AND "), request.maximum_page_size);
    let (executions, next_page_token) =
        page(engine, &request.namespace, &query, page_size, &request.next_page_token).await?;
    Ok(ListOpenWorkflowExecutionsResponse {
        executions,
        next_page_token,
    })
}

pub(crate) async fn list_closed(
    engine: &Engine,
    request: ListClosedWorkflowExecutionsRequest,
) -> Result<ListClosedWorkflowExecutionsResponse, ApiError> {
    let mut conditions = vec!["CloseTime IS NOT NULL".to_owned()];
    conditions.extend(request.start_time_filter.map(started));
    conditions.extend(match request.filters {
        Some(ClosedFilters::ExecutionFilter(filter)) => execution(&filter),
        Some(ClosedFilters::TypeFilter(filter)) => workflow_type(&filter),
        Some(ClosedFilters::StatusFilter(filter)) => status(filter),
        None => Vec::new(),
    });
    let (query, page_size) = (conditions.join(" AND "), request.maximum_page_size);
    let (executions, next_page_token) =
        page(engine, &request.namespace, &query, page_size, &request.next_page_token).await?;
    Ok(ListClosedWorkflowExecutionsResponse {
        executions,
        next_page_token,
    })
}

/// A list by another name.
pub(crate) async fn scan(
    engine: &Engine,
    request: ScanWorkflowExecutionsRequest,
) -> Result<ScanWorkflowExecutionsResponse, ApiError> {
    let (query, page_size) = (&request.query, request.page_size);
    let (executions, next_page_token) =
        page(engine, &request.namespace, query, page_size, &request.next_page_token).await?;
    Ok(ScanWorkflowExecutionsResponse {
        executions,
        next_page_token,
    })
}

// === Conditions ===

fn started(filter: StartTimeFilter) -> String {
    let bounds = [(">=", filter.earliest_time), ("<=", filter.latest_time)];
    let bounds = bounds
        .into_iter()
        .filter_map(|(operator, time)| Some((operator, time?)));
    let conditions: Vec<_> = bounds
        .map(|(operator, time)| format!("StartTime {operator} '{time}'"))
        .collect();
    match conditions.as_slice() {
        [] => "StartTime IS NOT NULL".to_owned(),
        conditions => conditions.join(" AND "),
    }
}

fn execution(filter: &WorkflowExecutionFilter) -> Vec<String> {
    let ids = [("WorkflowId", &filter.workflow_id), ("RunId", &filter.run_id)];
    let set = ids.into_iter().filter(|(_, id)| !id.is_empty());
    set.map(|(name, id)| equal(name, id)).collect()
}

fn workflow_type(filter: &WorkflowTypeFilter) -> Vec<String> {
    vec![equal("WorkflowType", &filter.name)]
}

fn status(filter: StatusFilter) -> Vec<String> {
    vec![equal("ExecutionStatus", &format!("{:?}", filter.status()))]
}

fn equal(name: &str, text: &str) -> String {
    format!("{name} = '{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use prost_types::Timestamp;
    use wrt_model::proto::enums::WorkflowExecutionStatus;

    use super::*;

    #[test]
    fn filters_are_written_as_conditions() {
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let between = |earliest_time, latest_time| {
            started(StartTimeFilter {
                earliest_time,
                latest_time,
            })
        };
        assert_eq!(
            between(at(0), at(1)),
            "StartTime >= '1970-01-01T00:00:00Z' AND StartTime <= '1970-01-01T00:00:01Z'"
        );
        assert_eq!(between(None, at(1)), "StartTime <= '1970-01-01T00:00:01Z'");
        assert_eq!(between(None, None), "StartTime IS NOT NULL");
        let filter = WorkflowExecutionFilter {
            workflow_id: "it's".to_owned(),
            run_id: String::new(),
        };
        assert_eq!(execution(&filter), ["WorkflowId = 'it''s'"]);
        let filter = StatusFilter {
            status: WorkflowExecutionStatus::TimedOut as i32,
        };
        assert_eq!(status(filter), ["ExecutionStatus = 'TimedOut'"]);
    }
}
