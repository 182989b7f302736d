package component

import (
	"time"

	"wrt.dev/sdk/internal/abi"
	c "wrt.dev/sdk/internal/contract"
)

// failure is a chain of links, as failures.wit has it.
var failure = abi.Map(abi.List(link), c.Chain, (*c.Failure).Links)

var link = abi.Map(
	abi.Record(
		abi.In(abi.String, func(f *c.Failure) *string { return &f.Message }),
		abi.In(abi.String, func(f *c.Failure) *string { return &f.Source }),
		abi.In(abi.String, func(f *c.Failure) *string { return &f.StackTrace }),
		abi.In(failureInfo, func(f *c.Failure) *c.FailureInfo { return &f.Info }),
	),
	func(f c.Failure) *c.Failure { return &f },
	func(f *c.Failure) c.Failure { return *f },
)

var failureInfo = abi.Variant(
	kind(abi.Record(
		abi.In(abi.String, func(a *c.ApplicationInfo) *string { return &a.Type }),
		abi.In(abi.Bool, func(a *c.ApplicationInfo) *bool { return &a.NonRetryable }),
		abi.In(payloads, func(a *c.ApplicationInfo) *[]*c.Payload { return &a.Details }),
		abi.In(optionalSpan, func(a *c.ApplicationInfo) **time.Duration { return &a.NextRetryDelay }),
	)),
	kind(abi.Record(
		abi.In(abi.Enum[c.TimeoutType](), func(t *c.TimeoutInfo) *c.TimeoutType { return &t.Type }),
		abi.In(payloads, func(t *c.TimeoutInfo) *[]*c.Payload { return &t.LastHeartbeatDetails }),
	)),
	kind(abi.Record(abi.In(payloads, func(i *c.CanceledInfo) *[]*c.Payload { return &i.Details }))),
	kind(abi.Record[c.TerminatedInfo]()),
	kind(abi.Record(abi.In(abi.Bool, func(s *c.ServerInfo) *bool { return &s.NonRetryable }))),
	kind(abi.Record(
		abi.In(abi.String, func(a *c.ActivityInfo) *string { return &a.ActivityType }),
		abi.In(abi.String, func(a *c.ActivityInfo) *string { return &a.ActivityID }),
		abi.In(abi.String, func(a *c.ActivityInfo) *string { return &a.Identity }),
		abi.In(abi.Enum[c.RetryState](), func(a *c.ActivityInfo) *c.RetryState { return &a.RetryState }),
	)),
	kind(abi.Record(
		abi.In(abi.String, func(w *c.ChildWorkflowInfo) *string { return &w.WorkflowType }),
		abi.In(abi.String, func(w *c.ChildWorkflowInfo) *string { return &w.WorkflowID }),
		abi.In(abi.String, func(w *c.ChildWorkflowInfo) *string { return &w.RunID }),
		abi.In(abi.Enum[c.RetryState](), func(w *c.ChildWorkflowInfo) *c.RetryState { return &w.RetryState }),
	)),
)

// kind is the case of a failure that is a *T.
func kind[T any, P interface {
	*T
	c.FailureInfo
}](typ abi.Type[T]) abi.Case[c.FailureInfo] {
	return abi.Of(typ,
		func(value T) c.FailureInfo { return P(&value) },
		func(info c.FailureInfo) (value T, ok bool) {
			pointer, ok := info.(P)
			if ok {
				value = *pointer
			}
			return value, ok
		},
	)
}
