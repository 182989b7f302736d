//! Reading histories: in pages, as they grow, or only the end.

mod follow;

use std::time::Duration;

use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::metadata::MetadataMap;
use wrt_engine::{Engine, HistoryPage};
use wrt_model::{
    Namespace,
    proto::{
        History, HistoryEvent, WorkflowExecution,
        enums::HistoryEventFilterType,
        workflowservice::{
            GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryResponse,
            GetWorkflowExecutionHistoryReverseRequest, GetWorkflowExecutionHistoryReverseResponse,
        },
    },
};

use crate::{
    error::ApiError,
    long_poll, namespace,
    validate::{self, Checked},
};

/// The longest wait for an event. Clients ask again with the token that the empty answer carries.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// About the bytes of one page: well below the 4 MiB that clients take by default, even when the last event is a large
/// one.
const PAGE_BYTES: usize = 1024 * 1024;

/// The most events of one page.
const PAGE_EVENTS: u32 = 1000;

/// Where a reader stands. Its encoding is the page token, opaque to clients.
#[derive(Clone, PartialEq, prost::Message)]
struct PageToken {
    /// The run, which the first request may have left open.
    #[prost(string, tag = "1")]
    run_id: String,
    /// The first event of the next page.
    #[prost(int64, tag = "2")]
    next_event_id: i64,
}

impl PageToken {
    fn parse(bytes: &[u8]) -> Checked<Self> {
        match Self::decode(bytes) {
            Ok(token) if token.next_event_id > 0 && !token.run_id.is_empty() => {
                validate::run_id(&token.run_id).map(|()| token)
            }
            _ => validate::invalid("Invalid NextPageToken."),
        }
    }
}

/// One reader of one run.
struct Reader<'a> {
    engine: &'a Engine,
    namespace: &'a Namespace,
    execution: WorkflowExecution,
    page_events: usize,
    /// The client goes on in the next run by itself, whichever event closes this one.
    follows_next_run: bool,
    shutdown: &'a CancellationToken,
}

/// What a call says beside its request.
pub(crate) struct Manner {
    wait: Duration,
    follows_next_run: bool,
}

impl Manner {
    pub(crate) fn of(metadata: &MetadataMap) -> Self {
        Manner {
            wait: long_poll::wait(metadata, LONGEST_WAIT),
            follows_next_run: follow::follows_next_run(metadata),
        }
    }
}

/// Answers with the events that the request asks for, waiting for one when it asks for that.
pub(crate) async fn get(
    engine: &Engine,
    request: GetWorkflowExecutionHistoryRequest,
    manner: Manner,
    shutdown: &CancellationToken,
) -> Result<GetWorkflowExecutionHistoryResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let mut execution = validate::execution(request.execution)?;
    let filter = validate::choice("HistoryEventFilterType", request.history_event_filter_type)?;
    let page_events = validate::page_size(request.maximum_page_size, PAGE_EVENTS)?;
    let next_event_id = resume(&mut execution, &request.next_page_token)?;
    let wait = request.wait_new_event.then_some(manner.wait);
    let reader = Reader {
        engine,
        namespace: &namespace,
        execution,
        page_events: usize::try_from(page_events).unwrap_or(usize::MAX),
        follows_next_run: manner.follows_next_run,
        shutdown,
    };
    match filter {
        HistoryEventFilterType::CloseEvent => reader.close_event(wait).await,
        HistoryEventFilterType::Unspecified | HistoryEventFilterType::AllEvent => {
            reader.events(next_event_id, wait).await
        }
    }
}

/// Answers with events from the last one back to the first. The token leads to the last event of the next page.
pub(crate) async fn reverse(
    engine: &Engine,
    request: GetWorkflowExecutionHistoryReverseRequest,
) -> Result<GetWorkflowExecutionHistoryReverseResponse, ApiError> {
    let namespace = namespace::resolve(engine, &request.namespace).await?;
    let mut execution = validate::execution(request.execution)?;
    let page_events = i64::from(validate::page_size(request.maximum_page_size, PAGE_EVENTS)?);
    let resumed = resume(&mut execution, &request.next_page_token)?;
    let end = engine.workflow_history(&namespace, execution.clone(), 1, 0, 0).await?;
    execution.run_id = end.run_id;
    let last = match request.next_page_token.is_empty() {
        true => end.last_event_id,
        false => resumed.min(end.last_event_id),
    };
    let first = (last - page_events + 1).max(1);
    let wanted = usize::try_from(last - first + 1).unwrap_or_default();
    let page = engine
        .workflow_history(&namespace, execution, first, wanted, usize::MAX)
        .await?;
    let events = backwards(page.events, last);
    let next = events.last().map_or(0, |event| event.event_id - 1);
    Ok(GetWorkflowExecutionHistoryReverseResponse {
        history: Some(History { events }),
        next_page_token: if next > 0 { token(page.run_id, next) } else { Vec::new() },
    })
}

