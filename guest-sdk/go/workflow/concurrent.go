package workflow

// Small helpers over coroutines that Temporal's SDK for Go lacks.

// All runs the functions concurrently, begun in order, and waits for all of them, or for the first error.
func All(ctx Context, functions ...func(ctx Context) error) error {
	r := runOf(ctx)
	done, left := newFuture(r), len(functions)
	if left == 0 {
		return nil
	}
	for _, f := range functions {
		Go(ctx, func(ctx Context) {
			err := f(ctx)
			if left--; err != nil || left == 0 {
				done.resolve(nil, err)
			}
		})
	}
	return done.Get(ctx, nil)
}

// Race runs the functions concurrently, begun in order, and returns the index and the error of the first that ends. The
// others are canceled, and not waited for.
func Race(ctx Context, functions ...func(ctx Context) error) (index int, err error) {
	r := runOf(ctx)
	scoped, cancel := WithCancel(ctx)
	done := newFuture(r)
	for i, f := range functions {
		Go(scoped, func(ctx Context) {
			err := f(ctx)
			if !done.ready {
				index = i
				done.resolve(nil, err)
				cancel()
			}
		})
	}
	err = done.Get(ctx, nil)
	return index, err
}
