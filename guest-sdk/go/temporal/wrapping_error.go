package temporal

import (
	"fmt"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
)

// TimeoutType is the timeout that ran out.
type TimeoutType int32

// The timeouts, with the numbers of Temporal's enum.
const (
	TimeoutTypeUnspecified TimeoutType = iota
	TimeoutTypeStartToClose
	TimeoutTypeScheduleToStart
	TimeoutTypeScheduleToClose
	TimeoutTypeHeartbeat
)

// String is for instance "StartToClose".
func (t TimeoutType) String() string {
	return [...]string{"Unspecified", "StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat"}[t]
}

// TimeoutError says that a timeout ran out.
type TimeoutError struct {
	origin
	message     string
	timeoutType TimeoutType
	details     converter.EncodedValues
	cause       error
}

// NewTimeoutError makes one, for tests and mocks.
func NewTimeoutError(timeoutType TimeoutType, cause error) error {
	return &TimeoutError{message: "activity " + timeoutType.String() + " timeout", timeoutType: timeoutType, cause: cause}
}

// Error has the message, the type and the causes.
func (e *TimeoutError) Error() string {
	return withCause(fmt.Sprintf("%s (type: %s)", e.message, e.timeoutType), e.cause)
}

// Message is the text alone.
func (e *TimeoutError) Message() string { return e.message }

// TimeoutType is the timeout that ran out.
func (e *TimeoutError) TimeoutType() TimeoutType { return e.timeoutType }

// HasLastHeartbeatDetails is true when a heartbeat arrived before.
func (e *TimeoutError) HasLastHeartbeatDetails() bool {
	return e.details != nil && e.details.HasValues()
}

// LastHeartbeatDetails reads the details of the last heartbeat.
func (e *TimeoutError) LastHeartbeatDetails(valuePtrs ...any) error {
	return readDetails(e.details, nil, valuePtrs)
}

// Unwrap is the cause.
func (e *TimeoutError) Unwrap() error { return e.cause }

// RetryState says why nothing tries again.
type RetryState int32

// The reasons, with the numbers of Temporal's enum.
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

// String is for instance "MaximumAttemptsReached".
func (s RetryState) String() string {
	return [...]string{"Unspecified", "InProgress", "NonRetryableFailure", "Timeout", "MaximumAttemptsReached",
		"RetryPolicyNotSet", "InternalServerError", "CancelRequested"}[s]
}

// ActivityError wraps whatever ended an activity.
type ActivityError struct {
	origin
	message string
	info    contract.ActivityInfo
	cause   error
}

// NewActivityError makes one, for tests and mocks.
func NewActivityError(activityType, activityID string, retryState RetryState, cause error) *ActivityError {
	info := contract.ActivityInfo{
		ActivityType: activityType, ActivityID: activityID, RetryState: contract.RetryState(retryState),
	}
	return &ActivityError{message: "activity error", info: info, cause: cause}
}

// Error names the activity and has the causes.
func (e *ActivityError) Error() string {
	return withCause(fmt.Sprintf("%s (type: %s, activityID: %s, identity: %s)",
		e.message, e.info.ActivityType, e.info.ActivityID, e.info.Identity), e.cause)
}

// Message is the text alone.
func (e *ActivityError) Message() string { return e.message }

// ActivityType is the type that was asked for.
func (e *ActivityError) ActivityType() string { return e.info.ActivityType }

// ActivityID is unique among the open activities of the run.
func (e *ActivityError) ActivityID() string { return e.info.ActivityID }

// Identity names the worker of the last attempt.
func (e *ActivityError) Identity() string { return e.info.Identity }

// RetryState says why nothing tries again.
func (e *ActivityError) RetryState() RetryState { return RetryState(e.info.RetryState) }

// Unwrap is the cause.
func (e *ActivityError) Unwrap() error { return e.cause }

// ChildWorkflowExecutionError wraps whatever ended a child.
type ChildWorkflowExecutionError struct {
	origin
	message string
	info    contract.ChildWorkflowInfo
	cause   error
}

// NewChildWorkflowExecutionError makes one, for tests and mocks.
func NewChildWorkflowExecutionError(workflowType, workflowID, runID string, retryState RetryState,
	cause error) *ChildWorkflowExecutionError {
	info := contract.ChildWorkflowInfo{
		WorkflowType: workflowType, WorkflowID: workflowID, RunID: runID, RetryState: contract.RetryState(retryState),
	}
	return &ChildWorkflowExecutionError{message: "child workflow execution error", info: info, cause: cause}
}

// Error names the child and has the causes.
func (e *ChildWorkflowExecutionError) Error() string {
	return withCause(fmt.Sprintf("%s (type: %s, workflowID: %s, runID: %s)",
		e.message, e.info.WorkflowType, e.info.WorkflowID, e.info.RunID), e.cause)
}

// Message is the text alone.
func (e *ChildWorkflowExecutionError) Message() string { return e.message }

// WorkflowType is the child's type.
func (e *ChildWorkflowExecutionError) WorkflowType() string { return e.info.WorkflowType }

// WorkflowID is the child's id.
func (e *ChildWorkflowExecutionError) WorkflowID() string { return e.info.WorkflowID }

// RunID is the child's run.
func (e *ChildWorkflowExecutionError) RunID() string { return e.info.RunID }

// RetryState says why nothing tries again.
func (e *ChildWorkflowExecutionError) RetryState() RetryState { return RetryState(e.info.RetryState) }

// Unwrap is the cause.
func (e *ChildWorkflowExecutionError) Unwrap() error { return e.cause }
