package workflow

// Selector waits for the first of several things, as the select statement does. Of things that are there at the same time
// the one that was added first goes first.
type Selector interface {
	// AddReceive calls f when something can be received; f receives it.
	AddReceive(c ReceiveChannel, f func(c ReceiveChannel, more bool)) Selector
	// AddSend calls f when the value was sent.
	AddSend(c SendChannel, value any, f func()) Selector
	// AddFuture calls f, once, when the future is ready.
	AddFuture(future Future, f func(f Future)) Selector
	// AddDefault calls f when nothing else is there.
	AddDefault(f func())
	// Select waits for one thing.
	Select(ctx Context)
	// HasPending is true when Select would not wait.
	HasPending() bool
}

// NewSelector makes a selector.
func NewSelector(ctx Context) Selector { return NewNamedSelector(ctx, "") }

// NewNamedSelector makes a selector; the name is for people who read the code.
func NewNamedSelector(ctx Context, _ string) Selector { return &selector{run: runOf(ctx)} }

type selector struct {
	run      *run
	cases    []*selectCase
	fallback func()
}

// selectCase is one of the things.
type selectCase struct {
	isReady func() bool
	// fire takes the thing and calls the user's function.
	fire func()
	wait *waiters
	// once is set for cases that are gone once they have fired.
	once bool
}

func (s *selector) AddReceive(c ReceiveChannel, f func(c ReceiveChannel, more bool)) Selector {
	from := innerChannel(c)
	return s.add(&selectCase{
		isReady: from.canReceive,
		fire: func() {
			if f != nil {
				f(c, !from.closed || from.Len() > 0)
			}
		},
		wait: &from.selectors,
	})
}

func (s *selector) AddSend(c SendChannel, value any, f func()) Selector {
	to := innerChannel(c)
	return s.add(&selectCase{
		isReady: to.canSend,
		fire: func() {
			to.SendAsync(value)
			if f != nil {
				f()
			}
		},
		wait: &to.sendSelectors,
		once: true,
	})
}

func (s *selector) AddFuture(future Future, f func(f Future)) Selector {
	inner := innerFuture(future)
	return s.add(&selectCase{
		isReady: inner.IsReady,
		fire: func() {
			if f != nil {
				f(future)
			}
		},
		wait: &inner.waiters,
		once: true,
	})
}

func (s *selector) add(c *selectCase) Selector {
	s.cases = append(s.cases, c)
	return s
}

func (s *selector) AddDefault(f func()) { s.fallback = f }

func (s *selector) HasPending() bool { return s.firstReady() >= 0 || s.fallback != nil }

func (s *selector) firstReady() int {
	for i, c := range s.cases {
		if c.isReady() {
			return i
		}
	}
	return -1
}

func (s *selector) Select(ctx Context) {
	for {
		if i := s.firstReady(); i >= 0 {
			chosen := s.cases[i]
			if chosen.once {
				s.cases = append(s.cases[:i:i], s.cases[i+1:]...)
			}
			chosen.fire()
			return
		}
		if s.fallback != nil {
			s.fallback()
			return
		}
		own := s.run.dispatcher.newWaiter()
		for _, c := range s.cases {
			c.wait.add(own)
		}
		s.run.dispatcher.park()
		for _, c := range s.cases {
			c.wait.remove(own)
		}
	}
}

// innerChannel is the channel behind one of those that this package hands out.
func innerChannel(c interface{ Name() string }) *channel {
	inner, ok := c.(*channel)
	if !ok {
		panic("workflow: this is not a channel of this package")
	}
	return inner
}
