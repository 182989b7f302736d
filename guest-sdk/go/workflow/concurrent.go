package workflow

import "fmt"

// Small helpers over coroutines that Temporal's SDK for Go lacks.

// All runs the functions concurrently, begun in order, and waits for all of them, or for the first error. The error cancels
// nothing.
func All(ctx Context, functions ...func(ctx Context) error) error {
	r := runOf(ctx)
	done, left := newFuture(r), len(functions)
	if left == 0 {
		return nil
	}
	for i, f := range functions {
		r.dispatcher.begin(fmt.Sprintf("branch %d", i), func() {
			err := f(ctx)
			if left--; err != nil || left == 0 {
				done.resolve(nil, err)
			}
		})
	}
	return done.Get(ctx, nil)
}

// Race runs the functions concurrently, begun in order, and returns the index and the error of the first that ends. The
// others are canceled, in order, and not waited for; one that had not begun by then begins canceled.
func Race(ctx Context, functions ...func(ctx Context) error) (index int, err error) {
	r := runOf(ctx)
	done, ended := newFuture(r), false
	cancels := make([]CancelFunc, len(functions))
	for i, f := range functions {
		var scoped Context
		if scoped, cancels[i] = WithCancel(ctx); ended {
			cancels[i]()
		}
		r.dispatcher.begin(fmt.Sprintf("branch %d", i), func() {
			err := f(scoped)
			if ended {
				return
			}
			ended, index = true, i
			for other, cancel := range cancels {
				if other != i && cancel != nil {
					cancel()
				}
			}
			done.resolve(nil, err)
		})
	}
	err = done.Get(ctx, nil)
	return index, err
}
