package contract

import "time"

// Activation is what happened since the last one, in order.
type Activation struct {
	// Time is what the run's clock shows until the next activation.
	Time                   time.Time
	HistoryLength          uint32
	HistorySize            uint32
	ContinueAsNewSuggested bool
	Jobs                   []Job
}

// Job is one thing that happened: one of the types below.
type Job any

// Start is the first job of the first activation.
type Start struct {
	Info   WorkflowInfo
	Input  []*Payload
	Header Fields
}

// TimerFired carries the sequence number of the timer.
type TimerFired struct{ Seq uint32 }

// ActivityResolved carries what an activity, local or not, ended with.
type ActivityResolved struct {
	Seq    uint32
	Output Outcome
}

// Signal is a message to the run.
type Signal struct {
	Name     string
	Input    []*Payload
	Identity string
	Header   Fields
}

// CancelRequested says that the workflow is asked to cancel itself.
type CancelRequested struct{ Reason string }

// ChildWorkflowStarted says what became of the start of a child.
type ChildWorkflowStarted struct {
	Seq     uint32
	Outcome StartOutcome
}

// StartOutcome has the run id of a child, or why it did not start.
type StartOutcome struct {
	RunID   string
	Failure *Failure
}

// ChildWorkflowResolved carries what a child ended with.
type ChildWorkflowResolved struct {
	Seq    uint32
	Output Outcome
}

// ExternalResolved says what became of a signal or a request to cancel that went to another workflow.
type ExternalResolved struct {
	Seq     uint32
	Failure *Failure
}

// Update is a request that changes the run and waits for an answer.
type Update struct {
	ID       string
	Name     string
	Input    []*Payload
	Identity string
	Header   Fields
}

// Query is a question about the state of the run.
type Query struct {
	Name   string
	Input  []*Payload
	Header Fields
}

// RelatedExecution is a run of another workflow.
type RelatedExecution struct {
	Namespace  string
	WorkflowID string
	RunID      string
}

// WorkflowInfo has the facts about a run that never change.
type WorkflowInfo struct {
	Namespace            string
	WorkflowID           string
	RunID                string
	FirstExecutionRunID  string
	WorkflowType         string
	TaskQueue            string
	Attempt              uint32
	StartTime            time.Time
	ExecutionTimeout     *time.Duration
	RunTimeout           *time.Duration
	TaskTimeout          time.Duration
	RetryPolicy          *RetryPolicy
	CronSchedule         *string
	Memo                 Fields
	SearchAttributes     Fields
	Priority             *Priority
	Parent               *RelatedExecution
	Root                 RelatedExecution
	ContinuedRunID       *string
	ContinuedFailure     *Failure
	LastCompletionResult []*Payload
}

// RetryPolicy says how often and how fast to try again.
type RetryPolicy struct {
	InitialInterval        *time.Duration
	BackoffCoefficient     *float64
	MaximumInterval        *time.Duration
	MaximumAttempts        uint32
	NonRetryableErrorTypes []string
}

// Priority is the importance of a task among those that wait in the same queue.
type Priority struct {
	PriorityKey    uint32
	FairnessKey    string
	FairnessWeight float32
}
