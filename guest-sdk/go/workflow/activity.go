package workflow

import (
	"errors"
	"time"

	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/temporal"
)

// ActivityOptions say how activities are run. One of StartToCloseTimeout and ScheduleToCloseTimeout has to be set.
type ActivityOptions struct {
	// TaskQueue is that of the workflow by default.
	TaskQueue string
	// ScheduleToCloseTimeout bounds the time from scheduling to the end, over all attempts.
	ScheduleToCloseTimeout time.Duration
	// ScheduleToStartTimeout bounds the wait for a worker.
	ScheduleToStartTimeout time.Duration
	// StartToCloseTimeout bounds a single attempt.
	StartToCloseTimeout time.Duration
	// HeartbeatTimeout bounds the silence between two heartbeats.
	HeartbeatTimeout time.Duration
	// WaitForCancellation makes the future of a canceled activity wait for how it ends; else it fails at once.
	WaitForCancellation bool
	// ActivityID is unique among the open activities of the run; the sequence number by default.
	ActivityID string
	// RetryPolicy says how often and how fast a failed attempt is repeated.
	RetryPolicy *temporal.RetryPolicy
	// DisableEagerExecution has no meaning here.
	DisableEagerExecution bool
	// Summary is one line for people, shown beside the activity.
	Summary string
	// Priority says who goes first among the tasks of the queue.
	Priority temporal.Priority
}

// LocalActivityOptions say how local activities are run.
type LocalActivityOptions struct {
	// ScheduleToCloseTimeout bounds the time from the call to the end, over all attempts.
	ScheduleToCloseTimeout time.Duration
	// StartToCloseTimeout bounds a single attempt.
	StartToCloseTimeout time.Duration
	// RetryPolicy says how often and how fast a failed attempt is repeated.
	RetryPolicy *temporal.RetryPolicy
	// ActivityID is unique among the open activities of the run; the sequence number by default.
	ActivityID string
}

// WithActivityOptions returns a context whose activities have the options.
func WithActivityOptions(ctx Context, options ActivityOptions) Context {
	return WithValue(ctx, activityOptionsKey, options)
}

// WithLocalActivityOptions returns a context whose local activities have the options.
func WithLocalActivityOptions(ctx Context, options LocalActivityOptions) Context {
	return WithValue(ctx, localActivityOptionsKey, options)
}

// GetActivityOptions returns those of the context.
func GetActivityOptions(ctx Context) ActivityOptions {
	options, _ := ctx.Value(activityOptionsKey).(ActivityOptions)
	return options
}

// GetLocalActivityOptions returns those of the context.
func GetLocalActivityOptions(ctx Context) LocalActivityOptions {
	options, _ := ctx.Value(localActivityOptionsKey).(LocalActivityOptions)
	return options
}

// WithRetryPolicy returns a context whose activities, local ones too, have the policy.
func WithRetryPolicy(ctx Context, policy temporal.RetryPolicy) Context {
	options, local := GetActivityOptions(ctx), GetLocalActivityOptions(ctx)
	options.RetryPolicy, local.RetryPolicy = &policy, &policy
	return WithLocalActivityOptions(WithActivityOptions(ctx, options), local)
}

// WithTaskQueue returns a context whose activities go to another queue.
func WithTaskQueue(ctx Context, name string) Context {
	options := GetActivityOptions(ctx)
	options.TaskQueue = name
	return WithActivityOptions(ctx, options)
}

// WithStartToCloseTimeout returns a context whose activities have another bound for an attempt.
func WithStartToCloseTimeout(ctx Context, d time.Duration) Context {
	options := GetActivityOptions(ctx)
	options.StartToCloseTimeout = d
	return WithActivityOptions(ctx, options)
}

// WithScheduleToCloseTimeout returns a context whose activities have another bound for all attempts.
func WithScheduleToCloseTimeout(ctx Context, d time.Duration) Context {
	options := GetActivityOptions(ctx)
	options.ScheduleToCloseTimeout = d
	return WithActivityOptions(ctx, options)
}

// WithHeartbeatTimeout returns a context whose activities have another bound for silence.
func WithHeartbeatTimeout(ctx Context, d time.Duration) Context {
	options := GetActivityOptions(ctx)
	options.HeartbeatTimeout = d
	return WithActivityOptions(ctx, options)
}

// WithWaitForCancellation returns a context whose canceled activities are waited for.
func WithWaitForCancellation(ctx Context, wait bool) Context {
	options := GetActivityOptions(ctx)
	options.WaitForCancellation = wait
	return WithActivityOptions(ctx, options)
}

var errNoTimeout = errors.New("an activity needs a StartToCloseTimeout or a ScheduleToCloseTimeout: set one with " +
	"workflow.WithActivityOptions")

// ExecuteActivity schedules an activity, given by its function or its name, and returns the future of its result.
func ExecuteActivity(ctx Context, activity any, args ...any) Future {
	r, options := runOf(ctx), GetActivityOptions(ctx)
	if options.StartToCloseTimeout == 0 && options.ScheduleToCloseTimeout == 0 {
		return failed(r, errNoTimeout)
	}
	return r.schedule(ctx, activity, args, options.WaitForCancellation,
		func(name string, input []*contract.Payload) contract.Command {
			return &contract.ScheduleActivity{Type: name, Input: input, Options: contract.ActivityOptions{
				ActivityID:             optionalText(options.ActivityID),
				TaskQueue:              optionalText(options.TaskQueue),
				ScheduleToCloseTimeout: optionalDuration(options.ScheduleToCloseTimeout),
				ScheduleToStartTimeout: optionalDuration(options.ScheduleToStartTimeout),
				StartToCloseTimeout:    optionalDuration(options.StartToCloseTimeout),
				HeartbeatTimeout:       optionalDuration(options.HeartbeatTimeout),
				RetryPolicy:            options.RetryPolicy.ToContract(),
				Priority:               options.Priority.ToContract(),
				Summary:                optionalText(options.Summary),
			}}
		})
}

// ExecuteLocalActivity runs a short activity within the workflow task: only its outcome is written into the history. The
// server runs it, from the components that serve the task queue of the workflow.
func ExecuteLocalActivity(ctx Context, activity any, args ...any) Future {
	r, options := runOf(ctx), GetLocalActivityOptions(ctx)
	return r.schedule(ctx, activity, args, false, func(name string, input []*contract.Payload) contract.Command {
		return &contract.ScheduleLocalActivity{Type: name, Input: input, Options: contract.LocalActivityOptions{
			ActivityID:             optionalText(options.ActivityID),
			ScheduleToCloseTimeout: optionalDuration(options.ScheduleToCloseTimeout),
			StartToCloseTimeout:    optionalDuration(options.StartToCloseTimeout),
			RetryPolicy:            options.RetryPolicy.ToContract(),
		}}
	})
}

func (r *run) schedule(ctx Context, activity any, args []any, wait bool,
	command func(name string, input []*contract.Payload) contract.Command) *future {
	name, err := r.registry.NameOf(activity)
	if err != nil {
		return failed(r, err)
	}
	input, err := encode(args)
	if err != nil {
		return failed(r, err)
	}
	if err := ctx.Err(); err != nil {
		return failed(r, err)
	}
	f := newFuture(r)
	seq := r.issue(command(name, input))
	r.activities[seq] = f
	forget := onCancel(ctx, func(string) {
		r.issue(&contract.RequestCancelActivity{Seq: seq})
		if !wait {
			delete(r.activities, seq)
			f.resolve(nil, ErrCanceled)
		}
	})
	f.then(forget)
	return f
}
