package testsuite

import (
	"encoding/json"

	"wrt.dev/sdk/internal/contract"
)

// jobs are what the workflow was told in a task.
func (l *ledger) jobs(t turn) (jobs []contract.Job) {
	for _, event := range t.happened {
		if job := l.job(event); job != nil {
			jobs = append(jobs, job)
		}
	}
	for _, event := range t.commands {
		if event.kind == "WORKFLOW_EXECUTION_UPDATE_ACCEPTED" { // it came with the task that has accepted it
			jobs = append(jobs, &contract.Update{ID: event.text("protocolInstanceId"),
				Name: event.text("acceptedRequest.input.name"), Input: event.payloads("acceptedRequest.input.args")})
		}
	}
	if jobs == nil {
		jobs = []contract.Job{}
	}
	return jobs
}

func (l *ledger) job(event *historyEvent) contract.Job {
	switch event.kind {
	case "WORKFLOW_EXECUTION_SIGNALED":
		return &contract.Signal{Name: event.text("signalName"), Input: event.payloads("input")}
	case "WORKFLOW_EXECUTION_CANCEL_REQUESTED":
		return &contract.CancelRequested{Reason: event.text("cause")}
	case "TIMER_FIRED":
		if timer := l.resolve(event, "startedEventId"); timer != nil {
			return &contract.TimerFired{Seq: timer.seq}
		}
	case "ACTIVITY_TASK_COMPLETED", "ACTIVITY_TASK_FAILED", "ACTIVITY_TASK_TIMED_OUT", "ACTIVITY_TASK_CANCELED":
		if activity := l.resolve(event, "scheduledEventId"); activity != nil {
			return &contract.ActivityResolved{Seq: activity.seq, Output: activityOutcome(activity, event)}
		}
	case "CHILD_WORKFLOW_EXECUTION_STARTED":
		if child := l.open[event.number("initiatedEventId")]; child != nil {
			return &contract.ChildWorkflowStarted{Seq: child.seq,
				Outcome: contract.StartOutcome{RunID: event.text("workflowExecution.runId")}}
		}
	case "START_CHILD_WORKFLOW_EXECUTION_FAILED":
		if child := l.resolve(event, "initiatedEventId"); child != nil {
			failure := childFailure(child, event, contract.RetryStateNonRetryableFailure, applicationFailure(
				"the child workflow is running already, or its id may not be used again", "WorkflowExecutionAlreadyStarted"))
			return &contract.ChildWorkflowStarted{Seq: child.seq, Outcome: contract.StartOutcome{Failure: failure}}
		}
	case "CHILD_WORKFLOW_EXECUTION_COMPLETED", "CHILD_WORKFLOW_EXECUTION_FAILED", "CHILD_WORKFLOW_EXECUTION_CANCELED",
		"CHILD_WORKFLOW_EXECUTION_TIMED_OUT", "CHILD_WORKFLOW_EXECUTION_TERMINATED":
		if child := l.resolve(event, "initiatedEventId"); child != nil {
			return &contract.ChildWorkflowResolved{Seq: child.seq, Output: childOutcome(child, event)}
		}
	case "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED", "EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED":
		if request := l.resolve(event, "initiatedEventId"); request != nil {
			return &contract.ExternalResolved{Seq: request.seq}
		}
	case "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED", "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED":
		if request := l.resolve(event, "initiatedEventId"); request != nil {
			return &contract.ExternalResolved{Seq: request.seq,
				Failure: applicationFailure("no run of the workflow is open", "ExternalWorkflowExecutionNotFound")}
		}
	}
	return nil
}

// resolve is what an event ends; nil when it is not open, such as a timer that was canceled.
func (l *ledger) resolve(event *historyEvent, path string) *opened {
	id := event.number(path)
	one := l.open[id]
	delete(l.open, id)
	return one
}

func activityOutcome(activity *opened, event *historyEvent) contract.Outcome {
	if event.kind == "ACTIVITY_TASK_COMPLETED" {
		return contract.Outcome{Payloads: event.payloads("result")}
	}
	state, cause := retryStates[event.text("retryState")], event.failure("failure")
	if event.kind == "ACTIVITY_TASK_CANCELED" {
		state = contract.RetryStateCancelRequested
		cause = &contract.Failure{Message: "canceled", Info: &contract.CanceledInfo{Details: event.payloads("details")}}
	}
	return contract.Outcome{Failure: &contract.Failure{Message: "activity error", Source: "Server", Cause: cause,
		Info: &contract.ActivityInfo{ActivityType: activity.kind, ActivityID: activity.id, Identity: event.text("identity"),
			RetryState: state}}}
}

func childOutcome(child *opened, event *historyEvent) contract.Outcome {
	state, cause := contract.RetryStateNonRetryableFailure, event.failure("failure")
	switch event.kind {
	case "CHILD_WORKFLOW_EXECUTION_COMPLETED":
		return contract.Outcome{Payloads: event.payloads("result")}
	case "CHILD_WORKFLOW_EXECUTION_CANCELED":
		cause = &contract.Failure{Message: "canceled", Info: &contract.CanceledInfo{Details: event.payloads("details")}}
	case "CHILD_WORKFLOW_EXECUTION_TERMINATED":
		cause = &contract.Failure{Message: "terminated", Info: &contract.TerminatedInfo{}}
	case "CHILD_WORKFLOW_EXECUTION_TIMED_OUT":
		state = retryStates[event.text("retryState")]
		cause = &contract.Failure{Message: "workflow timeout", Info: &contract.TimeoutInfo{}}
	default:
		state = retryStates[event.text("retryState")]
	}
	return contract.Outcome{Failure: childFailure(child, event, state, cause)}
}

func childFailure(child *opened, event *historyEvent, state contract.RetryState, cause *contract.Failure) *contract.Failure {
	return &contract.Failure{Message: "child workflow execution error", Source: "Server", Cause: cause,
		Info: &contract.ChildWorkflowInfo{WorkflowType: child.kind, WorkflowID: child.id,
			RunID: event.text("workflowExecution.runId"), RetryState: state}}
}

// localActivity is what the workflow is told next within the task: the history has the end of a local activity as its next
// command. Nil when it has not.
func (l *ledger) localActivity() []contract.Job {
	l.skipDeprecated()
	if len(l.expected) == 0 || l.expected[0].text("markerName") != "core_local_activity" {
		return nil
	}
	event := l.expected[0]
	var data struct{ Seq uint32 }
	for _, payload := range event.payloads("details.data") {
		_ = json.Unmarshal(payload.Data, &data)
	}
	if !l.local[data.Seq] {
		return nil
	}
	l.expected = l.expected[1:]
	delete(l.local, data.Seq)
	outcome := contract.Outcome{Payloads: event.payloads("details.result"), Failure: event.failure("failure")}
	return []contract.Job{&contract.ActivityResolved{Seq: data.Seq, Output: outcome}}
}
