//! Signals and requests to cancel that go from one workflow to another.
//!
//! ```text
//! (none) --SignalExternalWorkflowExecution, RequestCancelExternalWorkflowExecution--> open
//! open   --the other workflow has taken it--> (signaled, cancel requested)
//! open   --it cannot be taken---------------> (failed)
//! ```

use wrt_model::{
    proto::{
        EventAttributes, WorkflowExecution,
        command::{
            RequestCancelExternalWorkflowExecutionCommandAttributes, SignalExternalWorkflowExecutionCommandAttributes,
        },
        enums::{
            CancelExternalWorkflowExecutionFailedCause, SignalExternalWorkflowExecutionFailedCause,
            WorkflowTaskFailedCause as Cause,
        },
        history::{
            ExternalWorkflowExecutionCancelRequestedEventAttributes, ExternalWorkflowExecutionSignaledEventAttributes,
            RequestCancelExternalWorkflowExecutionFailedEventAttributes,
            RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
            SignalExternalWorkflowExecutionFailedEventAttributes,
            SignalExternalWorkflowExecutionInitiatedEventAttributes,
        },
    },
    run::ExternalRequest,
};

use crate::{Rejection, Turn, command::bad, message::Outgoing};

/// What has become of a request to another workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalOutcome {
    /// The other workflow has taken it.
    Taken,
    /// There is no such workflow that is open.
    NotFound,
    /// There is no such namespace.
    NamespaceNotFound,
    /// The other workflow has taken as many signals as it may.
    TooManySignals,
}

/// The answer to a request, with what the command said that asked for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalAnswer {
    /// What has become of it.
    pub outcome: ExternalOutcome,
    /// The name of the other workflow's namespace, if the command gave one.
    pub namespace: String,
    /// What a worker knows its own command by.
    pub control: String,
}

