//! What a lane does while the code of its run computes for long.
//!
//! The code keeps the lane's thread until it returns. So after a while the lane goes on from within: it stores what was
//! decided before, so that a start is answered, and takes what comes in: the workflow task counts as started, as if a worker
//! held it, and events wait for its end. What only the code can answer waits for it, too. If the task is lost meanwhile,
//! because the run was terminated or its time is over, the code is stopped.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};
use wrt_host::{Attendant, WorkflowInstance};
use wrt_model::proto::HistoryEvent;

use crate::lane::{HotRun, Lane, Message, Step};

/// How long something else than computing keeps a workflow task before the lane attends.
pub(crate) const PATIENCE: Duration = Duration::from_millis(20);

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One attempt of a workflow task that runs here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskAttempt {
    run_id: String,
    attempt: i32,
    started_event_id: i64,
}

/// A run's events in memory, while its code is shown them.
pub(crate) struct Lent {
    pub(crate) events: Arc<Vec<HistoryEvent>>,
    /// How many of them are the run's own; those of a transient task follow.
    pub(crate) own: usize,
}

impl Lent {
    /// The run's own, without a copy if nobody else has them.
    fn into_own(self) -> Vec<HistoryEvent> {
        let mut events = Arc::unwrap_or_clone(self.events);
        events.truncate(self.own);
        events
    }
}

impl TaskAttempt {
    /// The run.
    pub(crate) fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The one that the run has started; `None` when it has started none.
    pub(crate) fn of(run: &HotRun) -> Option<Self> {
        let task = run.run.workflow_task.as_ref().filter(|task| task.is_started())?;
        Some(TaskAttempt {
            run_id: run.run.run_id.clone(),
            attempt: task.attempt,
            started_event_id: task.started_event_id,
        })
    }
}

impl Lane {
    /// True while the task is still the one that runs here.
    pub(crate) fn holds(&self, task: &TaskAttempt) -> bool {
        let current = self.current.as_deref().and_then(TaskAttempt::of);
        current.as_ref() == Some(task)
    }

    /// Calls the run's code, and attends to what comes in if that takes long. `lent` are the events that it is
    /// shown, if any. `None` when the task was lost meanwhile.
    pub(crate) fn call_code<T>(
        &mut self,
        task: &TaskAttempt,
        step: &mut Step,
        lent: Option<Lent>,
        calls: impl FnOnce(&mut WorkflowInstance) -> T,
    ) -> Option<T> {
        let current = self.current.as_mut().expect("a run whose code is called");
        let mut instance = current.instance.take().expect("it was made for the call");
        let attending = Attending {
            lane: self.lend(),
            step: std::mem::take(step),
            task: task.clone(),
            lent,
            calls: 0,
        };
        let (outcome, attending) = instance.attended(attending, calls);
        *self = attending.lane;
        *step = attending.step;
        if !self.holds(task) {
            return None;
        }
        let current = self.current.as_mut().expect("it holds the task");
        current.instance = Some(instance);
        if let Some(lent) = attending.lent {
            current.tail = lent.into_own();
        }
        Some(outcome)
    }

    /// Stores what was decided, and takes what has come; what needs the run's code waits.
    ///
    /// Boxed, because what comes in may call code itself, as far as the compiler knows.
    pub(crate) fn attend<'a>(&'a mut self, messages: Vec<Message>, step: &'a mut Step) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            for message in messages {
                match message {
                    Message::Query(_) | Message::Recover | Message::Delete(_) => self.deferred.push(message),
                    message => self.receive(message, step).await,
                }
            }
            if let Some((_, executions)) = self.conclude(step).await {
                self.engine.spawn_executions(executions);
            }
        })
    }
}

/// A lane whose run's code is being called.
struct Attending {
    lane: Lane,
    step: Step,
    task: TaskAttempt,
    /// The events that the code is shown, until the lane takes a copy to store them.
    lent: Option<Lent>,
    /// How often the code has been found computing.
    calls: u32,
}

impl Attendant for Attending {
    fn attend(&mut self) -> bool {
        self.calls += 1;
        let Ok(runtime) = Handle::try_current() else {
            return true;
        };
        // A call that is short may be found, too: the second time it is long.
        if self.calls == 1 || runtime.runtime_flavor() != RuntimeFlavor::MultiThread {
            return true;
        }
        block_in_place(|| runtime.block_on(self.look_after()));
        self.lane.holds(&self.task)
    }
}

impl Attending {
    async fn look_after(&mut self) {
        let mut messages = Vec::new();
        self.lane.take_messages(&mut messages);
        if self.calls > 2 && messages.is_empty() {
            return;
        }
        if let (Some(lent), Some(current)) = (self.lent.take(), &mut self.lane.current) {
            current.tail = lent.into_own();
        }
        self.lane.attend(messages, &mut self.step).await;
    }
}
