package workflow

import (
	"maps"
	"time"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/temporal"
)

// Type names a workflow type.
type Type struct{ Name string }

// Info has the facts about a run.
type Info struct {
	WorkflowExecution Execution
	// FirstRunID is the first run of the chain that retries and continue-as-new form.
	FirstRunID string
	// OriginalRunID is the run itself.
	OriginalRunID string
	WorkflowType  Type
	TaskQueueName string
	Namespace     string
	// Attempt is 1 for the first run; retries count up.
	Attempt           int32
	WorkflowStartTime time.Time
	// WorkflowExecutionTimeout bounds the whole chain of runs; 0 when nothing does.
	WorkflowExecutionTimeout time.Duration
	// WorkflowRunTimeout bounds this run; 0 when nothing does.
	WorkflowRunTimeout  time.Duration
	WorkflowTaskTimeout time.Duration
	RetryPolicy         *temporal.RetryPolicy
	CronSchedule        string
	// ContinuedExecutionRunID is the run before, when this one continues it.
	ContinuedExecutionRunID string
	// ParentWorkflowNamespace and ParentWorkflowExecution name the workflow that started this one as its child.
	ParentWorkflowNamespace string
	ParentWorkflowExecution *Execution
	// RootWorkflowExecution is the first ancestor; the run itself when it has none.
	RootWorkflowExecution *Execution
	// Memo has the notes of the starter, and those that were upserted since, encoded.
	Memo map[string]*converter.Payload
	// SearchAttributes have values that the run can be found by, encoded. GetTypedSearchAttributes reads them.
	SearchAttributes map[string]*converter.Payload
	Priority         temporal.Priority

	lastCompletionResult []*contract.Payload
	continuedFailure     error
	historyLength        int
	historySize          int
	continueAsNew        bool
}

func newInfo(from *contract.WorkflowInfo) *Info {
	info := &Info{
		WorkflowExecution:       Execution{from.WorkflowID, from.RunID},
		FirstRunID:              from.FirstExecutionRunID,
		OriginalRunID:           from.RunID,
		WorkflowType:            Type{from.WorkflowType},
		TaskQueueName:           from.TaskQueue,
		Namespace:               from.Namespace,
		Attempt:                 int32(from.Attempt),
		WorkflowStartTime:       from.StartTime,
		WorkflowTaskTimeout:     from.TaskTimeout,
		RetryPolicy:             temporal.RetryPolicyFromContract(from.RetryPolicy),
		RootWorkflowExecution:   &Execution{from.Root.WorkflowID, from.Root.RunID},
		Memo:                    maps.Clone(from.Memo),
		SearchAttributes:        maps.Clone(from.SearchAttributes),
		Priority:                temporal.PriorityFromContract(from.Priority),
		lastCompletionResult:    from.LastCompletionResult,
		continuedFailure:        toError(from.ContinuedFailure),
		CronSchedule:            orZero(from.CronSchedule),
		ContinuedExecutionRunID: orZero(from.ContinuedRunID),
	}
	info.WorkflowExecutionTimeout = orZero(from.ExecutionTimeout)
	info.WorkflowRunTimeout = orZero(from.RunTimeout)
	if from.Parent != nil {
		info.ParentWorkflowNamespace = from.Parent.Namespace
		info.ParentWorkflowExecution = &Execution{from.Parent.WorkflowID, from.Parent.RunID}
	}
	return info
}

func orZero[T any](pointer *T) (value T) {
	if pointer != nil {
		value = *pointer
	}
	return value
}

func (i *Info) progress(activation *contract.Activation) {
	i.historyLength, i.historySize = int(activation.HistoryLength), int(activation.HistorySize)
	i.continueAsNew = activation.ContinueAsNewSuggested
}

// GetCurrentHistoryLength is the number of events when the activation began.
func (i *Info) GetCurrentHistoryLength() int { return i.historyLength }

// GetCurrentHistorySize is the number of bytes of the history when the activation began.
func (i *Info) GetCurrentHistorySize() int { return i.historySize }

// GetContinueAsNewSuggested is true when the history has grown so long that it is time to continue as new.
func (i *Info) GetContinueAsNewSuggested() bool { return i.continueAsNew }

// GetInfo returns the facts about the run, as they are now.
func GetInfo(ctx Context) *Info { return runOf(ctx).info }

// GetTypedSearchAttributes returns the values that the run can be found by.
func GetTypedSearchAttributes(ctx Context) temporal.SearchAttributes {
	return temporal.SearchAttributesFromContract(runOf(ctx).info.SearchAttributes)
}

// HasLastCompletionResult is true when the run before, in a cron schedule, had a result.
func HasLastCompletionResult(ctx Context) bool { return len(runOf(ctx).info.lastCompletionResult) > 0 }

// GetLastCompletionResult reads the result of the run before.
func GetLastCompletionResult(ctx Context, valuePtrs ...any) error {
	return encodedValues(runOf(ctx).info.lastCompletionResult).Get(valuePtrs...)
}

// GetLastError is the failure of the run before, when this one is its retry.
func GetLastError(ctx Context) error { return runOf(ctx).info.continuedFailure }

// SetCurrentDetails sets text for people about where the workflow is. The query __temporal_workflow_metadata shows it.
func SetCurrentDetails(ctx Context, details string) { runOf(ctx).details = details }

// GetCurrentDetails returns that text.
func GetCurrentDetails(ctx Context) string { return runOf(ctx).details }