impl Turn<'_> {
    // === Commands ===

    pub(crate) fn check_signal_external(
        &self,
        command: &SignalExternalWorkflowExecutionCommandAttributes,
    ) -> Result<(), Rejection> {
        let wrong = |message: &str| Err(bad(Cause::BadSignalWorkflowExecutionAttributes, message.to_owned()));
        if command
            .execution
            .as_ref()
            .is_none_or(|execution| execution.workflow_id.is_empty())
        {
            return wrong("WorkflowId is not set on a signal to another workflow");
        }
        if command.signal_name.is_empty() {
            return wrong("SignalName is not set on a signal to another workflow");
        }
        Ok(())
    }

    pub(crate) fn check_cancel_external(
        &self,
        command: &RequestCancelExternalWorkflowExecutionCommandAttributes,
    ) -> Result<(), Rejection> {
        let wrong = |message: &str| {
            Err(bad(
                Cause::BadRequestCancelExternalWorkflowExecutionAttributes,
                message.to_owned(),
            ))
        };
        if command.workflow_id.is_empty() {
            return wrong("WorkflowId is not set on a request to cancel another workflow");
        }
        Ok(())
    }

    #[expect(deprecated, reason = "SDKs find their command by the control")]
    pub(crate) fn signal_external(
        &mut self,
        command: SignalExternalWorkflowExecutionCommandAttributes,
        completed_event_id: i64,
    ) {
        let initiated_event_id = self.append(
            EventAttributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(
                SignalExternalWorkflowExecutionInitiatedEventAttributes {
                    workflow_task_completed_event_id: completed_event_id,
                    namespace: command.namespace,
                    namespace_id: self.run.namespace_id.clone(),
                    workflow_execution: command.execution.clone(),
                    signal_name: command.signal_name,
                    input: command.input,
                    control: command.control,
                    child_workflow_only: command.child_workflow_only,
                    header: command.header,
                },
            ),
        );
        self.open_external_request(initiated_event_id, command.execution.unwrap_or_default(), false);
    }

    #[expect(deprecated, reason = "SDKs find their command by the control")]
    pub(crate) fn cancel_external(
        &mut self,
        command: RequestCancelExternalWorkflowExecutionCommandAttributes,
        completed_event_id: i64,
    ) {
        let execution = WorkflowExecution {
            workflow_id: command.workflow_id,
            run_id: command.run_id,
        };
        let initiated_event_id = self.append(
            EventAttributes::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(
                RequestCancelExternalWorkflowExecutionInitiatedEventAttributes {
                    workflow_task_completed_event_id: completed_event_id,
                    namespace: command.namespace,
                    namespace_id: self.run.namespace_id.clone(),
                    workflow_execution: Some(execution.clone()),
                    control: command.control,
                    child_workflow_only: command.child_workflow_only,
                    reason: command.reason,
                },
            ),
        );
        self.open_external_request(initiated_event_id, execution, true);
    }

    fn open_external_request(&mut self, initiated_event_id: i64, execution: WorkflowExecution, is_cancel: bool) {
        let request = ExternalRequest {
            execution: Some(execution),
            is_cancel,
        };
        self.run.external_requests.insert(initiated_event_id, request);
        self.transition.outgoing.push(Outgoing::External(initiated_event_id));
    }

    // === Answers ===

    /// The other workflow has answered, or nobody is there who could.
    pub fn external_request_resolved(&mut self, initiated_event_id: i64, answer: ExternalAnswer) {
        let Some(request) = self.run.external_requests.remove(&initiated_event_id) else {
            return;
        };
        self.transition.durable = true;
        if !self.run.is_open() {
            return;
        }
        let end = match request.is_cancel {
            true => self.cancel_end(initiated_event_id, request.execution, answer),
            false => self.signal_end(initiated_event_id, request.execution, answer),
        };
        self.append_outside(end);
        self.ensure_workflow_task();
    }

    #[expect(deprecated, reason = "SDKs find their command by the control")]
    fn signal_end(
        &self,
        initiated_event_id: i64,
        workflow_execution: Option<WorkflowExecution>,
        answer: ExternalAnswer,
    ) -> EventAttributes {
        use SignalExternalWorkflowExecutionFailedCause as Failed;
        let ExternalAnswer {
            outcome,
            namespace,
            control,
        } = answer;
        let namespace_id = self.run.namespace_id.clone();
        let cause = match outcome {
            ExternalOutcome::Taken => {
                return EventAttributes::ExternalWorkflowExecutionSignaledEventAttributes(
                    ExternalWorkflowExecutionSignaledEventAttributes {
                        initiated_event_id,
                        namespace,
                        namespace_id,
                        workflow_execution,
                        control,
                    },
                );
            }
            ExternalOutcome::NotFound => Failed::ExternalWorkflowExecutionNotFound,
            ExternalOutcome::NamespaceNotFound => Failed::NamespaceNotFound,
            ExternalOutcome::TooManySignals => Failed::SignalCountLimitExceeded,
        };
        EventAttributes::SignalExternalWorkflowExecutionFailedEventAttributes(
            SignalExternalWorkflowExecutionFailedEventAttributes {
                cause: cause as i32,
                namespace,
                namespace_id,
                workflow_execution,
                initiated_event_id,
                control,
                ..Default::default()
            },
        )
    }

    fn cancel_end(
        &self,
        initiated_event_id: i64,
        workflow_execution: Option<WorkflowExecution>,
        answer: ExternalAnswer,
    ) -> EventAttributes {
        use CancelExternalWorkflowExecutionFailedCause as Failed;
        let ExternalAnswer { outcome, namespace, .. } = answer;
        let namespace_id = self.run.namespace_id.clone();
        let cause = match outcome {
            ExternalOutcome::Taken => {
                return EventAttributes::ExternalWorkflowExecutionCancelRequestedEventAttributes(
                    ExternalWorkflowExecutionCancelRequestedEventAttributes {
                        initiated_event_id,
                        namespace,
                        namespace_id,
                        workflow_execution,
                    },
                );
            }
            ExternalOutcome::NamespaceNotFound => Failed::NamespaceNotFound,
            ExternalOutcome::NotFound | ExternalOutcome::TooManySignals => Failed::ExternalWorkflowExecutionNotFound,
        };
        EventAttributes::RequestCancelExternalWorkflowExecutionFailedEventAttributes(
            RequestCancelExternalWorkflowExecutionFailedEventAttributes {
                cause: cause as i32,
                namespace,
                namespace_id,
                workflow_execution,
                initiated_event_id,
                ..Default::default()
            },
        )
    }
}
