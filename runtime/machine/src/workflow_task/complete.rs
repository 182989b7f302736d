//! The end of a workflow task that has gone well.

use std::{collections::HashSet, time::Duration};

use wrt_model::{
    Time,
    proto::{
        Command, CommandAttributes, EventAttributes, WorkerDeploymentVersion,
        command::ProtocolMessageCommandAttributes,
        common::{MeteringMetadata, WorkerVersionStamp},
        deployment::WorkerDeploymentOptions,
        enums::{CommandType, TimeoutType, VersioningBehavior, WorkflowTaskFailedCause},
        history::WorkflowTaskCompletedEventAttributes,
        protocol,
        sdk::WorkflowTaskCompletedMetadata,
    },
    run::{Sticky, WorkflowTask},
    worker_deployment::older_version_text,
};

use crate::{
    Rejection, Turn,
    command::is_closing,
    update::{Messages, is_rejection},
    worker_deployment::version_of_worker,
};

/// How long a worker may go on asking for further tasks only to show that it is alive.
const LONGEST_HEARTBEATS: Duration = Duration::from_secs(30 * 60);

/// What a worker, or a component, says at the end of a workflow task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkflowTaskCompletion {
    /// What the workflow has decided.
    pub commands: Vec<Command>,
    /// The messages that commands refer to, and those that reject updates.
    pub messages: Vec<protocol::Message>,
    /// Who it is.
    pub identity: String,
    /// The worker has the run in its cache now.
    pub sticky: Option<Sticky>,
    /// The worker is at work within the task and wants another one at once, to show that it is alive.
    pub forces_new_task: bool,
    /// The worker can forget a speculative task with which events came that it had not seen.
    pub discards_speculative_task_with_events: bool,
    /// What the SDK wants to find again when it replays.
    pub sdk_metadata: Option<WorkflowTaskCompletedMetadata>,
    /// What the worker has counted.
    pub metering_metadata: Option<MeteringMetadata>,
    /// The build of a worker that does not name a deployment.
    pub worker_version: Option<WorkerVersionStamp>,
    /// The deployment that the worker belongs to.
    pub deployment: Option<WorkerDeploymentOptions>,
    /// Whether the run stays with the worker's version, as the worker says.
    pub versioning_behavior: VersioningBehavior,
}

/// What has become of a workflow task that was completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkflowTaskEnd {
    /// It is written.
    Recorded,
    /// It was speculative and has left nothing: the worker has to forget it too.
    Discarded,
    /// It has timed out instead, because its worker has done nothing but ask for further tasks for too long.
    HeartbeatsTimedOut,
}

