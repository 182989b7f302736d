package contract

import "time"

// Command is what a workflow decided: one of the types below.
type Command any

// ScheduleActivity asks for an activity.
type ScheduleActivity struct {
	Type    string
	Input   []*Payload
	Options ActivityOptions
}

// ActivityOptions say how an activity is run; nil stands for the default.
type ActivityOptions struct {
	ActivityID             *string
	TaskQueue              *string
	ScheduleToCloseTimeout *time.Duration
	ScheduleToStartTimeout *time.Duration
	StartToCloseTimeout    *time.Duration
	HeartbeatTimeout       *time.Duration
	RetryPolicy            *RetryPolicy
	Header                 Fields
	Priority               *Priority
	Summary                *string
}

// ScheduleLocalActivity asks for an activity within the workflow task.
type ScheduleLocalActivity struct {
	Type    string
	Input   []*Payload
	Options LocalActivityOptions
}

// LocalActivityOptions say how a local activity is run.
type LocalActivityOptions struct {
	ActivityID             *string
	ScheduleToCloseTimeout *time.Duration
	StartToCloseTimeout    *time.Duration
	RetryPolicy            *RetryPolicy
}

// RequestCancelActivity asks an activity to stop.
type RequestCancelActivity struct{ Seq uint32 }

// StartTimer starts a timer.
type StartTimer struct {
	Duration time.Duration
	Summary  *string
}

// CancelTimer cancels a timer, which then does not fire.
type CancelTimer struct{ Seq uint32 }

// StartChildWorkflow asks for a child.
type StartChildWorkflow struct {
	Type    string
	Input   []*Payload
	Options ChildWorkflowOptions
}

// ChildWorkflowOptions say how a child is run.
type ChildWorkflowOptions struct {
	WorkflowID        *string
	TaskQueue         *string
	ExecutionTimeout  *time.Duration
	RunTimeout        *time.Duration
	TaskTimeout       *time.Duration
	ParentClosePolicy ParentClosePolicy
	IDReusePolicy     IDReusePolicy
	RetryPolicy       *RetryPolicy
	CronSchedule      *string
	Header            Fields
	Memo              Fields
	SearchAttributes  Fields
	Priority          *Priority
	Summary           *string
}

// ParentClosePolicy says what happens to a child when its parent ends, in the order of the contract.
type ParentClosePolicy uint8

// The policies.
const (
	ParentCloseTerminate ParentClosePolicy = iota
	ParentCloseAbandon
	ParentCloseRequestCancel
)

// IDReusePolicy says whether a workflow id may be used again, in the order of the contract.
type IDReusePolicy uint8

// The policies.
const (
	AllowDuplicate IDReusePolicy = iota
	AllowDuplicateFailedOnly
	RejectDuplicate
)

// RequestCancelChildWorkflow asks a child to cancel itself.
type RequestCancelChildWorkflow struct {
	Seq    uint32
	Reason string
}

// SignalChildWorkflow signals a child.
type SignalChildWorkflow struct {
	Seq        uint32
	SignalName string
	Input      []*Payload
}

// SignalExternalWorkflow signals a workflow of the same namespace.
type SignalExternalWorkflow struct {
	WorkflowID string
	RunID      string
	SignalName string
	Input      []*Payload
}

// RequestCancelExternalWorkflow asks a workflow of the same namespace to cancel itself.
type RequestCancelExternalWorkflow struct {
	WorkflowID string
	RunID      string
	Reason     string
}

// UpsertSearchAttributes sets search attributes; null payloads remove them.
type UpsertSearchAttributes struct{ Attributes Fields }

// UpsertMemo sets fields of the memo; null payloads remove them.
type UpsertMemo struct{ Fields Fields }

// DeprecatePatch says that no run needs the code before the change any more.
type DeprecatePatch struct{ PatchID string }

// AcceptUpdate takes an update on.
type AcceptUpdate struct{ UpdateID string }

// RejectUpdate turns an update away.
type RejectUpdate struct {
	UpdateID string
	Reason   *Failure
}

// CompleteUpdate answers an update that was accepted.
type CompleteUpdate struct {
	UpdateID string
	Outcome  Outcome
}

// Complete, Fail, Cancel and ContinueAsNew end the run.
type (
	// Complete ends it with a result.
	Complete struct{ Output []*Payload }
	// Fail ends it with a failure.
	Fail struct{ Failure *Failure }
	// Cancel ends it as it was asked to.
	Cancel struct{ Details []*Payload }
	// ContinueAsNew goes on in a new run.
	ContinueAsNew struct {
		Input   []*Payload
		Options ContinueAsNewOptions
	}
)

// ContinueAsNewOptions say how the next run differs from this one.
type ContinueAsNewOptions struct {
	WorkflowType     *string
	TaskQueue        *string
	RunTimeout       *time.Duration
	TaskTimeout      *time.Duration
	RetryPolicy      *RetryPolicy
	Header           Fields
	Memo             Fields
	SearchAttributes Fields
}
