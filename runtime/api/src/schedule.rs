//! Schedules: creating, changing, describing, listing.

use wrt_engine::{Engine, NewSchedule, ScheduleCount, ScheduleUpdate, check_search_attributes};
use wrt_model::{
    Time, payload,
    proto::workflowservice::{
        CountSchedulesRequest, CountSchedulesResponse, CreateScheduleRequest, CreateScheduleResponse,
        DeleteScheduleRequest, DescribeScheduleRequest, DescribeScheduleResponse, ListScheduleMatchingTimesRequest,
        ListScheduleMatchingTimesResponse, ListSchedulesRequest, ListSchedulesResponse, PatchScheduleRequest,
        UpdateScheduleRequest, count_schedules_response::AggregationGroup,
    },
};

use crate::{error::ApiError, namespace, validate};

/// The most schedules of one page, and the default.
const PAGE_SCHEDULES: u32 = 1000;

pub(crate) async fn create(
    engine: &Engine,
    request: CreateScheduleRequest,
) -> Result<CreateScheduleResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("ScheduleId", &request.schedule_id)?;
    validate::bounded("Identity", &request.identity)?;
    validate::bounded("RequestId", &request.request_id)?;
    let limits = engine.limits(&namespace);
    validate::memo(request.memo.as_ref(), &limits)?;
    validate::start::search_attributes(request.search_attributes.as_ref())?;
    check_search_attributes(&namespace, request.search_attributes.as_ref())?;
    let patch = request.initial_patch.unwrap_or_default();
    validate::schedule::patch(&patch)?;
    let new = NewSchedule {
        namespace_id: namespace.id.clone(),
        schedule_id: request.schedule_id,
        definition: validate::schedule::definition(request.schedule, &limits)?,
        memo: request.memo,
        search_attributes: request.search_attributes,
        request_id: request.request_id,
    };
    Ok(engine.create_schedule(new, patch).await?)
}

pub(crate) async fn describe(
    engine: &Engine,
    request: DescribeScheduleRequest,
) -> Result<DescribeScheduleResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("ScheduleId", &request.schedule_id)?;
    Ok(engine.describe_schedule(&namespace, &request.schedule_id).await?)
}

pub(crate) async fn update(engine: &Engine, request: UpdateScheduleRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("ScheduleId", &request.schedule_id)?;
    validate::bounded("Identity", &request.identity)?;
    validate::bounded("RequestId", &request.request_id)?;
    let limits = engine.limits(&namespace);
    validate::memo(request.memo.as_ref(), &limits)?;
    validate::start::search_attributes(request.search_attributes.as_ref())?;
    check_search_attributes(&namespace, request.search_attributes.as_ref())?;
    let Some(conflict_token) = wrt_engine::conflict_token(&request.conflict_token) else {
        return validate::invalid("Invalid ConflictToken: it was not given out by this server.");
    };
    let update = ScheduleUpdate {
        definition: validate::schedule::definition(request.schedule, &limits)?,
        memo: request.memo,
        search_attributes: request.search_attributes,
        conflict_token,
        request_id: request.request_id,
    };
    Ok(engine.update_schedule(&namespace, &request.schedule_id, update).await?)
}

pub(crate) async fn patch(engine: &Engine, request: PatchScheduleRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("ScheduleId", &request.schedule_id)?;
    validate::bounded("Identity", &request.identity)?;
    validate::bounded("RequestId", &request.request_id)?;
    let Some(patch) = request.patch else {
        return validate::invalid("Patch is not set on request.");
    };
    validate::schedule::patch(&patch)?;
    let patched = engine.patch_schedule(&namespace, &request.schedule_id, patch, request.request_id);
    Ok(patched.await?)
}

pub(crate) async fn delete(engine: &Engine, request: DeleteScheduleRequest) -> Result<(), ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("ScheduleId", &request.schedule_id)?;
    Ok(engine.delete_schedule(&namespace, &request.schedule_id).await?)
}

pub(crate) async fn matching_times(
    engine: &Engine,
    request: ListScheduleMatchingTimesRequest,
) -> Result<ListScheduleMatchingTimesResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    validate::required("ScheduleId", &request.schedule_id)?;
    let (Some(start), Some(end)) = (&request.start_time, &request.end_time) else {
        return validate::invalid("StartTime and EndTime have to be set on request.");
    };
    let (start, end) = (Time::from(start), Time::from(end));
    let times = engine.schedule_matching_times(&namespace, &request.schedule_id, start, end);
    Ok(times.await?)
}

pub(crate) async fn list(engine: &Engine, request: ListSchedulesRequest) -> Result<ListSchedulesResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let page_size = validate::page_size(request.maximum_page_size, PAGE_SCHEDULES)?;
    let (schedules, next_page_token) = engine
        .list_schedules(&namespace, &request.query, page_size, &request.next_page_token)
        .await?;
    Ok(ListSchedulesResponse {
        schedules,
        next_page_token,
    })
}

pub(crate) async fn count(engine: &Engine, request: CountSchedulesRequest) -> Result<CountSchedulesResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    Ok(counted(engine.count_schedules(&namespace, &request.query).await?))
}

fn counted(count: ScheduleCount) -> CountSchedulesResponse {
    let group = |(paused, count): (bool, i64)| {
        let mut value = payload::json(paused.to_string());
        value.metadata.insert("type".to_owned(), b"Bool".to_vec());
        AggregationGroup {
            group_values: vec![value],
            count,
        }
    };
    CountSchedulesResponse {
        count: count.total,
        groups: count.groups.into_iter().map(group).collect(),
    }
}
