package workflow

import (
	"time"

	"wrt.dev/sdk/internal/contract"
)

// TimerOptions say more about a timer.
type TimerOptions struct {
	// Summary is one line for people, shown beside the timer.
	Summary string
}

// Now is the time of the activation. In a component time.Now gives the same; in tests only Now knows of skipped time.
func Now(ctx Context) time.Time { return runOf(ctx).time }

// NewTimer starts a durable timer. Its future fails when the context is canceled before.
func NewTimer(ctx Context, d time.Duration) Future { return newTimer(ctx, d, TimerOptions{}) }

// NewTimerWithOptions starts a durable timer with options.
func NewTimerWithOptions(ctx Context, d time.Duration, options TimerOptions) Future {
	return newTimer(ctx, d, options)
}

func newTimer(ctx Context, d time.Duration, options TimerOptions) *future {
	r := runOf(ctx)
	if err := ctx.Err(); err != nil {
		return failed(r, err)
	}
	f := newFuture(r)
	if d <= 0 {
		f.resolve(nil, nil)
		return f
	}
	seq := r.issue(&contract.StartTimer{Duration: d, Summary: optionalText(options.Summary)})
	r.timers[seq] = f
	forget := onCancel(ctx, func(string) {
		delete(r.timers, seq)
		r.issue(&contract.CancelTimer{Seq: seq})
		f.resolve(nil, ErrCanceled)
	})
	f.then(forget)
	return f
}

// Sleep waits for a time, durably. It fails when the context is canceled before.
func Sleep(ctx Context, d time.Duration) error { return NewTimer(ctx, d).Get(ctx, nil) }

// Await waits until the condition holds, which is looked at whenever the workflow has done something. It fails when the
// context is canceled before.
func Await(ctx Context, condition func() bool) error {
	held := false
	runOf(ctx).dispatcher.waitUntil(func() bool {
		held = condition()
		return held || ctx.Err() != nil
	})
	if !held {
		return ErrCanceled
	}
	return nil
}

// AwaitOptions say how to wait.
type AwaitOptions struct {
	// Timeout bounds the wait.
	Timeout time.Duration
	// TimerOptions are those of the timer.
	TimerOptions TimerOptions
}

// AwaitWithTimeout waits no longer than a durable timer, which it starts unless the condition holds already. ok is false
// after the timeout.
func AwaitWithTimeout(ctx Context, timeout time.Duration, condition func() bool) (ok bool, err error) {
	return AwaitWithOptions(ctx, AwaitOptions{Timeout: timeout}, condition)
}

// AwaitWithOptions is AwaitWithTimeout with options.
func AwaitWithOptions(ctx Context, options AwaitOptions, condition func() bool) (ok bool, err error) {
	if condition() {
		return true, nil
	}
	timed, cancel := WithCancel(ctx)
	defer cancel()
	timer := newTimer(timed, options.Timeout, options.TimerOptions)
	held := false
	runOf(ctx).dispatcher.waitUntil(func() bool {
		held = condition()
		return held || timer.ready
	})
	if held {
		return true, nil
	}
	return false, timer.err
}