/// The events up to this one, the last one first, and no more than fit a page: at least one.
fn backwards(events: Vec<HistoryEvent>, last_event_id: i64) -> Vec<HistoryEvent> {
    let mut bytes = 0;
    let behind = events
        .into_iter()
        .rev()
        .skip_while(|event| event.event_id > last_event_id);
    behind.take_while(|event| fits(event, &mut bytes)).collect()
}

/// Whether an event fits into the page beside what is in it. The first one always does.
fn fits(event: &HistoryEvent, page_bytes: &mut usize) -> bool {
    let is_first = *page_bytes == 0;
    *page_bytes += event.encoded_len();
    is_first || *page_bytes <= PAGE_BYTES
}

/// Pins the execution to the token's run, and returns the event that the token leads to.
fn resume(execution: &mut WorkflowExecution, token: &[u8]) -> Checked<i64> {
    if token.is_empty() {
        return Ok(1);
    }
    let token = PageToken::parse(token)?;
    if !execution.run_id.is_empty() && execution.run_id != token.run_id {
        return validate::invalid("RunId in the request does not match the NextPageToken.");
    }
    execution.run_id = token.run_id;
    Ok(token.next_event_id)
}

// === impl Reader ===

impl Reader<'_> {
    /// The last event of a closed run; nothing of an open one, with a token when the caller waits for the end. Who does not
    /// wait gets that of a paused one, too.
    async fn close_event(self, wait: Option<Duration>) -> Result<GetWorkflowExecutionHistoryResponse, ApiError> {
        let end = |wait| self.engine.history_end(self.namespace, self.execution.clone(), wait);
        let end = match wait {
            None => self.engine.history_last(self.namespace, self.execution.clone()).await?,
            Some(wait) => match self.shutdown.run_until_cancelled(end(wait)).await {
                Some(end) => end?,
                None => end(Duration::ZERO).await?,
            },
        };
        let waits_on = end.closing_event.is_none() && wait.is_some();
        let closing_event = end.closing_event.map(|event| match self.follows_next_run {
            true => event,
            false => follow::as_continued(event),
        });
        Ok(response(
            closing_event.into_iter().collect(),
            waits_on.then(|| token(end.run_id, 1)),
        ))
    }

    /// A page of events. While the run is open, a caller who waits always gets a token to go on with.
    async fn events(
        mut self,
        next_event_id: i64,
        wait: Option<Duration>,
    ) -> Result<GetWorkflowExecutionHistoryResponse, ApiError> {
        let mut page = self.page(next_event_id).await?;
        if let (true, true, Some(wait)) = (page.events.is_empty(), page.is_open, wait) {
            self.execution.run_id.clone_from(&page.run_id);
            self.wait(next_event_id - 1, wait).await?;
            page = self.page(next_event_id).await?;
        }
        let next_event_id = cut(&mut page, self.page_events);
        let more = next_event_id <= page.last_event_id || (page.is_open && wait.is_some());
        Ok(response(page.events, more.then(|| token(page.run_id, next_event_id))))
    }

    async fn page(&self, from_event_id: i64) -> Result<HistoryPage, ApiError> {
        let execution = self.execution.clone();
        let page = self
            .engine
            .workflow_history(self.namespace, execution, from_event_id, self.page_events, PAGE_BYTES)
            .await?;
        Ok(page)
    }

    /// Returns when there is something new, when the time is up, or when the server shuts down.
    async fn wait(&self, after_event_id: i64, wait: Duration) -> Result<(), ApiError> {
        let execution = self.execution.clone();
        let waiting = self
            .engine
            .wait_history(self.namespace, execution, after_event_id, wait);
        match self.shutdown.run_until_cancelled(waiting).await {
            Some(waited) => Ok(waited?),
            None => Ok(()),
        }
    }
}

