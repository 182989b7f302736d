package contract

import "time"

// Failure is a link of a chain of causes.
type Failure struct {
	Message    string
	Source     string
	StackTrace string
	Info       FailureInfo
	Cause      *Failure
}

// FailureInfo is the kind of a link, with what belongs to that kind alone: one of the types below.
type FailureInfo interface{ isFailureInfo() }

// ApplicationInfo says that user code raised the failure.
type ApplicationInfo struct {
	Type           string
	NonRetryable   bool
	Details        []*Payload
	NextRetryDelay *time.Duration
}

// TimeoutInfo says that a timeout ran out.
type TimeoutInfo struct {
	Type                 TimeoutType
	LastHeartbeatDetails []*Payload
}

// CanceledInfo has the details that the canceled side gave.
type CanceledInfo struct{ Details []*Payload }

// TerminatedInfo says that the workflow was terminated.
type TerminatedInfo struct{}

// ServerInfo says that the runtime failed, not user code.
type ServerInfo struct{ NonRetryable bool }

// ActivityInfo wraps whatever ended an activity.
type ActivityInfo struct {
	ActivityType string
	ActivityID   string
	Identity     string
	RetryState   RetryState
}

// ChildWorkflowInfo wraps whatever ended a child.
type ChildWorkflowInfo struct {
	WorkflowType string
	WorkflowID   string
	RunID        string
	RetryState   RetryState
}

func (*ApplicationInfo) isFailureInfo()   {}
func (*TimeoutInfo) isFailureInfo()       {}
func (*CanceledInfo) isFailureInfo()      {}
func (*TerminatedInfo) isFailureInfo()    {}
func (*ServerInfo) isFailureInfo()        {}
func (*ActivityInfo) isFailureInfo()      {}
func (*ChildWorkflowInfo) isFailureInfo() {}

// TimeoutType is the timeout that ran out, in the order of the contract.
type TimeoutType uint8

// The timeouts of activities.
const (
	StartToClose TimeoutType = iota
	ScheduleToStart
	ScheduleToClose
	Heartbeat
)

// RetryState says why nothing tries again, in the order of the contract.
type RetryState uint8

// The reasons.
const (
	RetryStateUnspecified RetryState = iota
	RetryStateInProgress
	RetryStateNonRetryableFailure
	RetryStateTimeout
	RetryStateMaximumAttemptsReached
	RetryStateRetryPolicyNotSet
	RetryStateInternalServerError
	RetryStateCancelRequested
)

// Links lists a chain, outermost first.
func (f *Failure) Links() []*Failure {
	var links []*Failure
	for link := f; link != nil; link = link.Cause {
		links = append(links, link)
	}
	return links
}

// Chain joins links, outermost first, to a failure. The contract promises at least one; without any it is a failure of the
// runtime.
func Chain(links []*Failure) *Failure {
	if len(links) == 0 {
		return &Failure{Message: "a failure without a link", Info: &ServerInfo{NonRetryable: true}}
	}
	for i := range len(links) - 1 {
		links[i].Cause = links[i+1]
	}
	return links[0]
}
