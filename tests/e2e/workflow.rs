//! Starting workflows, reading what became of them, and ending them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tonic::Code;
use wrt_model::{
    Time,
    proto::{
        EventAttributes, HistoryEvent, RetryPolicy,
        enums::{
            EventType, HistoryEventFilterType, WorkflowExecutionStatus, WorkflowIdConflictPolicy as Conflict,
            WorkflowIdReusePolicy as Reuse,
        },
    },
    time::proto_span,
};
use wrt_tests::{Client, Run};

use crate::{assert_refused, with_contract};

/// Waits for ever.
const OPEN: &str = "";
const COMPLETES: &str = "start => complete 1";
const FAILS: &str = "start => fail no luck";

#[tokio::test]
async fn a_workflow_runs_from_its_start_to_its_result() -> Result<()> {
    with_contract(async |server| {
        let run = server.client().script("w", COMPLETES).await?;
        assert_eq!(run.result().await?, "1");
        use EventType as T;
        assert_eq!(
            run.event_types().await?,
            [
                T::WorkflowExecutionStarted,
                T::WorkflowTaskScheduled,
                T::WorkflowTaskStarted,
                T::WorkflowTaskCompleted,
                T::WorkflowExecutionCompleted
            ]
        );
        let run = server.client().script("f", FAILS).await?;
        assert_eq!(run.failure().await?.message, "no luck");
        Ok(())
    })
    .await
}

// === Ids ===

/// What a second start of the same workflow id comes to.
#[derive(Debug, PartialEq)]
enum Second {
    SameRun,
    NewRun,
    Refused,
}

#[tokio::test]
async fn policies_decide_about_a_second_start() -> Result<()> {
    use Second::*;
    let cases = [
        (OPEN, Conflict::Unspecified, Reuse::Unspecified, Refused),
        (OPEN, Conflict::Fail, Reuse::AllowDuplicate, Refused),
        (OPEN, Conflict::UseExisting, Reuse::AllowDuplicate, SameRun),
        (OPEN, Conflict::UseExisting, Reuse::RejectDuplicate, SameRun),
        (OPEN, Conflict::TerminateExisting, Reuse::AllowDuplicate, NewRun),
        (COMPLETES, Conflict::Unspecified, Reuse::Unspecified, NewRun),
        (COMPLETES, Conflict::UseExisting, Reuse::AllowDuplicate, NewRun),
        (COMPLETES, Conflict::Unspecified, Reuse::RejectDuplicate, Refused),
        (
            COMPLETES,
            Conflict::Unspecified,
            Reuse::AllowDuplicateFailedOnly,
            Refused,
        ),
        (FAILS, Conflict::Unspecified, Reuse::AllowDuplicateFailedOnly, NewRun),
        (FAILS, Conflict::Unspecified, Reuse::RejectDuplicate, Refused),
    ];
    with_contract(async |server| {
        for (index, (script, conflict, reuse, expected)) in cases.into_iter().enumerate() {
            let second = start_twice(server.client(), &format!("w{index}"), script, conflict, reuse).await?;
            assert_eq!(second, expected, "{script:?} {conflict:?} {reuse:?}");
        }
        Ok(())
    })
    .await
}

async fn start_twice(client: &Client, id: &str, script: &str, conflict: Conflict, reuse: Reuse) -> Result<Second> {
    let first = client.script(id, script).await?;
    if script != OPEN {
        first.closed().await?;
    }
    let mut request = client.starting("Scripted", "contract", id, OPEN);
    request.workflow_id_conflict_policy = conflict as i32;
    request.workflow_id_reuse_policy = reuse as i32;
    match client.start(request).await {
        Ok(second) if second.run_id == first.run_id => Ok(Second::SameRun),
        Ok(_) => {
            if script == OPEN {
                assert_eq!(first.end().await?, EventType::WorkflowExecutionTerminated);
            }
            Ok(Second::NewRun)
        }
        Err(status) => {
            assert_refused::<()>(Err(status), Code::AlreadyExists, "");
            Ok(Second::Refused)
        }
    }
}

#[tokio::test]
async fn the_same_request_starts_one_run() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let mut request = client.starting("Scripted", "contract", "w", COMPLETES);
        request.request_id = "once".to_owned();
        let first = client.start(request.clone()).await?;
        let again = client.start(request.clone()).await?;
        assert_eq!(first.run_id, again.run_id);
        first.closed().await?;
        let late = client.start(request).await?;
        assert_eq!(first.run_id, late.run_id, "the end of the run changes nothing");
        Ok(())
    })
    .await
}

// === Times ===

