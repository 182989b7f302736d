package workflow

import (
	"fmt"
	"time"

	"wrt.dev/sdk/temporal"
)

// Context carries the run, its options and its cancellation through the calls of a workflow, as context.Context does in
// other programs.
type Context interface {
	// Deadline is that of WithTimeout, if there is one.
	Deadline() (deadline time.Time, ok bool)
	// Done is closed when the context is canceled.
	Done() Channel
	// Err is nil until then.
	Err() error
	// Value is what WithValue has set.
	Value(key any) any
}

// CancelFunc cancels a context.
type CancelFunc func()

var (
	// ErrCanceled is the error of canceled contexts.
	ErrCanceled = temporal.NewCanceledError()
	// ErrDeadlineExceeded is the error of contexts whose time is over.
	ErrDeadlineExceeded = temporal.NewTimeoutError(temporal.TimeoutTypeScheduleToClose, nil)
)

type contextKey int

const (
	runKey contextKey = iota
	scopeKey
	activityOptionsKey
	localActivityOptionsKey
	childOptionsKey
	updateInfoKey
	continueOptionsKey
)

type rootContext struct{ run *run }

func (rootContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (rootContext) Done() Channel               { return nil }
func (rootContext) Err() error                  { return nil }
func (c rootContext) Value(key any) any {
	if key == runKey {
		return c.run
	}
	return nil
}

func runOf(ctx Context) *run {
	if ctx == nil {
		panic("workflow: the context is nil; pass on the one that the workflow got")
	}
	r, ok := ctx.Value(runKey).(*run)
	if !ok {
		panic("workflow: this context is not that of a workflow")
	}
	return r
}

type valueContext struct {
	Context
	key, value any
}

func (c *valueContext) Value(key any) any {
	if key == c.key {
		return c.value
	}
	return c.Context.Value(key)
}

// WithValue returns a context that has a value for a key.
func WithValue(parent Context, key, value any) Context { return &valueContext{parent, key, value} }

// scope is what can be canceled as one.
type scope struct {
	Context
	done   *channel
	err    error
	reason string
	// hooks are called upon cancellation, in the order in which they came.
	hooks    []*hook
	deadline time.Time
}

type hook struct{ cancel func(reason string) }

func newScope(parent Context) *scope {
	return &scope{Context: parent, done: newChannel(runOf(parent), "done", 0)}
}

func (s *scope) Done() Channel { return s.done }
func (s *scope) Err() error    { return s.err }
func (s *scope) Value(key any) any {
	if key == scopeKey {
		return s
	}
	return s.Context.Value(key)
}

func (s *scope) Deadline() (time.Time, bool) {
	if !s.deadline.IsZero() {
		return s.deadline, true
	}
	return s.Context.Deadline()
}

func (s *scope) cancel(err error, reason string) {
	if s.err != nil {
		return
	}
	s.err, s.reason = err, reason
	s.done.Close()
	for len(s.hooks) > 0 {
		first := s.hooks[0]
		s.hooks = s.hooks[1:]
		first.cancel(reason)
	}
}

// onCancel has f called when the context is canceled, until the function that it returns is called.
func onCancel(ctx Context, f func(reason string)) (forget func()) {
	s, ok := ctx.Value(scopeKey).(*scope)
	if !ok || s == nil {
		return func() {}
	}
	own := &hook{f}
	s.hooks = append(s.hooks, own)
	return func() {
		for i := range s.hooks {
			if s.hooks[i] == own {
				s.hooks = append(s.hooks[:i], s.hooks[i+1:]...)
				return
			}
		}
	}
}

// WithCancel returns a context that can be canceled by itself, and is canceled with its parent.
func WithCancel(parent Context) (Context, CancelFunc) {
	s := newScope(parent)
	s.follow(parent)
	return s, func() { s.cancel(ErrCanceled, "") }
}

func (s *scope) follow(parent Context) {
	if err := parent.Err(); err != nil {
		s.cancel(err, "")
		return
	}
	onCancel(parent, func(reason string) { s.cancel(ErrCanceled, reason) })
}

// WithTimeout returns a context that is canceled after the time, which a durable timer measures. Call the CancelFunc when
// the work is done: it also cancels the timer.
func WithTimeout(parent Context, timeout time.Duration) (Context, CancelFunc) {
	s := newScope(parent)
	s.follow(parent)
	s.deadline = Now(parent).Add(timeout)
	timer := newTimer(s, timeout, TimerOptions{})
	timer.then(func() {
		if timer.err == nil {
			s.cancel(ErrDeadlineExceeded, "the time is over")
		}
	})
	return s, func() { s.cancel(ErrCanceled, "") }
}

// NewDisconnectedContext returns a context that is not canceled with its parent: what cleans up after a cancellation needs it.
func NewDisconnectedContext(parent Context) (Context, CancelFunc) {
	s := newScope(parent)
	return s, func() { s.cancel(ErrCanceled, "") }
}

// Go starts a coroutine. It begins when the current one waits.
func Go(ctx Context, f func(ctx Context)) {
	r := runOf(ctx)
	r.coroutines++
	GoNamed(ctx, fmt.Sprint(r.coroutines), f)
}

// GoNamed starts a coroutine with a name, which stack traces show.
func GoNamed(ctx Context, name string, f func(ctx Context)) {
	runOf(ctx).dispatcher.spawn(name, func() { f(ctx) })
}
