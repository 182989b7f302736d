package testsuite

import (
	"wrt.dev/sdk/activity"
	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
)

// NewTestActivityEnvironment makes an environment for attempts of activities.
func (*WorkflowTestSuite) NewTestActivityEnvironment() *TestActivityEnvironment {
	return &TestActivityEnvironment{types: registry.New()}
}

// TestActivityEnvironment runs single attempts of activities, without retries.
type TestActivityEnvironment struct {
	types     *registry.Registry
	last      []*contract.Payload
	canceled  bool
	heartbeat func(details converter.EncodedValues)
}

// RegisterActivity registers an activity, or the methods of a struct.
func (e *TestActivityEnvironment) RegisterActivity(a any) {
	activity.Register(e.types, a, activity.RegisterOptions{})
}

// SetHeartbeatDetails sets what the attempt before has recorded.
func (e *TestActivityEnvironment) SetHeartbeatDetails(details ...any) { e.last = encode(details...) }

// SetOnActivityHeartbeatListener hears each heartbeat.
func (e *TestActivityEnvironment) SetOnActivityHeartbeatListener(listener func(details converter.EncodedValues)) {
	e.heartbeat = listener
}

// CancelActivity asks the attempt to stop: its next heartbeat tells it.
func (e *TestActivityEnvironment) CancelActivity() { e.canceled = true }

// ExecuteActivity runs an attempt.
func (e *TestActivityEnvironment) ExecuteActivity(activityFn any, args ...any) (converter.EncodedValue, error) {
	name, err := e.types.NameOf(activityFn)
	if err != nil {
		return nil, err
	}
	outcome := activity.Execute(e.types, e, contract.ActivityTask{
		Namespace: "default-test-namespace", WorkflowID: "default-test-workflow-id", RunID: "default-test-run-id",
		WorkflowType: "default-test-workflow-type", ActivityID: "1", ActivityType: name, TaskQueue: "default-test-taskqueue",
		Attempt: 1, IdempotencyKey: "default-test-run-id/1", Input: encode(args...), HeartbeatDetails: e.last,
	})
	if outcome.Failure != nil {
		return nil, toError(outcome.Failure)
	}
	return converter.NewValue(outcome.Payloads, converter.GetDefaultDataConverter()), nil
}

// Heartbeat is for the SDK's own packages.
func (e *TestActivityEnvironment) Heartbeat(details []*contract.Payload) bool {
	if e.heartbeat != nil {
		e.heartbeat(converter.NewValues(details, converter.GetDefaultDataConverter()))
	}
	return e.canceled
}

// IsCancelRequested is for the SDK's own packages.
func (e *TestActivityEnvironment) IsCancelRequested() bool { return e.canceled }
