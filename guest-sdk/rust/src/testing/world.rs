//! The runtime's part in a test: the clock, what will happen, and the workflows that it happens to.

use std::{
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, SystemTime},
};

use super::{
    attempt::OpenActivity,
    child::{ChildType, OpenChild, Parent},
    host::{Shared, TestHost},
    mock::Mock,
};
use crate::{
    ContinueAsNewOptions, Error, Payload, RelatedExecution, WorkflowEntry, WorkflowInfo,
    command::Command,
    execution::{Activation, Execution, Job},
    info::Progress,
};

/// Which of the workflows; they keep their place when they continue as new.
pub(super) type RunIndex = usize;

/// The workflow that the test is about.
pub(super) const MAIN: RunIndex = 0;

/// Everything that a test knows.
pub(super) struct World {
    pub(super) now: SystemTime,
    pub(super) runs: Vec<TestRun>,
    pub(super) activity_mocks: BTreeMap<String, Mock>,
    pub(super) child_types: BTreeMap<String, ChildType>,
    /// Workflows outside of the test that cannot be reached, by their ids.
    pub(super) unreachable: BTreeMap<String, Error>,
    pub(super) suggest_after: u32,
    /// Whether the main workflow goes on when it continues as new. Children always do.
    pub(super) follows_chain: bool,
    pub(super) shared: Rc<Shared>,
    /// What will happen, by time and then by the order in which it was planned.
    plan: BTreeMap<(SystemTime, u64), (RunIndex, Event)>,
    planned: u64,
}

/// One workflow.
pub(super) struct TestRun {
    pub(super) info: WorkflowInfo,
    pub(super) entry: WorkflowEntry,
    pub(super) host: Rc<TestHost>,
    pub(super) execution: Option<Execution>,
    pub(super) parent: Option<Parent>,
    pub(super) activities: BTreeMap<u32, OpenActivity>,
    pub(super) children: BTreeMap<u32, OpenChild>,
    /// Set when somebody else ended it.
    pub(super) terminated: bool,
    /// What came before the start; it comes together with it.
    early: Vec<Job>,
    /// Commands that were acted upon.
    seen: usize,
    /// Commands of the runs before, when it has continued as new.
    earlier: usize,
}

/// Something that will happen to a workflow.
pub(super) enum Event {
    Job(Job),
    ActivityAttempt(u32),
    ChildAttempt(u32),
}

/// Far above what a test needs; what comes so far goes round in circles.
const MAXIMUM_EVENTS: usize = 1_000_000;

/// A rough event, for the size of a history that is never written.
const EVENT_BYTES: u32 = 200;

// === impl TestRun ===

impl TestRun {
    pub(super) fn new(entry: WorkflowEntry, info: WorkflowInfo, shared: &Rc<Shared>) -> Self {
        TestRun {
            info,
            entry,
            host: Rc::new(TestHost::new(shared.clone())),
            execution: None,
            parent: None,
            activities: BTreeMap::new(),
            children: BTreeMap::new(),
            terminated: false,
            early: Vec::new(),
            seen: 0,
            earlier: 0,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.terminated || self.closing_command().is_some()
    }

    /// The command that ended it. One of an earlier run of the chain does not count.
    pub(super) fn closing_command(&self) -> Option<Command> {
        let commands = self.host.commands();
        let last = commands[self.earlier..].last();
        last.filter(|command| command.is_closing()).cloned()
    }

    fn progress(&self, suggest_after: u32) -> Progress {
        let commands = self.host.commands().len() - self.earlier;
        let history_length = u32::try_from(commands).unwrap_or(u32::MAX);
        Progress {
            history_length,
            history_size: history_length.saturating_mul(EVENT_BYTES),
            continue_as_new_suggested: history_length >= suggest_after,
        }
    }
}

// === impl World ===

impl World {
    pub(super) fn new(entry: WorkflowEntry, info: WorkflowInfo) -> Self {
        let shared = Rc::default();
        World {
            now: info.start_time,
            runs: vec![TestRun::new(entry, info, &shared)],
            activity_mocks: BTreeMap::new(),
            child_types: BTreeMap::new(),
            unreachable: BTreeMap::new(),
            suggest_after: u32::MAX,
            follows_chain: false,
            shared,
            plan: BTreeMap::new(),
            planned: 0,
        }
    }

    pub(super) fn main(&self) -> &TestRun {
        &self.runs[MAIN]
    }

