package workflow

import (
	"bytes"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
)

// A run's code is coroutines of which one runs at a time, in the order in which they became ready. What waits is parked, so
// when no coroutine is ready the activation is over and nothing is left running.

// coroutine is a goroutine that runs only while the dispatcher lets it.
type coroutine struct {
	name       string
	dispatcher *dispatcher
	next       func() (struct{}, bool)
	stop       func()
	yield      func(struct{}) bool
	goroutine  string
	ready      bool
	done       bool
	stopped    bool
}

// dispatcher runs the coroutines of a run.
type dispatcher struct {
	ready      []*coroutine
	all        []*coroutine
	conditions []*condition
	current    *coroutine
	// ended says that nothing is to be run any more.
	ended func() bool
	// panicked is the panic that fails the workflow task.
	panicked error
}

// condition is what a coroutine waits for without being told.
type condition struct {
	coroutine *coroutine
	holds     func() bool
}

// errStopped unwinds a coroutine that is not needed any more.
var errStopped = fmt.Errorf("the run is over")

// spawn makes a coroutine that begins when its turn comes.
func (d *dispatcher) spawn(name string, f func()) { d.wake(d.make(name, f)) }

// begin makes a coroutine and lets it go as far as it can at once.
func (d *dispatcher) begin(name string, f func()) { d.resume(d.make(name, f)) }

func (d *dispatcher) make(name string, f func()) *coroutine {
	c := &coroutine{name: name, dispatcher: d}
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield, c.goroutine = yield, goroutineID()
		defer func() {
			c.done = true
			if p := recover(); p != nil && p != any(errStopped) {
				d.panicked = fmt.Errorf("panic: %v\n\ncoroutine %q:\n%s", p, name, debug.Stack())
			}
		}()
		f()
	})
	d.all = append(d.all, c)
	return c
}

func (d *dispatcher) wake(c *coroutine) {
	if !c.ready && !c.done {
		c.ready = true
		d.ready = append(d.ready, c)
	}
}

// runUntilIdle runs what is ready, and what that makes ready. Conditions are looked at when nothing is ready, one after the
// other, so that each holds when the coroutine that waits for it goes on.
func (d *dispatcher) runUntilIdle() error {
	for !d.ended() {
		if len(d.ready) == 0 && !d.wakeCondition() {
			break
		}
		c := d.ready[0]
		d.ready = d.ready[1:]
		c.ready = false
		d.resume(c)
		if d.panicked != nil {
			return d.panicked
		}
	}
	return nil
}

func (d *dispatcher) resume(c *coroutine) {
	before := d.current
	d.current = c
	c.next()
	d.current = before
	if c.done {
		for i := range d.all {
			if d.all[i] == c {
				d.all = append(d.all[:i], d.all[i+1:]...)
				break
			}
		}
	}
}

// wakeCondition wakes the first coroutine whose condition holds.
func (d *dispatcher) wakeCondition() bool {
	for i, condition := range d.conditions {
		if condition.holds() {
			d.conditions = append(d.conditions[:i:i], d.conditions[i+1:]...)
			d.wake(condition.coroutine)
			return true
		}
	}
	return false
}

// park lets the others run until somebody wakes the current coroutine.
func (d *dispatcher) park() {
	c := d.running()
	if c.stopped || !c.yield(struct{}{}) {
		c.stopped = true
		panic(errStopped)
	}
}

// running is the coroutine whose code this is.
func (d *dispatcher) running() *coroutine {
	c := d.current
	if c == nil {
		panic("a call of package workflow that waits was made where nothing may wait: in a query handler, an update validator, a " +
			"condition of Await, or a goroutine that was started with `go`; start coroutines with workflow.Go")
	}
	if c.goroutine != "" && c.goroutine != goroutineID() {
		panic("a call of package workflow was made in a goroutine that was started with `go`: the server does not know when it " +
			"runs; start coroutines with workflow.Go")
	}
	return c
}

// waitUntil parks the current coroutine until the condition holds.
func (d *dispatcher) waitUntil(holds func() bool) {
	for !holds() {
		d.conditions = append(d.conditions, &condition{d.running(), holds})
		d.park()
	}
}

// close ends what still waits, so that deferred functions run.
func (d *dispatcher) close() {
	for len(d.all) > 0 {
		c := d.all[len(d.all)-1]
		d.all = d.all[:len(d.all)-1]
		c.stopped = true
		before := d.current
		d.current = c
		c.stop()
		d.current = before
	}
}

// goroutineID is what the runtime calls the running goroutine.
func goroutineID() string {
	var buffer [40]byte
	words := buffer[:runtime.Stack(buffer[:], false)]
	words = bytes.TrimPrefix(words, []byte("goroutine "))
	if i := bytes.IndexByte(words, ' '); i > 0 {
		words = words[:i]
	}
	return string(words)
}

// waiters are coroutines that wait for one thing.
type waiters struct{ list []*waiter }

// waiter is a coroutine's wait, perhaps for several things of which the first one counts.
type waiter struct {
	coroutine *coroutine
	fired     bool
}

func (d *dispatcher) newWaiter() *waiter { return &waiter{coroutine: d.running()} }

func (w *waiter) fire() bool {
	if w.fired {
		return false
	}
	w.fired = true
	w.coroutine.dispatcher.wake(w.coroutine)
	return true
}

func (w *waiters) add(one *waiter) { w.list = append(w.list, one) }

func (w *waiters) remove(one *waiter) {
	for i := range w.list {
		if w.list[i] == one {
			w.list = append(w.list[:i], w.list[i+1:]...)
			return
		}
	}
}

// wakeAll wakes everybody, in the order in which they came.
func (w *waiters) wakeAll() {
	list := w.list
	w.list = nil
	for _, one := range list {
		one.fire()
	}
}
