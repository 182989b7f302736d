package component

import (
	"time"

	"wrt.dev/sdk/internal/abi"
	c "wrt.dev/sdk/internal/contract"
)

var workflowInfo = abi.Record(
	abi.In(abi.String, func(i *c.WorkflowInfo) *string { return &i.Namespace }),
	abi.In(abi.String, func(i *c.WorkflowInfo) *string { return &i.WorkflowID }),
	abi.In(abi.String, func(i *c.WorkflowInfo) *string { return &i.RunID }),
	abi.In(abi.String, func(i *c.WorkflowInfo) *string { return &i.FirstExecutionRunID }),
	abi.In(abi.String, func(i *c.WorkflowInfo) *string { return &i.WorkflowType }),
	abi.In(abi.String, func(i *c.WorkflowInfo) *string { return &i.TaskQueue }),
	abi.In(abi.U32, func(i *c.WorkflowInfo) *uint32 { return &i.Attempt }),
	abi.In(timestamp, func(i *c.WorkflowInfo) *time.Time { return &i.StartTime }),
	abi.In(optionalSpan, func(i *c.WorkflowInfo) **time.Duration { return &i.ExecutionTimeout }),
	abi.In(optionalSpan, func(i *c.WorkflowInfo) **time.Duration { return &i.RunTimeout }),
	abi.In(span, func(i *c.WorkflowInfo) *time.Duration { return &i.TaskTimeout }),
	abi.In(abi.Option(retryPolicy), func(i *c.WorkflowInfo) **c.RetryPolicy { return &i.RetryPolicy }),
	abi.In(optionalString, func(i *c.WorkflowInfo) **string { return &i.CronSchedule }),
	abi.In(fields, func(i *c.WorkflowInfo) *c.Fields { return &i.Memo }),
	abi.In(fields, func(i *c.WorkflowInfo) *c.Fields { return &i.SearchAttributes }),
	abi.In(abi.Option(priority), func(i *c.WorkflowInfo) **c.Priority { return &i.Priority }),
	abi.In(abi.Option(relatedExecution), func(i *c.WorkflowInfo) **c.RelatedExecution { return &i.Parent }),
	abi.In(relatedExecution, func(i *c.WorkflowInfo) *c.RelatedExecution { return &i.Root }),
	abi.In(optionalString, func(i *c.WorkflowInfo) **string { return &i.ContinuedRunID }),
	abi.In(optionalFailure, func(i *c.WorkflowInfo) **c.Failure { return &i.ContinuedFailure }),
	abi.In(payloads, func(i *c.WorkflowInfo) *[]*c.Payload { return &i.LastCompletionResult }),
)

var relatedExecution = abi.Record(
	abi.In(abi.String, func(r *c.RelatedExecution) *string { return &r.Namespace }),
	abi.In(abi.String, func(r *c.RelatedExecution) *string { return &r.WorkflowID }),
	abi.In(abi.String, func(r *c.RelatedExecution) *string { return &r.RunID }),
)

var optionalFailure = abi.Map(abi.Option(failure),
	func(f **c.Failure) *c.Failure {
		if f == nil {
			return nil
		}
		return *f
	},
	func(f *c.Failure) **c.Failure {
		if f == nil {
			return nil
		}
		return &f
	},
)

// job has the cases of guest.wit, in their order.
var job = abi.Variant(
	jobCase(abi.Record(
		abi.In(workflowInfo, func(s *c.Start) *c.WorkflowInfo { return &s.Info }),
		abi.In(payloads, func(s *c.Start) *[]*c.Payload { return &s.Input }),
		abi.In(fields, func(s *c.Start) *c.Fields { return &s.Header }),
	)),
	jobCase(abi.Record(abi.In(abi.U32, func(t *c.TimerFired) *uint32 { return &t.Seq }))),
	jobCase(abi.Record(
		abi.In(abi.U32, func(a *c.ActivityResolved) *uint32 { return &a.Seq }),
		abi.In(outcome(failure), func(a *c.ActivityResolved) *c.Outcome { return &a.Output }),
	)),
	jobCase(abi.Record(
		abi.In(abi.String, func(s *c.Signal) *string { return &s.Name }),
		abi.In(payloads, func(s *c.Signal) *[]*c.Payload { return &s.Input }),
		abi.In(abi.String, func(s *c.Signal) *string { return &s.Identity }),
		abi.In(fields, func(s *c.Signal) *c.Fields { return &s.Header }),
	)),
	jobCase(abi.Record(abi.In(abi.String, func(r *c.CancelRequested) *string { return &r.Reason }))),
	jobCase(abi.Record(
		abi.In(abi.U32, func(s *c.ChildWorkflowStarted) *uint32 { return &s.Seq }),
		abi.In(startOutcome, func(s *c.ChildWorkflowStarted) *c.StartOutcome { return &s.Outcome }),
	)),
	jobCase(abi.Record(
		abi.In(abi.U32, func(r *c.ChildWorkflowResolved) *uint32 { return &r.Seq }),
		abi.In(outcome(failure), func(r *c.ChildWorkflowResolved) *c.Outcome { return &r.Output }),
	)),
	jobCase(abi.Record(
		abi.In(abi.U32, func(r *c.ExternalResolved) *uint32 { return &r.Seq }),
		abi.In(done(failure), func(r *c.ExternalResolved) **c.Failure { return &r.Failure }),
	)),
	jobCase(abi.Record(
		abi.In(abi.String, func(u *c.Update) *string { return &u.ID }),
		abi.In(abi.String, func(u *c.Update) *string { return &u.Name }),
		abi.In(payloads, func(u *c.Update) *[]*c.Payload { return &u.Input }),
		abi.In(abi.String, func(u *c.Update) *string { return &u.Identity }),
		abi.In(fields, func(u *c.Update) *c.Fields { return &u.Header }),
	)),
)

var startOutcome = abi.Variant(
	abi.Of(abi.String,
		func(runID string) c.StartOutcome { return c.StartOutcome{RunID: runID} },
		func(o c.StartOutcome) (string, bool) { return o.RunID, o.Failure == nil }),
	abi.Of(failure,
		func(f *c.Failure) c.StartOutcome { return c.StartOutcome{Failure: f} },
		func(o c.StartOutcome) (*c.Failure, bool) { return o.Failure, o.Failure != nil }),
)

func jobCase[T any](typ abi.Type[T]) abi.Case[c.Job] {
	return abi.Of(typ,
		func(value T) c.Job { return &value },
		func(job c.Job) (value T, ok bool) {
			pointer, ok := job.(*T)
			if ok {
				value = *pointer
			}
			return value, ok
		},
	)
}
