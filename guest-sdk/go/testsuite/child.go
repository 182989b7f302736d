package testsuite

import (
	"fmt"

	"wrt.dev/sdk/internal/contract"
)

// tellOthers takes the commands that reach other workflows.
func (i *instance) tellOthers(seq uint32, command contract.Command) {
	switch command := command.(type) {
	case *contract.StartChildWorkflow:
		i.startChild(seq, command)
	case *contract.RequestCancelChildWorkflow:
		if child := i.children[command.Seq]; child != nil {
			i.world.after(0, func() { child.activate(&contract.CancelRequested{Reason: command.Reason}) })
		}
	case *contract.SignalChildWorkflow:
		i.tell(seq, i.children[command.Seq], &contract.Signal{Name: command.SignalName, Input: command.Input})
	case *contract.SignalExternalWorkflow:
		target := i.world.runs[command.WorkflowID]
		i.tell(seq, target, &contract.Signal{Name: command.SignalName, Input: command.Input})
	case *contract.RequestCancelExternalWorkflow:
		i.tell(seq, i.world.runs[command.WorkflowID], &contract.CancelRequested{Reason: command.Reason})
	default:
		panic(fmt.Sprintf("testsuite: a %T is not known", command))
	}
}

// tell hands a job to another run, and says what has become of it.
func (i *instance) tell(seq uint32, target *instance, job contract.Job) {
	i.world.after(0, func() {
		if target == nil || target.ended {
			i.activate(&contract.ExternalResolved{Seq: seq,
				Failure: applicationFailure("no run of the workflow is open", "ExternalWorkflowExecutionNotFound")})
			return
		}
		target.activate(job)
		i.activate(&contract.ExternalResolved{Seq: seq})
	})
}

func (i *instance) startChild(seq uint32, command *contract.StartChildWorkflow) {
	id, queue := fmt.Sprintf("%s_%d", i.info.RunID, seq), i.info.TaskQueue
	if command.Options.WorkflowID != nil {
		id = *command.Options.WorkflowID
	}
	if command.Options.TaskQueue != nil {
		queue = *command.Options.TaskQueue
	}
	wrap := func(cause *contract.Failure, runID string, state contract.RetryState) *contract.Failure {
		return &contract.Failure{Message: "child workflow execution error", Cause: cause, Info: &contract.ChildWorkflowInfo{
			WorkflowType: command.Type, WorkflowID: id, RunID: runID, RetryState: state,
		}}
	}
	i.world.after(0, func() {
		if other := i.world.runs[id]; other != nil && !other.ended {
			failure := applicationFailure(fmt.Sprintf("child workflow %s is running already", id), "WorkflowExecutionAlreadyStarted")
			i.activate(&contract.ChildWorkflowStarted{Seq: seq, Outcome: contract.StartOutcome{
				Failure: wrap(failure, "", contract.RetryStateNonRetryableFailure)}})
			return
		}
		if mock := i.world.env.mock(mockWorkflow, command.Type, command.Input); mock != nil {
			outcome := mock.answer(command.Input, nil)
			if outcome.Failure != nil {
				outcome.Failure = wrap(outcome.Failure, id+"-run", contract.RetryStateRetryPolicyNotSet)
			}
			i.activate(&contract.ChildWorkflowStarted{Seq: seq, Outcome: contract.StartOutcome{RunID: id + "-run"}})
			i.world.after(mock.takes, func() { i.activate(&contract.ChildWorkflowResolved{Seq: seq, Output: outcome}) })
			return
		}
		var child *instance
		parent := contract.RelatedExecution{Namespace: i.info.Namespace, WorkflowID: i.info.WorkflowID, RunID: i.info.RunID}
		child = i.world.begin(contract.WorkflowInfo{
			WorkflowID: id, WorkflowType: command.Type, TaskQueue: queue, Memo: command.Options.Memo,
			SearchAttributes: command.Options.SearchAttributes, Parent: &parent,
		}, command.Input, func() {
			outcome := contract.Outcome{Payloads: child.output}
			if child.failure != nil {
				outcome = contract.Outcome{Failure: wrap(child.failure, child.info.RunID, contract.RetryStateRetryPolicyNotSet)}
			}
			i.activate(&contract.ChildWorkflowResolved{Seq: seq, Output: outcome})
		})
		i.children[seq] = child
		i.activate(&contract.ChildWorkflowStarted{Seq: seq, Outcome: contract.StartOutcome{RunID: child.info.RunID}})
	})
}
