package testsuite

import (
	"fmt"
	"os"
	"time"

	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
	"wrt.dev/sdk/log"
	"wrt.dev/sdk/workflow"
)

// WorkflowReplayer runs workflow code through histories of production, and compares every command with the event that it
// became. So a change of code is tried on the runs that it will meet, before it is deployed.
//
// Native code has the clock of the run through workflow.Now only. Code that reads time.Now, math/rand or the order of a map
// decides something else here than in a component.
type WorkflowReplayer struct{ types *registry.Registry }

// NewWorkflowReplayer makes one.
func NewWorkflowReplayer() *WorkflowReplayer { return &WorkflowReplayer{registry.New()} }

// RegisterWorkflow registers the code of a workflow type.
func (r *WorkflowReplayer) RegisterWorkflow(w any) {
	workflow.Register(r.types, w, workflow.RegisterOptions{})
}

// RegisterWorkflowWithOptions registers the code of a workflow type with options.
func (r *WorkflowReplayer) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	workflow.Register(r.types, w, options)
}

// ReplayWorkflowHistoryFromJSONFile replays a file that `wrt workflow show -o json` has written. The logger may be nil; what
// the workflow logs is silent.
func (r *WorkflowReplayer) ReplayWorkflowHistoryFromJSONFile(_ log.Logger, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return r.ReplayWorkflowHistory(text)
}

// ReplayWorkflowHistory replays a history, given as JSON, as far as its last completed workflow task.
func (r *WorkflowReplayer) ReplayWorkflowHistory(text []byte) error {
	events, err := readHistory(text)
	if err != nil {
		return err
	}
	first := events[0]
	l := &ledger{open: map[int64]*opened{}, patches: map[string]bool{}}
	start := &contract.Start{Info: infoOf(first), Input: first.payloads("input"), Header: contract.Fields{}}
	execution, err := workflow.Start(l, r.types, start)
	if err != nil {
		return err
	}
	defer execution.Close()
	for i, turn := range cut(events) {
		l.begin(turn)
		var jobs []contract.Job
		if i == 0 {
			jobs = append(jobs, start)
		}
		jobs = append(jobs, l.jobs(turn)...)
		for jobs != nil {
			if err := execution.Activate(activationOf(turn.started, jobs)); err != nil {
				return fmt.Errorf("the workflow task fails: %w", err)
			}
			jobs = l.localActivity()
		}
		if err := l.end(); err != nil {
			return err
		}
	}
	return nil
}

func activationOf(started *historyEvent, jobs []contract.Job) contract.Activation {
	suggested, _ := field(started.attributes, "suggestContinueAsNew").(bool)
	return contract.Activation{
		Time: started.time, HistoryLength: uint32(started.id), HistorySize: uint32(started.number("historySizeBytes")),
		ContinueAsNewSuggested: suggested, Jobs: jobs,
	}
}

func infoOf(event *historyEvent) contract.WorkflowInfo {
	optional := func(path string) *string {
		if text := event.text(path); text != "" {
			return &text
		}
		return nil
	}
	related := func(path string) contract.RelatedExecution {
		return contract.RelatedExecution{Namespace: "default",
			WorkflowID: event.text(path + ".workflowId"), RunID: event.text(path + ".runId")}
	}
	info := contract.WorkflowInfo{
		Namespace: "default", WorkflowID: event.text("workflowId"), RunID: event.text("originalExecutionRunId"),
		FirstExecutionRunID: event.text("firstExecutionRunId"), WorkflowType: event.text("workflowType.name"),
		TaskQueue: event.text("taskQueue.name"), Attempt: uint32(max(event.number("attempt"), 1)), StartTime: event.time,
		ExecutionTimeout: event.duration("workflowExecutionTimeout"), RunTimeout: event.duration("workflowRunTimeout"),
		CronSchedule: optional("cronSchedule"), Memo: event.fields("memo.fields"),
		SearchAttributes: event.fields("searchAttributes.indexedFields"), Root: related("rootWorkflowExecution"),
		ContinuedRunID: optional("continuedExecutionRunId"), ContinuedFailure: event.failure("continuedFailure"),
		LastCompletionResult: event.payloads("lastCompletionResult"), TaskTimeout: 10 * time.Second,
	}
	if timeout := event.duration("workflowTaskTimeout"); timeout != nil {
		info.TaskTimeout = *timeout
	}
	if event.has("parentWorkflowExecution") {
		parent := related("parentWorkflowExecution")
		info.Parent = &parent
	}
	return info
}
