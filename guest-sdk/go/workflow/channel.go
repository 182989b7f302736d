package workflow

import (
	"time"

	"wrt.dev/sdk/converter"
)

// Channel is for coroutines what Go's channels are for goroutines.
type Channel interface {
	SendChannel
	ReceiveChannel
}

// ReceiveChannel is the side that receives.
type ReceiveChannel interface {
	// Name is that of NewNamedChannel, or the signal's.
	Name() string
	// Receive waits for a value and stores it where the pointer points to, which may be nil. more is false when the channel
	// is closed and empty.
	Receive(ctx Context, valuePtr any) (more bool)
	// ReceiveWithTimeout waits no longer than a durable timer.
	ReceiveWithTimeout(ctx Context, timeout time.Duration, valuePtr any) (ok, more bool)
	// ReceiveAsync does not wait; false when there is nothing.
	ReceiveAsync(valuePtr any) (ok bool)
	// ReceiveAsyncWithMoreFlag also tells whether the channel is closed.
	ReceiveAsyncWithMoreFlag(valuePtr any) (ok, more bool)
	// Len is the number of values that are there, with those of senders that wait.
	Len() int
}

// SendChannel is the side that sends.
type SendChannel interface {
	Name() string
	// Send waits until the value has a place.
	Send(ctx Context, value any)
	// SendAsync does not wait; false when there is no place.
	SendAsync(value any) (ok bool)
	// Close says that nothing more is sent.
	Close()
	Len() int
}

type channel struct {
	run      *run
	name     string
	capacity int
	buffer   []any
	closed   bool
	senders  []*sender
	// receivers wait in Receive and take a value at once; selectors only want to know that there is something.
	receivers []*receiver
	selectors waiters
	// sendSelectors want to know that there is a place.
	sendSelectors waiters
	// decodes is set where values are payloads of a signal.
	decodes bool
}

type sender struct {
	*waiter
	value any
}

type receiver struct {
	*waiter
	value any
	more  bool
}

// NewChannel makes a channel without a buffer.
func NewChannel(ctx Context) Channel { return newChannel(runOf(ctx), "", 0) }

// NewNamedChannel makes one with a name.
func NewNamedChannel(ctx Context, name string) Channel { return newChannel(runOf(ctx), name, 0) }

// NewBufferedChannel makes a channel with places for size values.
func NewBufferedChannel(ctx Context, size int) Channel { return newChannel(runOf(ctx), "", size) }

// NewNamedBufferedChannel makes one with a name.
func NewNamedBufferedChannel(ctx Context, name string, size int) Channel {
	return newChannel(runOf(ctx), name, size)
}

func newChannel(r *run, name string, capacity int) *channel {
	return &channel{run: r, name: name, capacity: capacity}
}

func (c *channel) Name() string { return c.name }
func (c *channel) Len() int     { return len(c.buffer) + len(c.senders) }

func (c *channel) Send(ctx Context, value any) {
	if c.SendAsync(value) {
		return
	}
	own := &sender{c.run.dispatcher.newWaiter(), value}
	c.senders = append(c.senders, own)
	c.selectors.wakeAll()
	for !own.fired {
		c.run.dispatcher.park()
	}
}

func (c *channel) SendAsync(value any) bool {
	if c.closed {
		panic("workflow: a value was sent on a closed channel")
	}
	for len(c.receivers) > 0 {
		first := c.receivers[0]
		c.receivers = c.receivers[1:]
		if first.fire() {
			first.value, first.more = value, true
			return true
		}
	}
	if len(c.buffer) >= c.capacity {
		return false
	}
	c.buffer = append(c.buffer, value)
	c.selectors.wakeAll()
	return true
}

func (c *channel) Close() {
	if c.closed {
		return
	}
	c.closed = true
	for _, one := range c.receivers {
		one.fire()
	}
	c.receivers = nil
	c.selectors.wakeAll()
}

func (c *channel) canReceive() bool { return len(c.buffer) > 0 || len(c.senders) > 0 || c.closed }

func (c *channel) canSend() bool { return len(c.receivers) > 0 || len(c.buffer) < c.capacity }

// take gives what is there without waiting.
func (c *channel) take() (value any, ok bool) {
	if len(c.buffer) > 0 {
		value = c.buffer[0]
		c.buffer[0] = nil
		c.buffer = c.buffer[1:]
		if len(c.senders) > 0 {
			c.buffer = append(c.buffer, c.senders[0].value)
			c.admitSender()
		}
		c.sendSelectors.wakeAll()
		return value, true
	}
	if len(c.senders) > 0 {
		value = c.senders[0].value
		c.admitSender()
		return value, true
	}
	return nil, false
}

func (c *channel) admitSender() {
	first := c.senders[0]
	c.senders = c.senders[1:]
	first.fire()
}

func (c *channel) Receive(ctx Context, valuePtr any) (more bool) {
	for {
		value, more := c.receive()
		if !more {
			return false
		}
		if c.assign(value, valuePtr) {
			return true
		}
	}
}

func (c *channel) receive() (value any, more bool) {
	if value, ok := c.take(); ok {
		return value, true
	}
	if c.closed {
		return nil, false
	}
	own := &receiver{waiter: c.run.dispatcher.newWaiter()}
	c.receivers = append(c.receivers, own)
	c.sendSelectors.wakeAll()
	for !own.fired {
		c.run.dispatcher.park()
	}
	return own.value, own.more
}

func (c *channel) ReceiveAsync(valuePtr any) bool {
	ok, _ := c.ReceiveAsyncWithMoreFlag(valuePtr)
	return ok
}

func (c *channel) ReceiveAsyncWithMoreFlag(valuePtr any) (ok, more bool) {
	for {
		value, ok := c.take()
		if !ok {
			return false, !c.closed
		}
		if c.assign(value, valuePtr) {
			return true, true
		}
	}
}

func (c *channel) ReceiveWithTimeout(ctx Context, timeout time.Duration, valuePtr any) (ok, more bool) {
	if ok, more := c.ReceiveAsyncWithMoreFlag(valuePtr); ok || !more {
		return ok, more
	}
	timed, cancel := WithCancel(ctx)
	defer cancel()
	over := false
	NewSelector(ctx).
		AddReceive(c, func(ReceiveChannel, bool) { ok, more = c.ReceiveAsyncWithMoreFlag(valuePtr) }).
		AddFuture(NewTimer(timed, timeout), func(Future) { over = true }).
		Select(ctx)
	if over {
		return false, true
	}
	return ok, more
}

// assign stores a value. A signal whose payload does not fit is dropped, and written into the log: its sender is not the
// one who would see an error.
func (c *channel) assign(value, valuePtr any) bool {
	if !c.decodes {
		store(value, valuePtr)
		return true
	}
	payloads, _ := value.([]*converter.Payload)
	if valuePtr == nil || len(payloads) == 0 {
		return true
	}
	if err := converter.GetDefaultDataConverter().FromPayloads(payloads, valuePtr); err != nil {
		c.run.logger().Error("a signal was dropped: its payload does not fit", "signal", c.name, "error", err)
		return false
	}
	return true
}
