// Package activity is for the side that does the work: ordinary functions with a context.Context.
package activity

import (
	"context"
	"errors"
	"time"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/logfields"
	"wrt.dev/sdk/internal/registry"
	"wrt.dev/sdk/log"
)

// RegisterOptions say more about an activity type.
type RegisterOptions struct {
	// Name is that of the function by default; for the methods of a struct it is a prefix.
	Name string
	// DisableAlreadyRegisteredCheck lets a later activity replace one of the same name.
	DisableAlreadyRegisteredCheck bool
	// SkipInvalidStructFunctions leaves out methods that cannot be activities.
	SkipInvalidStructFunctions bool
}

// Register is for the SDK's own packages.
func Register(types *registry.Registry, activity any, options RegisterOptions) {
	types.AddActivity(activity, registry.ActivityOptions(options))
}

// Type names an activity type.
type Type struct{ Name string }

// WorkflowType names a workflow type.
type WorkflowType struct{ Name string }

// WorkflowExecution names a run.
type WorkflowExecution struct {
	ID    string
	RunID string
}

// Info has the facts about an attempt.
type Info struct {
	WorkflowType      *WorkflowType
	WorkflowNamespace string
	WorkflowExecution WorkflowExecution
	// ActivityID is unique among the open activities of the run.
	ActivityID   string
	ActivityType Type
	TaskQueue    string
	// Attempt is 1 for the first one.
	Attempt int32
	// IdempotencyKey is the same for every attempt of this activity and for no other one: send it along, and effects happen once.
	IdempotencyKey string
	// StartToCloseTimeout bounds this attempt; 0 when nothing does.
	StartToCloseTimeout time.Duration
	// HeartbeatTimeout bounds the silence between two heartbeats; 0 when nothing does.
	HeartbeatTimeout time.Duration
	// StartedTime is when this attempt began here.
	StartedTime time.Time
	// Deadline is when StartToCloseTimeout is over; zero when there is none.
	Deadline time.Time
}

// ErrResultPending would leave an activity open for somebody else to complete, by its task token. Attempts run inside of
// the server and have no token: the attempt fails with an error that says so. Complete such work with a signal or an
// update of the workflow instead.
var ErrResultPending = errors.New("activity.ErrResultPending is not available: attempts run inside of the server and have no " +
	"task token; complete such work with a signal or an update of the workflow")

type attemptKey struct{}

// attempt is what the context of an activity carries.
type attempt struct {
	info   Info
	host   contract.ActivityHost
	last   []*contract.Payload
	cancel context.CancelFunc
}

func attemptOf(ctx context.Context) *attempt {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		panic("activity: this context is not that of an activity; pass on the one that the activity got")
	}
	return a
}

// IsActivity is true for the context of an activity.
func IsActivity(ctx context.Context) bool {
	_, ok := ctx.Value(attemptKey{}).(*attempt)
	return ok
}

// GetInfo returns the facts about the attempt.
func GetInfo(ctx context.Context) Info { return attemptOf(ctx).info }

// RecordHeartbeat says that the attempt is alive, and how far it is. When the attempt is asked to stop, its context is
// canceled: look at ctx.Err() or ctx.Done() after it.
func RecordHeartbeat(ctx context.Context, details ...any) {
	a := attemptOf(ctx)
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(details...)
	if err != nil {
		panic(err)
	}
	if a.host.Heartbeat(payloads) {
		a.cancel()
	}
}

// IsCancelRequested is true when the attempt is asked to stop; it cancels the context, as a heartbeat does, without one.
func IsCancelRequested(ctx context.Context) bool {
	a := attemptOf(ctx)
	if a.host.IsCancelRequested() {
		a.cancel()
		return true
	}
	return false
}

// HasHeartbeatDetails is true when an attempt before has recorded a heartbeat with details.
func HasHeartbeatDetails(ctx context.Context) bool { return len(attemptOf(ctx).last) > 0 }

// GetHeartbeatDetails reads the details of the last heartbeat of the attempts before.
func GetHeartbeatDetails(ctx context.Context, valuePtrs ...any) error {
	return converter.NewValues(attemptOf(ctx).last, converter.GetDefaultDataConverter()).Get(valuePtrs...)
}

// GetLogger returns a logger that names the activity in each line.
func GetLogger(ctx context.Context) log.Logger {
	info := attemptOf(ctx).info
	return log.With(printed{}, "activity_type", info.ActivityType.Name, "attempt", info.Attempt)
}

// printed writes lines to the attempt's output, which the server logs.
type printed struct{}

func (printed) Debug(msg string, keyvals ...any) { print("DEBUG", msg, keyvals) }
func (printed) Info(msg string, keyvals ...any)  { print("INFO", msg, keyvals) }
func (printed) Warn(msg string, keyvals ...any)  { print("WARN", msg, keyvals) }
func (printed) Error(msg string, keyvals ...any) { print("ERROR", msg, keyvals) }

func print(level, msg string, keyvals []any) {
	line := level + " " + msg
	for _, field := range logfields.Of(keyvals) {
		line += " " + field.Name + "=" + field.Value
	}
	println(line)
}
