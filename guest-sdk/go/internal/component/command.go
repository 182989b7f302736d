package component

import (
	"time"

	"wrt.dev/sdk/internal/abi"
	c "wrt.dev/sdk/internal/contract"
)

// Calls with more than sixteen flat parameters pass the address of a record of all of them.

var scheduleParams = abi.Record(
	abi.In(abi.String, func(s *c.ScheduleActivity) *string { return &s.Type }),
	abi.In(payloads, func(s *c.ScheduleActivity) *[]*c.Payload { return &s.Input }),
	abi.In(activityOptions, func(s *c.ScheduleActivity) *c.ActivityOptions { return &s.Options }),
)

var activityOptions = abi.Record(
	abi.In(optionalString, func(o *c.ActivityOptions) **string { return &o.ActivityID }),
	abi.In(optionalString, func(o *c.ActivityOptions) **string { return &o.TaskQueue }),
	abi.In(optionalSpan, func(o *c.ActivityOptions) **time.Duration { return &o.ScheduleToCloseTimeout }),
	abi.In(optionalSpan, func(o *c.ActivityOptions) **time.Duration { return &o.ScheduleToStartTimeout }),
	abi.In(optionalSpan, func(o *c.ActivityOptions) **time.Duration { return &o.StartToCloseTimeout }),
	abi.In(optionalSpan, func(o *c.ActivityOptions) **time.Duration { return &o.HeartbeatTimeout }),
	abi.In(abi.Option(retryPolicy), func(o *c.ActivityOptions) **c.RetryPolicy { return &o.RetryPolicy }),
	abi.In(fields, func(o *c.ActivityOptions) *c.Fields { return &o.Header }),
	abi.In(abi.Option(priority), func(o *c.ActivityOptions) **c.Priority { return &o.Priority }),
	abi.In(optionalString, func(o *c.ActivityOptions) **string { return &o.Summary }),
)

var scheduleLocalParams = abi.Record(
	abi.In(abi.String, func(s *c.ScheduleLocalActivity) *string { return &s.Type }),
	abi.In(payloads, func(s *c.ScheduleLocalActivity) *[]*c.Payload { return &s.Input }),
	abi.In(localActivityOptions, func(s *c.ScheduleLocalActivity) *c.LocalActivityOptions { return &s.Options }),
)

var localActivityOptions = abi.Record(
	abi.In(optionalString, func(o *c.LocalActivityOptions) **string { return &o.ActivityID }),
	abi.In(optionalSpan, func(o *c.LocalActivityOptions) **time.Duration { return &o.ScheduleToCloseTimeout }),
	abi.In(optionalSpan, func(o *c.LocalActivityOptions) **time.Duration { return &o.StartToCloseTimeout }),
	abi.In(abi.Option(retryPolicy), func(o *c.LocalActivityOptions) **c.RetryPolicy { return &o.RetryPolicy }),
)

var startChildParams = abi.Record(
	abi.In(abi.String, func(s *c.StartChildWorkflow) *string { return &s.Type }),
	abi.In(payloads, func(s *c.StartChildWorkflow) *[]*c.Payload { return &s.Input }),
	abi.In(childWorkflowOptions, func(s *c.StartChildWorkflow) *c.ChildWorkflowOptions { return &s.Options }),
)

var childWorkflowOptions = abi.Record(
	abi.In(optionalString, func(o *c.ChildWorkflowOptions) **string { return &o.WorkflowID }),
	abi.In(optionalString, func(o *c.ChildWorkflowOptions) **string { return &o.TaskQueue }),
	abi.In(optionalSpan, func(o *c.ChildWorkflowOptions) **time.Duration { return &o.ExecutionTimeout }),
	abi.In(optionalSpan, func(o *c.ChildWorkflowOptions) **time.Duration { return &o.RunTimeout }),
	abi.In(optionalSpan, func(o *c.ChildWorkflowOptions) **time.Duration { return &o.TaskTimeout }),
	abi.In(abi.Enum[c.ParentClosePolicy](), func(o *c.ChildWorkflowOptions) *c.ParentClosePolicy {
		return &o.ParentClosePolicy
	}),
	abi.In(abi.Enum[c.IDReusePolicy](), func(o *c.ChildWorkflowOptions) *c.IDReusePolicy { return &o.IDReusePolicy }),
	abi.In(abi.Option(retryPolicy), func(o *c.ChildWorkflowOptions) **c.RetryPolicy { return &o.RetryPolicy }),
	abi.In(optionalString, func(o *c.ChildWorkflowOptions) **string { return &o.CronSchedule }),
	abi.In(fields, func(o *c.ChildWorkflowOptions) *c.Fields { return &o.Header }),
	abi.In(fields, func(o *c.ChildWorkflowOptions) *c.Fields { return &o.Memo }),
	abi.In(fields, func(o *c.ChildWorkflowOptions) *c.Fields { return &o.SearchAttributes }),
	abi.In(abi.Option(priority), func(o *c.ChildWorkflowOptions) **c.Priority { return &o.Priority }),
	abi.In(optionalString, func(o *c.ChildWorkflowOptions) **string { return &o.Summary }),
)

var continueParams = abi.Record(
	abi.In(payloads, func(s *c.ContinueAsNew) *[]*c.Payload { return &s.Input }),
	abi.In(continueAsNewOptions, func(s *c.ContinueAsNew) *c.ContinueAsNewOptions { return &s.Options }),
)

var continueAsNewOptions = abi.Record(
	abi.In(optionalString, func(o *c.ContinueAsNewOptions) **string { return &o.WorkflowType }),
	abi.In(optionalString, func(o *c.ContinueAsNewOptions) **string { return &o.TaskQueue }),
	abi.In(optionalSpan, func(o *c.ContinueAsNewOptions) **time.Duration { return &o.RunTimeout }),
	abi.In(optionalSpan, func(o *c.ContinueAsNewOptions) **time.Duration { return &o.TaskTimeout }),
	abi.In(abi.Option(retryPolicy), func(o *c.ContinueAsNewOptions) **c.RetryPolicy { return &o.RetryPolicy }),
	abi.In(fields, func(o *c.ContinueAsNewOptions) *c.Fields { return &o.Header }),
	abi.In(optionalFields, func(o *c.ContinueAsNewOptions) *c.Fields { return &o.Memo }),
	abi.In(optionalFields, func(o *c.ContinueAsNewOptions) *c.Fields { return &o.SearchAttributes }),
)

// optionalFields are none when the map is nil.
var optionalFields = abi.Map(abi.Option(fields),
	func(f *c.Fields) c.Fields {
		if f == nil {
			return nil
		}
		return *f
	},
	func(f c.Fields) *c.Fields {
		if f == nil {
			return nil
		}
		return &f
	},
)
