package workflow

import "slices"

// The locks and counters of this package are for coroutines. Those of package sync would block the goroutine below them,
// and with it the run.

// WaitGroup waits for a number of coroutines.
type WaitGroup interface {
	Add(delta int)
	Done()
	// Go starts a coroutine that counts.
	Go(ctx Context, f func(ctx Context))
	// Wait waits until the counter is 0, also when the context is canceled.
	Wait(ctx Context)
}

// NewWaitGroup makes one.
func NewWaitGroup(ctx Context) WaitGroup { return &waitGroup{run: runOf(ctx)} }

type waitGroup struct {
	run   *run
	count int
}

func (g *waitGroup) Add(delta int) {
	if g.count += delta; g.count < 0 {
		panic("workflow: the counter of a WaitGroup is negative")
	}
}

func (g *waitGroup) Done() { g.Add(-1) }

func (g *waitGroup) Go(ctx Context, f func(ctx Context)) {
	g.Add(1)
	Go(ctx, func(ctx Context) {
		defer g.Done()
		f(ctx)
	})
}

func (g *waitGroup) Wait(ctx Context) {
	g.run.dispatcher.waitUntil(func() bool { return g.count == 0 })
}

// Mutex is held by one coroutine at a time.
type Mutex interface {
	// Lock waits until the mutex is free, or fails when the context is canceled.
	Lock(ctx Context) error
	// TryLock does not wait.
	TryLock(ctx Context) bool
	Unlock()
	IsLocked() bool
}

// NewMutex makes one.
func NewMutex(ctx Context) Mutex { return &mutex{newSemaphore(runOf(ctx), 1)} }

type mutex struct{ semaphore *semaphore }

func (m *mutex) Lock(ctx Context) error   { return m.semaphore.Acquire(ctx, 1) }
func (m *mutex) TryLock(ctx Context) bool { return m.semaphore.TryAcquire(ctx, 1) }
func (m *mutex) IsLocked() bool           { return m.semaphore.used == 1 }

func (m *mutex) Unlock() {
	if m.semaphore.used == 0 {
		panic("workflow: Mutex.Unlock() was called on an unlocked mutex")
	}
	m.semaphore.Release(1)
}

// Semaphore is held n times at most.
type Semaphore interface {
	// Acquire waits for n places, in the order of the calls, or fails when the context is canceled.
	Acquire(ctx Context, n int64) error
	// TryAcquire does not wait.
	TryAcquire(ctx Context, n int64) bool
	Release(n int64)
}

// NewSemaphore makes one with n places.
func NewSemaphore(ctx Context, n int64) Semaphore { return newSemaphore(runOf(ctx), n) }

func newSemaphore(r *run, n int64) *semaphore { return &semaphore{run: r, places: n} }

type semaphore struct {
	run          *run
	places, used int64
	// queue has a ticket for each coroutine that waits.
	queue []int
	last  int
}

func (s *semaphore) Acquire(ctx Context, n int64) error {
	if s.TryAcquire(ctx, n) {
		return nil
	}
	s.last++
	ticket := s.last
	s.queue = append(s.queue, ticket)
	mine := func() bool { return s.queue[0] == ticket && s.used+n <= s.places }
	s.run.dispatcher.waitUntil(func() bool { return mine() || ctx.Err() != nil })
	acquired := mine()
	s.queue = slices.DeleteFunc(s.queue, func(other int) bool { return other == ticket })
	if !acquired {
		return ErrCanceled
	}
	s.used += n
	return nil
}

func (s *semaphore) TryAcquire(_ Context, n int64) bool {
	if len(s.queue) > 0 || s.used+n > s.places {
		return false
	}
	s.used += n
	return true
}

func (s *semaphore) Release(n int64) {
	if s.used -= n; s.used < 0 {
		panic("workflow: a semaphore was released more often than it was acquired")
	}
}