#[tokio::test]
async fn a_start_delay_holds_the_first_task_back() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let mut request = client.starting("Scripted", "contract", "w", COMPLETES);
        request.workflow_start_delay = Some(proto_span(Duration::from_secs(1)));
        let run = client.start(request).await?;
        assert_eq!(run.event_types().await?, [EventType::WorkflowExecutionStarted]);
        run.closed().await?;
        let history = run.history().await?;
        let waited = time(&history[1]).since(time(&history[0]));
        assert!(waited >= Duration::from_secs(1), "{waited:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_run_that_times_out_is_tried_again_as_its_policy_says() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let mut request = client.starting("Scripted", "contract", "w", OPEN);
        request.workflow_run_timeout = Some(proto_span(Duration::from_secs(1)));
        request.retry_policy = Some(RetryPolicy {
            initial_interval: Some(proto_span(Duration::from_millis(10))),
            maximum_attempts: 2,
            ..Default::default()
        });
        let first = client.start(request).await?;
        let second = client.run("w", &successor(&first).await?);
        assert_eq!(successor(&second).await?, "", "the second attempt is the last one");

        let history = second.history().await?;
        let Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) = &history[0].attributes else {
            panic!("a history begins with the start")
        };
        assert_eq!(started.attempt, 2);
        assert_eq!(started.continued_execution_run_id, first.run_id);
        assert_eq!(started.first_execution_run_id, first.run_id);
        Ok(())
    })
    .await
}

/// The run that follows one that times out; empty when none does.
async fn successor(run: &Run) -> Result<String> {
    match run.closed().await?.attributes {
        Some(EventAttributes::WorkflowExecutionTimedOutEventAttributes(timed_out)) => {
            Ok(timed_out.new_execution_run_id)
        }
        other => anyhow::bail!("the run did not time out: {other:?}"),
    }
}

fn time(event: &HistoryEvent) -> Time {
    event.event_time.as_ref().map(Time::from).unwrap_or_default()
}

// === Histories ===

#[tokio::test]
async fn histories_are_read_in_pages() -> Result<()> {
    with_contract(async |server| {
        let run = server
            .client()
            .script("w", "start => timer 3600; timer 3600; complete")
            .await?;
        run.closed().await?;
        let whole = run.history().await?;
        let mut request = run.reading();
        request.maximum_page_size = 2;
        let mut pages = Vec::new();
        loop {
            let page = run.page(request.clone()).await?;
            let events = page.history.context("a page has events")?.events;
            assert!((1..=2).contains(&events.len()), "{} events", events.len());
            pages.extend(events);
            if page.next_page_token.is_empty() {
                break;
            }
            request.next_page_token = page.next_page_token;
        }
        assert_eq!(pages, whole);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_reader_waits_for_the_next_event_and_for_the_end() -> Result<()> {
    with_contract(async |server| {
        let run = server.client().script("w", "signal go => complete 2").await?;
        let mut request = run.reading();
        request.wait_new_event = true;
        let so_far = run.page(request.clone()).await?;
        assert_eq!(so_far.history.unwrap_or_default().events.len(), 4);
        assert!(!so_far.next_page_token.is_empty(), "an open run may go on");
        request.next_page_token = so_far.next_page_token;

        let mut end = run.reading();
        end.history_event_filter_type = HistoryEventFilterType::CloseEvent as i32;
        let not_yet = run.page(end.clone()).await?;
        assert_eq!(not_yet.history.unwrap_or_default().events, []);
        end.wait_new_event = true;

        let (news, end, signaled) = tokio::join!(run.page(request), run.page(end), run.signal("go", "1"));
        signaled?;
        let news = news?.history.unwrap_or_default().events;
        assert_eq!(news[0].event_type(), EventType::WorkflowExecutionSignaled);
        let end = end?.history.unwrap_or_default().events;
        assert_eq!(end.len(), 1);
        assert_eq!(end[0].event_type(), EventType::WorkflowExecutionCompleted);
        Ok(())
    })
    .await
}

// === Descriptions and ends ===

#[tokio::test]
async fn a_description_shows_the_run_and_what_it_waits_for() -> Result<()> {
    with_contract(async |server| {
        let script = "start => schedule-with a1 nobody Pay\nsignal go => complete";
        let run = server.client().script("w", script).await?;
        let described = run.describe().await?;
        let info = described.workflow_execution_info.context("there is an execution")?;
        assert_eq!(info.r#type.clone().unwrap_or_default().name, "Scripted");
        assert_eq!(info.task_queue, "contract");
        assert_eq!(info.status(), WorkflowExecutionStatus::Running);
        assert_eq!(info.history_length, 5);
        let [pending] = described.pending_activities.as_slice() else {
            panic!("one activity is pending: {:?}", described.pending_activities)
        };
        assert_eq!((pending.activity_id.as_str(), pending.attempt), ("a1", 1));
        assert_eq!(pending.maximum_attempts, 3);

        run.signal("go", "").await?;
        run.closed().await?;
        let described = run.describe().await?;
        let info = described.workflow_execution_info.context("there is an execution")?;
        assert_eq!(info.status(), WorkflowExecutionStatus::Completed);
        assert!(info.close_time.is_some());
        assert_eq!(
            described.pending_activities.len(),
            1,
            "it has not ended, and is still shown"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_terminated_run_is_over_at_once() -> Result<()> {
    with_contract(async |server| {
        let run = server.client().script("w", OPEN).await?;
        run.terminate("enough").await?;
        let Some(EventAttributes::WorkflowExecutionTerminatedEventAttributes(end)) = run.closed().await?.attributes
        else {
            panic!("it was terminated")
        };
        assert_eq!(end.reason, "enough");
        assert_refused(run.terminate("again").await, Code::NotFound, "already completed");
        assert_refused(run.signal("go", "").await, Code::NotFound, "already completed");
        run.cancel("please").await.context("whoever asks for its end has it")?;
        Ok(())
    })
    .await
}
