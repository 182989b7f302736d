//! Listing and counting workflows by a query.

pub(crate) mod filters;

use wrt_engine::{Engine, RunCount};
use wrt_model::{
    SearchAttributeValue,
    proto::{
        workflow::WorkflowExecutionInfo,
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

pub(crate) async fn list(
    engine: &Engine,
    request: ListWorkflowExecutionsRequest,
) -> Result<ListWorkflowExecutionsResponse, ApiError> {
    let (query, page_size) = (&request.query, request.page_size);
    let (executions, next_page_token) =
        page(engine, &request.namespace, query, page_size, &request.next_page_token).await?;
    Ok(ListWorkflowExecutionsResponse {
        executions,
        next_page_token,
    })
}

/// Workflows that match a query, and the token of the next page.
async fn page(
    engine: &Engine,
    namespace: &str,
    query: &str,
    page_size: i32,
    page_token: &[u8],
) -> Result<(Vec<WorkflowExecutionInfo>, Vec<u8>), ApiError> {
    let namespace = namespace::resolve(engine, namespace).await?;
    let page_size = validate::page_size(page_size, PAGE_WORKFLOWS)?;
    Ok(engine.list_workflows(&namespace, query, page_size, page_token).await?)
}

pub(crate) async fn count(
    engine: &Engine,
    request: CountWorkflowExecutionsRequest,
) -> Result<CountWorkflowExecutionsResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    Ok(counted(engine.count_workflows(&namespace, &request.query).await?))
}

/// What [`list`] and [`count`] can filter by. The call names no namespace, so it is told of all.
pub(crate) async fn search_attributes(engine: &Engine) -> Result<GetSearchAttributesResponse, ApiError> {
    let keys = engine.search_attributes().await?.into_iter().collect();
    Ok(GetSearchAttributesResponse { keys })
}

fn counted(count: RunCount) -> CountWorkflowExecutionsResponse {
    let group = |(value, count): (SearchAttributeValue, i64)| AggregationGroup {
        group_values: vec![value.encode()],
        count,
    };
    CountWorkflowExecutionsResponse {
        count: count.total,
        groups: count.groups.into_iter().map(group).collect(),
    }
}
