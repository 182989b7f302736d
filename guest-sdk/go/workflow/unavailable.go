package workflow

import "errors"

// What Temporal's SDK for Go has and this runtime has not. Each says what to do instead.

// ErrSessionUnavailable is the error of sessions.
var ErrSessionUnavailable = errors.New("workflow.CreateSession is not available: activities run in the server and share no " +
	"process; give the activities of a worker a task queue of their own, and name it in ActivityOptions.TaskQueue")

// SessionOptions have no meaning here.
type SessionOptions struct{}

// CreateSession is not available; see ErrSessionUnavailable.
func CreateSession(Context, *SessionOptions) (Context, error) { return nil, ErrSessionUnavailable }

// CompleteSession does nothing, because no session can be created.
func CompleteSession(Context) {}

// NewNexusClient is not available: it panics.
func NewNexusClient(string, string) any {
	panic("workflow.NewNexusClient is not available: there is no Nexus here; call an activity or a child workflow instead")
}
