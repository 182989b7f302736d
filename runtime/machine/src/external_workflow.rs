//! Signals and requests to cancel that go from one workflow to another.
//!
//! ```text
//! (none) --SignalExternalWorkflowExecution, RequestCancelExternalWorkflowExecution--> open
//! open   --the other workflow has taken it--> (signaled, cancel requested)
//! open   --there is no such workflow--------> (failed)
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
        if command.workflow_id == self.run.workflow_id
            && (command.run_id.is_empty() || command.run_id == self.run.run_id)
        {
            return wrong("a workflow cannot ask itself to cancel: end it with CancelWorkflowExecution");
        }
        Ok(())
    }

    pub(crate) fn signal_external(
        &mut self,
        command: SignalExternalWorkflowExecutionCommandAttributes,
        completed_event_id: i64,
    ) {
        let initiated_event_id = self.append(
            EventAttributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(
                SignalExternalWorkflowExecutionInitiatedEventAttributes {
                    workflow_task_completed_event_id: completed_event_id,
                    namespace_id: self.run.namespace_id.clone(),
                    workflow_execution: command.execution.clone(),
                    signal_name: command.signal_name,
                    input: command.input,
                    child_workflow_only: command.child_workflow_only,
                    header: command.header,
                    ..Default::default()
                },
            ),
        );
        self.open_external_request(initiated_event_id, command.execution.unwrap_or_default(), false);
    }

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
                    namespace_id: self.run.namespace_id.clone(),
                    workflow_execution: Some(execution.clone()),
                    child_workflow_only: command.child_workflow_only,
                    reason: command.reason,
                    ..Default::default()
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

    /// The other workflow has taken the request, or `found` is false: there is none that could.
    pub fn external_request_resolved(&mut self, initiated_event_id: i64, found: bool) {
        let Some(request) = self.run.external_requests.remove(&initiated_event_id) else {
            return;
        };
        self.transition.durable = true;
        if !self.run.is_open() {
            return;
        }
        let end = self.external_end(initiated_event_id, request, found);
        self.append_outside(end);
        self.ensure_workflow_task();
    }

    fn external_end(&self, initiated_event_id: i64, request: ExternalRequest, found: bool) -> EventAttributes {
        use EventAttributes as A;
        let ExternalRequest { execution, is_cancel } = request;
        let namespace_id = self.run.namespace_id.clone();
        match (is_cancel, found) {
            (false, true) => {
                A::ExternalWorkflowExecutionSignaledEventAttributes(ExternalWorkflowExecutionSignaledEventAttributes {
                    initiated_event_id,
                    namespace_id,
                    workflow_execution: execution,
                    ..Default::default()
                })
            }
            (false, false) => A::SignalExternalWorkflowExecutionFailedEventAttributes(
                SignalExternalWorkflowExecutionFailedEventAttributes {
                    cause: SignalExternalWorkflowExecutionFailedCause::ExternalWorkflowExecutionNotFound as i32,
                    namespace_id,
                    workflow_execution: execution,
                    initiated_event_id,
                    ..Default::default()
                },
            ),
            (true, true) => A::ExternalWorkflowExecutionCancelRequestedEventAttributes(
                ExternalWorkflowExecutionCancelRequestedEventAttributes {
                    initiated_event_id,
                    namespace_id,
                    workflow_execution: execution,
                    ..Default::default()
                },
            ),
            (true, false) => A::RequestCancelExternalWorkflowExecutionFailedEventAttributes(
                RequestCancelExternalWorkflowExecutionFailedEventAttributes {
                    cause: CancelExternalWorkflowExecutionFailedCause::ExternalWorkflowExecutionNotFound as i32,
                    namespace_id,
                    workflow_execution: execution,
                    initiated_event_id,
                    ..Default::default()
                },
            ),
        }
    }
}
