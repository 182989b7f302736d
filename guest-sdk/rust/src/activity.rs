//! Work outside of the sandbox, as workflows call it.

use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use futures::future::FusedFuture;

use crate::{
    Context, Failure, FailureKind, FromPayload, Payload, Priority, RetryPolicy,
    cancellation::CancellationToken,
    command::Command,
    failure::{ActivityFailure, RetryState},
    options::option_setters,
    run::Run,
    waiters::Waiter,
};

/// How activities are run. What is not set is inherited from the context, then from the runtime.
///
/// ```
/// use std::time::Duration;
/// use wrt_sdk::{ActivityOptions, Context, RetryPolicy};
///
/// # fn example(ctx: Context) {
/// let ctx = ctx.with_activity_options(
///     ActivityOptions::new()
///         .start_to_close_timeout(Duration::from_secs(60))
///         .retry_policy(RetryPolicy::new().maximum_attempts(3)),
/// );
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActivityOptions {
    pub(crate) activity_id: Option<String>,
    pub(crate) task_queue: Option<String>,
    pub(crate) schedule_to_close_timeout: Option<Duration>,
    pub(crate) schedule_to_start_timeout: Option<Duration>,
    pub(crate) start_to_close_timeout: Option<Duration>,
    pub(crate) heartbeat_timeout: Option<Duration>,
    pub(crate) retry_policy: Option<RetryPolicy>,
    pub(crate) cancellation_type: Option<CancellationType>,
    pub(crate) summary: Option<String>,
    pub(crate) priority: Option<Priority>,
}

/// What a call does when its context is canceled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CancellationType {
    /// Asks the activity to stop and fails at once, without knowing how the activity ends.
    #[default]
    TryCancel,
    /// Asks the activity to stop and waits for how it ends: what it did is then certain, as compensations need it.
    WaitCancellationCompleted,
    /// Fails at once and lets the activity go on.
    Abandon,
}

/// A single attempt, when neither `start_to_close_timeout` nor `schedule_to_close_timeout` was chosen.
const DEFAULT_START_TO_CLOSE_TIMEOUT: Duration = Duration::from_secs(60);

option_setters! {
    ActivityOptions, ActivityCall;
    /// Sets the id, unique among the open activities of the run. The default is the sequence number.
    activity_id: String;
    /// Sets the task queue. The default is the queue of the workflow.
    task_queue: String;
    /// Limits the time from scheduling to the end, over all attempts.
    schedule_to_close_timeout: Duration;
    /// Limits the wait for a worker.
    schedule_to_start_timeout: Duration;
    /// Limits a single attempt. The default is a minute, unless `schedule_to_close_timeout` is set.
    start_to_close_timeout: Duration;
    /// Limits the silence between two heartbeats.
    heartbeat_timeout: Duration;
    /// Sets how often and how fast a failed attempt is repeated.
    retry_policy: RetryPolicy;
    /// Sets what a call does when its context is canceled.
    cancellation_type: CancellationType;
    /// Sets one line for people, shown beside the activity.
    summary: String;
    /// Sets who goes first among the tasks of the queue.
    priority: Priority;
}

impl ActivityOptions {
    /// Everything inherited.
    pub fn new() -> Self {
        ActivityOptions::default()
    }

    /// These options, and where one is not set, the other's.
    pub(crate) fn or(self, other: &ActivityOptions) -> Self {
        let other = other.clone();
        ActivityOptions {
            activity_id: self.activity_id.or(other.activity_id),
            task_queue: self.task_queue.or(other.task_queue),
            schedule_to_close_timeout: self.schedule_to_close_timeout.or(other.schedule_to_close_timeout),
            schedule_to_start_timeout: self.schedule_to_start_timeout.or(other.schedule_to_start_timeout),
            start_to_close_timeout: self.start_to_close_timeout.or(other.start_to_close_timeout),
            heartbeat_timeout: self.heartbeat_timeout.or(other.heartbeat_timeout),
            retry_policy: self.retry_policy.or(other.retry_policy),
            cancellation_type: self.cancellation_type.or(other.cancellation_type),
            summary: self.summary.or(other.summary),
            priority: self.priority.or(other.priority),
        }
    }

    /// The runtime requires one of two timeouts.
    fn complete(mut self) -> Self {
        if self.schedule_to_close_timeout.is_none() && self.start_to_close_timeout.is_none() {
            self.start_to_close_timeout = Some(DEFAULT_START_TO_CLOSE_TIMEOUT);
        }
        self
    }
}

/// The call of an activity: a future of its result.
///
/// It is scheduled when it is first polled, or by [`started`](Self::started). Dropping it asks the activity to stop,
/// unless its cancellation type is [`Abandon`](CancellationType::Abandon).
#[must_use = "futures do nothing unless awaited"]
pub struct ActivityCall<T> {
    run: Rc<Run>,
    token: CancellationToken,
    canceled: Waiter,
    activity_type: String,
    is_local: bool,
    options: ActivityOptions,
    state: State,
    output: PhantomData<fn() -> T>,
}

enum State {
    Created(Result<Vec<Payload>, Failure>),
    Scheduled { seq: u32, cancel_requested: bool },
    Done,
}