impl Turn<'_> {
    /// The workflow task is done. [`Rejection::BadCommands`] asks for [`Turn::fail_workflow_task`] with its cause.
    pub fn complete_workflow_task(
        &mut self,
        mut completion: WorkflowTaskCompletion,
    ) -> Result<WorkflowTaskEnd, Rejection> {
        let task = self.started_workflow_task()?;
        let is_discarded = self.is_discarded(&task, &completion);
        let heartbeats_since_ns = heartbeats_since_ns(&task, &completion);
        refer_to_all(&mut completion.commands, &completion.messages);
        let messages = Messages::new(std::mem::take(&mut completion.messages));
        self.check_commands(&completion.commands, &messages)?;
        self.reject_updates(&messages);
        if is_discarded {
            self.run.workflow_task = None;
            self.end_transition();
            return Ok(WorkflowTaskEnd::Discarded);
        }
        if heartbeats_since_ns > 0 && Time::from_nanos(heartbeats_since_ns).plus(LONGEST_HEARTBEATS) <= self.now {
            self.workflow_task_ended_badly(&task, WorkflowTaskFailedCause::Unspecified, None, &task.identity);
            self.append_transient_events(&task);
            self.append_workflow_task_timed_out(&task, TimeoutType::StartToClose);
            self.schedule_next_attempt(task.attempt, Duration::ZERO);
            return Ok(WorkflowTaskEnd::HeartbeatsTimedOut);
        }
        let WorkflowTaskCompletion {
            commands,
            identity,
            forces_new_task,
            ..
        } = self.record_completion(&task, completion);
        let completed_event_id = self.run.next_event_id - 1;
        for command in commands {
            self.carry_out(command, &messages, completed_event_id, &identity);
        }
        self.drop_rejected_updates(task.started_event_id);
        if self.run.is_open() && (self.flush_buffered_events() || forces_new_task) {
            self.ensure_workflow_task();
            if let Some(next) = &mut self.run.workflow_task {
                next.heartbeats_since_ns = heartbeats_since_ns;
            }
        }
        Ok(WorkflowTaskEnd::Recorded)
    }

    /// Writes that the task has completed, and gives back what is to be carried out.
    #[expect(deprecated, reason = "SDKs read their build id back from the history")]
    fn record_completion(
        &mut self,
        task: &WorkflowTask,
        mut completion: WorkflowTaskCompletion,
    ) -> WorkflowTaskCompletion {
        let version = version_of_worker(completion.deployment.as_ref());
        let behavior = match version {
            Some(_) => completion.versioning_behavior,
            None => VersioningBehavior::Unspecified,
        };
        let deployment = completion.deployment.take().unwrap_or_default();
        let version = version.filter(|_| behavior != VersioningBehavior::Unspecified);
        let completed = WorkflowTaskCompletedEventAttributes {
            scheduled_event_id: task.scheduled_event_id,
            started_event_id: task.started_event_id,
            identity: completion.identity.clone(),
            worker_version: completion.worker_version.take(),
            worker_deployment_name: deployment.deployment_name,
            worker_deployment_version: version
                .as_ref()
                .map(|it| older_version_text(Some(it)))
                .unwrap_or_default(),
            versioning_behavior: behavior as i32,
            deployment_version: version.or_else(|| self.new_component_version()),
            sdk_metadata: completion.sdk_metadata.take(),
            metering_metadata: completion.metering_metadata.take(),
            ..Default::default()
        };
        self.append_transient_events(task);
        self.run.workflow_task = None;
        self.versioned_by(&completed);
        self.built_by(&completed, self.run.next_event_id);
        self.append(EventAttributes::WorkflowTaskCompletedEventAttributes(completed));
        self.run.component_changed = false;
        self.workflow_task_ended_well();
        self.run.last_completed_started_event_id = task.started_event_id;
        self.run.sticky = completion.sticky.take();
        completion
    }

    /// The component that has completed the task, if it is the first one or another one than before: a history says what ran
    /// it, and not at every task.
    fn new_component_version(&self) -> Option<WorkerDeploymentVersion> {
        let run = &*self.run;
        let is_new = run.last_completed_started_event_id == 0 || run.component_changed;
        (is_new && !run.component.is_empty()).then(|| WorkerDeploymentVersion {
            build_id: run.component.clone(),
            ..Default::default()
        })
    }
}

/// When the sequence of tasks began that the next one belongs to, if the worker does nothing but ask for it; else 0.
fn heartbeats_since_ns(task: &WorkflowTask, completion: &WorkflowTaskCompletion) -> i64 {
    let is_heartbeat = completion.forces_new_task && completion.commands.is_empty() && completion.messages.is_empty();
    match task.heartbeats_since_ns {
        _ if !is_heartbeat => 0,
        0 => task.scheduled_ns,
        since => since,
    }
}

/// An answer to an update needs no command: one that none refers to takes effect behind the others, before the run closes.
fn refer_to_all(commands: &mut Vec<Command>, messages: &[protocol::Message]) {
    let referred: HashSet<&str> = commands.iter().filter_map(message_id).collect();
    let rest: Vec<_> = messages
        .iter()
        .filter(|message| !is_rejection(message) && !referred.contains(message.id.as_str()))
        .map(|message| Command {
            command_type: CommandType::ProtocolMessage as i32,
            attributes: Some(CommandAttributes::ProtocolMessageCommandAttributes(
                ProtocolMessageCommandAttributes {
                    message_id: message.id.clone(),
                },
            )),
            ..Default::default()
        })
        .collect();
    let closes = |command: &Command| command.attributes.as_ref().is_some_and(is_closing);
    let end = commands.iter().position(closes).unwrap_or(commands.len());
    commands.splice(end..end, rest);
}

fn message_id(command: &Command) -> Option<&str> {
    match command.attributes.as_ref()? {
        CommandAttributes::ProtocolMessageCommandAttributes(command) => Some(&command.message_id),
        _ => None,
    }
}
