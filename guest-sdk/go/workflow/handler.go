package workflow

import "strings"

// HandlerUnfinishedPolicy says what it means when the workflow ends while a handler is at work.
type HandlerUnfinishedPolicy int

// The policies.
const (
	// HandlerUnfinishedPolicyWarnAndAbandon writes a warning.
	HandlerUnfinishedPolicyWarnAndAbandon HandlerUnfinishedPolicy = iota
	// HandlerUnfinishedPolicyAbandon does not.
	HandlerUnfinishedPolicyAbandon
)

// runningHandler is a handler of a signal or an update that is at work.
type runningHandler struct {
	name   string
	policy HandlerUnfinishedPolicy
}

func (r *run) startHandler(ctx Context, name string, policy HandlerUnfinishedPolicy, f func(ctx Context)) {
	own := &runningHandler{name, policy}
	r.handlers = append(r.handlers, own)
	GoNamed(ctx, name, func(ctx Context) {
		defer func() {
			for i := range r.handlers {
				if r.handlers[i] == own {
					r.handlers = append(r.handlers[:i], r.handlers[i+1:]...)
					break
				}
			}
		}()
		f(ctx)
	})
}

// AllHandlersFinished is true when no handler of an update, nor one that SetSignalHandler has set, is at work. Await it
// before the workflow ends, so that no caller is left without an answer.
func AllHandlersFinished(ctx Context) bool { return len(runOf(ctx).handlers) == 0 }

func (r *run) warnOfUnfinishedHandlers() {
	var names []string
	for _, handler := range r.handlers {
		if handler.policy == HandlerUnfinishedPolicyWarnAndAbandon {
			names = append(names, handler.name)
		}
	}
	if len(names) > 0 {
		r.logger().Warn("the workflow ended while handlers were at work; await AllHandlersFinished before the end, or set "+
			"HandlerUnfinishedPolicyAbandon", "handlers", strings.Join(names, ", "))
	}
}
