package contract

import "time"

// Host is the runtime as a workflow sees it.
type Host interface {
	// Issue takes a command. It returns its sequence number, where a job answers it.
	Issue(command Command) uint32
	// Patched says whether the code after a change is to run.
	Patched(patchID string) bool
	// Log writes one line with named values.
	Log(level Level, message string, fields []Field)
}

// Level of a line of the log, in the order of the contract.
type Level uint8

// The levels.
const (
	LevelTrace Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
)

// Field is a named value of a line of the log.
type Field struct{ Name, Value string }

// Execution is a run in the making.
type Execution interface {
	// Activate takes in what happened and goes as far as it can. An error fails the workflow task; its text has the stack.
	Activate(activation Activation) error
	// Query answers a question about the state.
	Query(query Query) ([]*Payload, error)
	// Close ends the coroutines that still wait. Tests need it; a component is dropped as a whole.
	Close()
}

// HandlerDefinition describes a signal, a query, an update or an activity.
type HandlerDefinition struct {
	Name         string
	Description  string
	InputSchema  *string
	OutputSchema *string
}

// WorkflowDefinition describes a workflow type.
type WorkflowDefinition struct {
	HandlerDefinition
	Signals []HandlerDefinition
	Queries []HandlerDefinition
	Updates []HandlerDefinition
}

// ActivityTask is one attempt of one activity.
type ActivityTask struct {
	Namespace           string
	WorkflowID          string
	RunID               string
	WorkflowType        string
	ActivityID          string
	ActivityType        string
	TaskQueue           string
	Attempt             uint32
	IdempotencyKey      string
	Input               []*Payload
	HeartbeatDetails    []*Payload
	StartToCloseTimeout *time.Duration
	HeartbeatTimeout    *time.Duration
}

// ActivityHost is the runtime as an attempt of an activity sees it.
type ActivityHost interface {
	// Heartbeat returns true when the attempt is asked to stop.
	Heartbeat(details []*Payload) bool
	IsCancelRequested() bool
}

// SDKName and SDKVersion are what modules and failures are signed with.
const (
	SDKName    = "wrt-sdk-go"
	SDKVersion = "0.1.0"
)
