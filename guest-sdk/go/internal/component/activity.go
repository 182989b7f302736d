package component

import (
	"time"

	"wrt.dev/sdk/internal/abi"
	c "wrt.dev/sdk/internal/contract"
)

var activityTask = abi.Record(
	abi.In(abi.String, func(t *c.ActivityTask) *string { return &t.Namespace }),
	abi.In(abi.String, func(t *c.ActivityTask) *string { return &t.WorkflowID }),
	abi.In(abi.String, func(t *c.ActivityTask) *string { return &t.RunID }),
	abi.In(abi.String, func(t *c.ActivityTask) *string { return &t.WorkflowType }),
	abi.In(abi.String, func(t *c.ActivityTask) *string { return &t.ActivityID }),
	abi.In(abi.String, func(t *c.ActivityTask) *string { return &t.ActivityType }),
	abi.In(abi.String, func(t *c.ActivityTask) *string { return &t.TaskQueue }),
	abi.In(abi.U32, func(t *c.ActivityTask) *uint32 { return &t.Attempt }),
	abi.In(abi.String, func(t *c.ActivityTask) *string { return &t.IdempotencyKey }),
	abi.In(payloads, func(t *c.ActivityTask) *[]*c.Payload { return &t.Input }),
	abi.In(payloads, func(t *c.ActivityTask) *[]*c.Payload { return &t.HeartbeatDetails }),
	abi.In(optionalSpan, func(t *c.ActivityTask) **time.Duration { return &t.StartToCloseTimeout }),
	abi.In(optionalSpan, func(t *c.ActivityTask) **time.Duration { return &t.HeartbeatTimeout }),
)

// activityFailure is the failure of wrt:activity, which has one link.
var activityFailure = abi.Variant(
	abi.Of(abi.Record(
		abi.In(abi.String, func(f *attemptFailure) *string { return &f.Message }),
		abi.In(abi.String, func(f *attemptFailure) *string { return &f.Type }),
		abi.In(abi.String, func(f *attemptFailure) *string { return &f.StackTrace }),
		abi.In(abi.Bool, func(f *attemptFailure) *bool { return &f.NonRetryable }),
		abi.In(payloads, func(f *attemptFailure) *[]*c.Payload { return &f.Details }),
		abi.In(optionalSpan, func(f *attemptFailure) **time.Duration { return &f.NextRetryDelay }),
	),
		func(f attemptFailure) *c.Failure {
			return &c.Failure{Message: f.Message, StackTrace: f.StackTrace, Info: &f.ApplicationInfo}
		},
		func(f *c.Failure) (attemptFailure, bool) {
			info, ok := f.Info.(*c.ApplicationInfo)
			if !ok {
				return attemptFailure{}, false
			}
			return attemptFailure{Message: f.Message, StackTrace: f.StackTrace, ApplicationInfo: *info}, true
		}),
	abi.Of(payloads,
		func(details []*c.Payload) *c.Failure { return &c.Failure{Info: &c.CanceledInfo{Details: details}} },
		func(f *c.Failure) ([]*c.Payload, bool) {
			info, ok := f.Info.(*c.CanceledInfo)
			if !ok {
				return nil, false
			}
			return info.Details, true
		}),
)

type attemptFailure struct {
	Message, StackTrace string
	c.ApplicationInfo
}