/// Cuts the page down to so many events, and to the bytes of a page: one commit may have more. Returns the id of the event
/// after it.
fn cut(page: &mut HistoryPage, events: usize) -> i64 {
    let mut bytes = 0;
    let first = page.events.iter().take(events);
    let fitting = first.take_while(|event| fits(event, &mut bytes)).count();
    let next = page.events.get(fitting).map(|event| event.event_id);
    page.events.truncate(fitting);
    next.unwrap_or(page.next_event_id)
}

fn token(run_id: String, next_event_id: i64) -> Vec<u8> {
    PageToken { run_id, next_event_id }.encode_to_vec()
}

fn response(events: Vec<HistoryEvent>, token: Option<Vec<u8>>) -> GetWorkflowExecutionHistoryResponse {
    GetWorkflowExecutionHistoryResponse {
        history: Some(History { events }),
        next_page_token: token.unwrap_or_default(),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use wrt_model::proto::{EventAttributes, history::WorkflowExecutionSignaledEventAttributes};

    use super::*;

    const RUN: &str = "5b7d1f3c-0d4e-4c8b-9d0a-2a2f5c8e1b11";

    fn resumed(run_id: &str, token: &[u8]) -> Result<(String, i64), String> {
        let mut execution = WorkflowExecution {
            workflow_id: "order-1".into(),
            run_id: run_id.into(),
        };
        let next_event_id = resume(&mut execution, token).map_err(|error| error.to_string())?;
        Ok((execution.run_id, next_event_id))
    }

    /// An event of at least so many bytes.
    fn event(event_id: i64, bytes: usize) -> HistoryEvent {
        HistoryEvent {
            event_id,
            attributes: Some(EventAttributes::WorkflowExecutionSignaledEventAttributes(
                WorkflowExecutionSignaledEventAttributes {
                    signal_name: "x".repeat(bytes),
                    ..Default::default()
                },
            )),
            ..Default::default()
        }
    }

    fn page(events: Vec<HistoryEvent>) -> HistoryPage {
        let last_event_id = events.last().unwrap().event_id;
        HistoryPage {
            run_id: RUN.into(),
            events,
            next_event_id: last_event_id + 1,
            last_event_id,
            is_open: false,
        }
    }

    #[test]
    fn pages_that_go_back_end_with_their_bytes_but_are_never_empty() {
        let events = vec![event(1, 1), event(2, PAGE_BYTES), event(3, 1), event(4, 1)];
        let ids = |last| -> Vec<i64> {
            let page = backwards(events.clone(), last);
            page.iter().map(|event| event.event_id).collect()
        };
        assert_eq!(ids(4), [4, 3]);
        assert_eq!(ids(2), [2]);
        assert_eq!(ids(1), [1]);
    }

    #[test]
    fn tokens_lead_on_from_where_they_were_given() {
        assert_eq!(resumed("", &[]), Ok((String::new(), 1)));
        assert_eq!(resumed("", &token(RUN.into(), 7)), Ok((RUN.into(), 7)));
        assert_eq!(resumed(RUN, &token(RUN.into(), 7)), Ok((RUN.into(), 7)));
    }

    #[test]
    fn tokens_of_others_are_refused() {
        let other = "00000000-0000-4000-8000-000000000000";
        assert_eq!(
            resumed(other, &token(RUN.into(), 7)),
            Err("RunId in the request does not match the NextPageToken.".into())
        );
        for garbled in [
            b"garbage".as_slice(),
            &[0],
            &token(RUN.into(), 0),
            &token(String::new(), 7),
        ] {
            assert_eq!(
                resumed("", garbled),
                Err("Invalid NextPageToken.".into()),
                "{garbled:?}"
            );
        }
    }

    #[test]
    fn pages_are_cut_to_the_events_that_were_asked_for() {
        for (asked, left, next) in [(1, 1, 2), (2, 2, 3), (3, 3, 4), (9, 3, 4)] {
            let mut page = page((1..=3).map(|id| event(id, 1)).collect());
            assert_eq!(cut(&mut page, asked), next);
            assert_eq!(page.events.len(), left);
        }
    }
    #[test]
    fn pages_of_one_large_commit_are_cut_to_their_bytes() {
        let events = [event(1, 1), event(2, PAGE_BYTES / 2), event(3, PAGE_BYTES), event(4, 1)];
        for (begin, left, next) in [(0, 2, 3), (2, 1, 4), (3, 1, 5)] {
            let mut page = page(events[begin..].to_vec());
            assert_eq!(cut(&mut page, usize::MAX), next);
            assert_eq!(page.events.len(), left);
        }
    }
}