    // === Planning ===

    pub(super) fn plan(&mut self, at: SystemTime, index: RunIndex, event: Event) {
        self.planned += 1;
        self.plan.insert((at, self.planned), (index, event));
    }

    pub(super) fn plan_job(&mut self, index: RunIndex, job: Job) {
        self.plan(self.now, index, Event::Job(job));
    }

    /// Takes what was planned for a workflow off the plan.
    pub(super) fn forget(&mut self, index: RunIndex, is_meant: impl Fn(&Event) -> bool) {
        self.plan
            .retain(|_, (other, event)| *other != index || !is_meant(event));
    }

    // === Playing ===

    /// Lets everything happen that is planned until `end`, or until the main workflow has ended.
    pub(super) fn play(&mut self, end: SystemTime) {
        for _ in 0..MAXIMUM_EVENTS {
            if self.main().is_closed() {
                return;
            }
            let Some(next) = self.plan.first_entry().filter(|next| next.key().0 <= end) else {
                return;
            };
            self.now = self.now.max(next.key().0);
            let (index, event) = next.remove();
            if self.runs[index].is_closed() {
                continue;
            }
            match event {
                Event::Job(job) => self.happen(index, job),
                Event::ActivityAttempt(seq) => self.attempt_activity(index, seq),
                Event::ChildAttempt(seq) => self.attempt_child(index, seq),
            }
        }
        panic!(
            "{} does not come to an end: {MAXIMUM_EVENTS} things have happened to it",
            self.main().info.workflow_type
        );
    }

    /// Starts a workflow, with what came before its start.
    pub(super) fn start(&mut self, index: RunIndex, input: Vec<Payload>) {
        let run = &mut self.runs[index];
        let host = Box::new(run.host.clone());
        run.execution = Some(Execution::start(&run.entry, run.info.clone(), input, host));
        let early = std::mem::take(&mut run.early);
        self.activate(index, early);
    }

    /// Lets something happen to a workflow now; before its start it is kept.
    pub(super) fn happen(&mut self, index: RunIndex, job: Job) {
        let run = &mut self.runs[index];
        if run.execution.is_none() {
            run.early.push(job);
            return;
        }
        match &job {
            Job::ActivityResolved(seq, _) => drop(run.activities.remove(seq)),
            Job::ChildWorkflowResolved(seq, _) | Job::ChildWorkflowStarted(seq, Err(_)) => {
                run.children.remove(seq);
            }
            _ => {}
        }
        self.activate(index, vec![job]);
    }

    fn activate(&mut self, index: RunIndex, jobs: Vec<Job>) {
        let run = &mut self.runs[index];
        let progress = run.progress(self.suggest_after);
        let execution = run
            .execution
            .as_mut()
            .expect("a workflow is started before anything happens to it");
        let time = self.now;
        if let Err(error) = execution.activate(Activation { time, progress, jobs }) {
            panic!("the workflow task of {} fails: {error}", run.info.workflow_type);
        }
        let new: Vec<_> = run.host.commands()[run.seen..].to_vec();
        run.seen += new.len();
        let mut seq = self.numbered_before(index, new.len());
        for command in new {
            seq += u32::from(command.is_numbered());
            self.obey(index, seq, command);
        }
    }

    /// The numbers that were taken before the last `new` commands.
    fn numbered_before(&self, index: RunIndex, new: usize) -> u32 {
        let run = &self.runs[index];
        let commands = run.host.commands();
        let before = &commands[run.earlier..commands.len() - new];
        let numbered = before.iter().filter(|command| command.is_numbered()).count();
        u32::try_from(numbered).unwrap_or(u32::MAX)
    }

    /// Carries out a command; `seq` is its number, if it has one.
    fn obey(&mut self, index: RunIndex, seq: u32, command: Command) {
        match command {
            Command::StartTimer { duration, .. } => {
                self.plan(self.now + duration, index, Event::Job(Job::TimerFired(seq)));
            }
            Command::CancelTimer { seq } => {
                self.forget(
                    index,
                    |event| matches!(event, Event::Job(Job::TimerFired(other)) if *other == seq),
                );
            }
            Command::ScheduleActivity {
                activity_type,
                input,
                options,
            }
            | Command::ScheduleLocalActivity {
                activity_type,
                input,
                options,
            } => {
                let activity = OpenActivity {
                    activity_type,
                    input,
                    options,
                    scheduled: self.now,
                    attempt: 0,
                };
                self.runs[index].activities.insert(seq, activity);
                self.plan(self.now, index, Event::ActivityAttempt(seq));
            }
            Command::RequestCancelActivity { seq } => self.cancel_activity(index, seq),
            Command::StartChildWorkflow {
                workflow_type,
                input,
                options,
            } => self.start_child(index, seq, workflow_type, input, options),
            Command::RequestCancelChildWorkflow { seq, reason } => self.cancel_child(index, seq, reason),
            command if command.is_closing() => self.close(index, command),
            command => self.tell_others(index, seq, command),
        }
    }

