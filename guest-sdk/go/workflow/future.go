package workflow

import (
	"errors"
	"fmt"
	"reflect"

	"wrt.dev/sdk/converter"
)

// Future is a result that may come later.
type Future interface {
	// Get waits for the result and stores it where the pointer points to, which may be nil.
	Get(ctx Context, valuePtr any) error
	// IsReady is true when Get does not wait.
	IsReady() bool
}

// Settable gives a Future its result.
type Settable interface {
	Set(value any, err error)
	SetValue(value any)
	SetError(err error)
	// Chain passes on the result of another future when it comes.
	Chain(future Future)
}

// NewFuture makes a future and what sets it.
func NewFuture(ctx Context) (Future, Settable) {
	f := newFuture(runOf(ctx))
	return f, f
}

type future struct {
	run       *run
	ready     bool
	value     any
	err       error
	waiters   waiters
	followers []func()
}

func newFuture(r *run) *future { return &future{run: r} }

func (f *future) IsReady() bool { return f.ready }

func (f *future) Get(ctx Context, valuePtr any) error {
	for !f.ready {
		own := f.run.dispatcher.newWaiter()
		f.waiters.add(own)
		f.run.dispatcher.park()
	}
	if f.err != nil {
		return f.err
	}
	if payloads, ok := f.value.([]*converter.Payload); ok {
		if valuePtr == nil || len(payloads) == 0 {
			return nil
		}
		return converter.GetDefaultDataConverter().FromPayloads(payloads, valuePtr)
	}
	store(f.value, valuePtr)
	return nil
}

func (f *future) Set(value any, err error) {
	if f.ready {
		panic("workflow: the future has its result already")
	}
	f.resolve(value, err)
}

// resolve keeps the first result.
func (f *future) resolve(value any, err error) {
	if f.ready {
		return
	}
	f.ready, f.value, f.err = true, value, err
	f.waiters.wakeAll()
	for _, follow := range f.followers {
		follow()
	}
	f.followers = nil
}

// then has f called when the result is there.
func (f *future) then(follow func()) {
	if f.ready {
		follow()
		return
	}
	f.followers = append(f.followers, follow)
}

func (f *future) SetValue(value any) { f.Set(value, nil) }
func (f *future) SetError(err error) { f.Set(nil, err) }

func (f *future) Chain(other Future) {
	from := innerFuture(other)
	from.then(func() { f.Set(from.value, from.err) })
}

// innerFuture is the future behind one of those that this package hands out.
func innerFuture(f Future) *future {
	switch f := f.(type) {
	case *future:
		return f
	case interface{ inner() *future }:
		return f.inner()
	}
	panic(fmt.Sprintf("workflow: a %T is not a future of this package", f))
}

func failed(r *run, err error) *future {
	f := newFuture(r)
	f.resolve(nil, err)
	return f
}

// store puts a value where the pointer points to.
func store(value, valuePtr any) {
	if valuePtr == nil || value == nil {
		return
	}
	target, source := reflect.ValueOf(valuePtr), reflect.ValueOf(value)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		panic(fmt.Sprintf("workflow: a pointer is wanted, not a %T", valuePtr))
	}
	if encoded, ok := value.(converter.EncodedValue); ok && !source.Type().AssignableTo(target.Elem().Type()) {
		if err := encoded.Get(valuePtr); err != nil && !errors.Is(err, converter.ErrNoData) {
			panic(err)
		}
		return
	}
	if !source.Type().AssignableTo(target.Elem().Type()) {
		panic(fmt.Sprintf("workflow: a %T does not go into a %T", value, valuePtr))
	}
	target.Elem().Set(source)
}
