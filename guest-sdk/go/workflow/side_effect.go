package workflow

import "wrt.dev/sdk/converter"

// SideEffect calls the function and returns its value, encoded. Nothing is recorded: in the sandbox the clock and the
// randomness belong to the run, so a replay gets the same value by calling the function again.
func SideEffect(ctx Context, f func(ctx Context) any) converter.EncodedValue {
	payloads, err := encode([]any{f(ctx)})
	if err != nil {
		panic(err)
	}
	return converter.NewValue(payloads, converter.GetDefaultDataConverter())
}

// MutableSideEffect calls the function and returns its value, encoded; see SideEffect. The id and equals only matter where
// values are recorded.
func MutableSideEffect(ctx Context, _ string, f func(ctx Context) any, _ func(a, b any) bool) converter.EncodedValue {
	return SideEffect(ctx, f)
}

// IsReplaying is always false: nobody can tell a replay from the first time, and the runtime keeps the log silent by itself.
func IsReplaying(Context) bool { return false }