impl<T> ActivityCall<T> {
    pub(crate) fn new(
        context: &Context,
        activity_type: &str,
        input: Result<Vec<Payload>, Failure>,
        options: &ActivityOptions,
    ) -> Self {
        ActivityCall {
            run: context.run.clone(),
            canceled: context.token.waiter(),
            token: context.token.clone(),
            activity_type: activity_type.to_owned(),
            is_local: false,
            options: options.clone(),
            state: State::Created(input),
            output: PhantomData,
        }
    }

    /// Runs the activity within the workflow task, as a local activity: it is for work that is over in a moment, such as
    /// reading a configuration. Only its outcome is written into the history, and not before the task completes: after a
    /// crash of the server it runs again.
    ///
    /// The server runs it, from an activity component that serves the task queue of the workflow. All attempts together
    /// end with the timeout of workflow tasks, ten seconds unless the start says otherwise. Task queue, heartbeats,
    /// `schedule_to_start_timeout`, priority and summary mean nothing here.
    ///
    /// ```
    /// # use wrt_sdk::{Context, Result};
    /// # async fn example(ctx: Context) -> Result<()> {
    /// let rate: f64 = ctx.activity("ExchangeRate", ("EUR", "USD")).local().await?;
    /// # Ok(()) }
    /// ```
    pub fn local(mut self) -> Self {
        self.is_local = true;
        self
    }

    /// Schedules the activity now instead of at the first poll.
    pub fn started(mut self) -> Self {
        self.schedule();
        self
    }

    /// Asks the activity to stop. Await the call to learn how it ends.
    pub fn cancel(&mut self) {
        if let State::Scheduled { seq, cancel_requested } = &mut self.state
            && !std::mem::replace(cancel_requested, true)
        {
            self.run.request_cancel_activity(*seq);
        }
    }

    /// Leaves the state as it is when the arguments could not be encoded or the context is canceled.
    fn schedule(&mut self) {
        if self.token.is_canceled() || self.run.is_closed() {
            return;
        }
        if let State::Created(input @ Ok(_)) = &mut self.state
            && let Ok(input) = std::mem::replace(input, Ok(Vec::new()))
        {
            self.options = std::mem::take(&mut self.options).complete();
            let seq = self.run.schedule_activity(self.command(input));
            self.state = State::Scheduled {
                seq,
                cancel_requested: false,
            };
        }
    }

    fn command(&self, input: Vec<Payload>) -> Command {
        let (activity_type, options) = (self.activity_type.clone(), self.options.clone());
        if self.is_local {
            Command::ScheduleLocalActivity {
                activity_type,
                input,
                options,
            }
        } else {
            Command::ScheduleActivity {
                activity_type,
                input,
                options,
            }
        }
    }

    fn poll_result(&mut self, context: &TaskContext<'_>) -> Poll<Result<Vec<Payload>, Failure>> {
        self.schedule();
        let seq = match &mut self.state {
            State::Scheduled { seq, .. } => *seq,
            State::Created(Err(failure)) => return Poll::Ready(Err(failure.clone())),
            State::Created(Ok(_)) => return self.token.failure().map_or(Poll::Pending, |f| Poll::Ready(Err(f))),
            State::Done => return Poll::Pending,
        };
        if let Poll::Ready(result) = self.run.activities.poll(seq, context) {
            return Poll::Ready(result);
        }
        if let Some(cause) = self.token.failure() {
            match self.options.cancellation_type.unwrap_or_default() {
                CancellationType::WaitCancellationCompleted => self.cancel(),
                CancellationType::TryCancel | CancellationType::Abandon => {
                    return Poll::Ready(Err(self.canceled_failure(seq, cause)));
                }
            }
        }
        self.canceled.register(context);
        Poll::Pending
    }

    /// What the runtime would say, said before it does.
    fn canceled_failure(&self, seq: u32, cause: Failure) -> Failure {
        let kind = FailureKind::Activity(Box::new(ActivityFailure {
            activity_type: self.activity_type.clone(),
            activity_id: self.options.activity_id.clone().unwrap_or_else(|| seq.to_string()),
            identity: String::new(),
            retry_state: RetryState::CancelRequested,
        }));
        Failure {
            cause: Some(Box::new(cause)),
            ..Failure::new("activity error", kind)
        }
    }

    fn stop(&mut self) {
        if let State::Scheduled { seq, cancel_requested } = std::mem::replace(&mut self.state, State::Done)
            && self.run.activities.close(seq)
            && !cancel_requested
            && self.options.cancellation_type != Some(CancellationType::Abandon)
        {
            self.run.request_cancel_activity(seq);
        }
    }
}

// Nothing in it is ever pinned: it can be moved and selected over without `pin!`.
impl<T> Unpin for ActivityCall<T> {}

impl<T: FromPayload> Future for ActivityCall<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let Poll::Ready(result) = self.poll_result(context) else {
            return Poll::Pending;
        };
        self.stop();
        Poll::Ready(result.and_then(|output| T::from_payload(output.into_iter().next().unwrap_or_else(Payload::null))))
    }
}

impl<T: FromPayload> FusedFuture for ActivityCall<T> {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

impl<T> Drop for ActivityCall<T> {
    fn drop(&mut self) {
        self.stop();
    }
}