    /// Ends a workflow: its children hear of it, then its parent does.
    fn close(&mut self, index: RunIndex, command: Command) {
        self.close_children(index);
        match command {
            Command::ContinueAsNew { input, options } if index != MAIN || self.follows_chain => {
                self.continue_as_new(index, input, options);
            }
            command => self.tell_parent(index, command),
        }
    }

    /// The next run of the chain, in the place of the one before.
    fn continue_as_new(&mut self, index: RunIndex, input: Vec<Payload>, options: ContinueAsNewOptions) {
        self.forget(index, |event| match event {
            Event::Job(job) => !matches!(job, Job::Signal(..) | Job::Update(_) | Job::CancelRequested(_)),
            Event::ActivityAttempt(_) | Event::ChildAttempt(_) => true,
        });
        let entry = options.workflow_type.as_deref().map(|name| self.entry(name));
        let run = &mut self.runs[index];
        // What was upserted goes along.
        if let Some(execution) = &run.execution {
            run.info = execution.run.info.borrow().as_ref().clone();
        }
        run.entry = entry.unwrap_or(run.entry);
        run.activities.clear();
        run.children.clear();
        run.earlier = run.seen;
        run.host.begin_run();
        let info = &mut run.info;
        info.continued_run_id = Some(std::mem::replace(&mut info.run_id, next_run_id(run.earlier)));
        info.start_time = self.now;
        info.workflow_type = (run.entry.name)().to_owned();
        info.task_queue = options.task_queue.unwrap_or_else(|| info.task_queue.clone());
        info.run_timeout = options.run_timeout.or(info.run_timeout);
        info.task_timeout = options.task_timeout.unwrap_or(info.task_timeout);
        info.retry_policy = options.retry_policy.or_else(|| info.retry_policy.clone());
        info.memo = options.memo.unwrap_or_else(|| info.memo.clone());
        info.search_attributes = options
            .search_attributes
            .unwrap_or_else(|| info.search_attributes.clone());
        self.start(index, input);
    }

    /// The code of a workflow type that the test knows.
    fn entry(&self, workflow_type: &str) -> WorkflowEntry {
        match self.child_types.get(workflow_type) {
            Some(ChildType::Native(entry)) => *entry,
            _ if (self.main().entry.name)() == workflow_type => self.main().entry,
            _ => panic!(
                "the workflow continues as {workflow_type}, which the test does not know: \
                 add it with `register_child`"
            ),
        }
    }
}

/// Ids that look like those of the runtime.
pub(super) fn next_run_id(number: usize) -> String {
    format!("00000000-0000-4000-8001-{number:012}")
}

/// The facts about the main workflow.
pub(crate) fn info(workflow_type: &str, start_time: SystemTime) -> WorkflowInfo {
    let run_id = "00000000-0000-4000-8000-000000000001".to_owned();
    let (namespace, workflow_id) = ("default".to_owned(), "test".to_owned());
    WorkflowInfo {
        root: RelatedExecution {
            namespace: namespace.clone(),
            workflow_id: workflow_id.clone(),
            run_id: run_id.clone(),
        },
        namespace,
        workflow_id,
        first_execution_run_id: run_id.clone(),
        run_id,
        workflow_type: workflow_type.to_owned(),
        task_queue: "test".to_owned(),
        attempt: 1,
        start_time,
        execution_timeout: None,
        run_timeout: None,
        task_timeout: Duration::from_secs(10),
        retry_policy: None,
        cron_schedule: None,
        memo: crate::Memo::new(),
        search_attributes: crate::SearchAttributes::new(),
        priority: None,
        parent: None,
        continued_run_id: None,
        continued_failure: None,
        last_completion_result: Vec::new(),
        progress: Progress::default(),
    }
}
