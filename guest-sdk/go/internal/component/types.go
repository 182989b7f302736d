// Package component is the rim towards the runtime: the exports and imports of a component. All that knows of WebAssembly
// is here and in package abi.
package component

import (
	"time"

	"wrt.dev/sdk/internal/abi"
	c "wrt.dev/sdk/internal/contract"
)

type stringPair struct{ name, value string }

// The types that the interfaces share, in the order of types.wit.
var (
	span = abi.Map(
		abi.Record(
			abi.In(abi.U32, func(p *[2]uint32) *uint32 { return &p[0] }),
			abi.In(abi.U32, func(p *[2]uint32) *uint32 { return &p[1] }),
		),
		func(p [2]uint32) time.Duration { return time.Duration(p[0])*time.Second + time.Duration(p[1]) },
		splitDuration,
	)
	timestamp = abi.Map(
		span,
		func(d time.Duration) time.Time { return time.Unix(0, int64(d)).UTC() },
		func(t time.Time) time.Duration { return time.Duration(t.UnixNano()) },
	)
	optionalSpan   = abi.Option(span)
	optionalString = abi.Option(abi.String)

	payload = abi.Map(
		abi.Record(
			abi.In(metadata, func(p *c.Payload) *map[string][]byte { return &p.Metadata }),
			abi.In(abi.Bytes, func(p *c.Payload) *[]byte { return &p.Data }),
		),
		func(p c.Payload) *c.Payload { return &p },
		func(p *c.Payload) c.Payload { return *p },
	)
	metadata = mapOf[map[string][]byte](abi.Bytes)
	payloads = abi.List(payload)
	fields   = mapOf[c.Fields](payload)

	retryPolicy = abi.Record(
		abi.In(optionalSpan, func(p *c.RetryPolicy) **time.Duration { return &p.InitialInterval }),
		abi.In(abi.Option(abi.F64), func(p *c.RetryPolicy) **float64 { return &p.BackoffCoefficient }),
		abi.In(optionalSpan, func(p *c.RetryPolicy) **time.Duration { return &p.MaximumInterval }),
		abi.In(abi.U32, func(p *c.RetryPolicy) *uint32 { return &p.MaximumAttempts }),
		abi.In(abi.List(abi.String), func(p *c.RetryPolicy) *[]string { return &p.NonRetryableErrorTypes }),
	)
	priority = abi.Record(
		abi.In(abi.U32, func(p *c.Priority) *uint32 { return &p.PriorityKey }),
		abi.In(abi.String, func(p *c.Priority) *string { return &p.FairnessKey }),
		abi.In(abi.F32, func(p *c.Priority) *float32 { return &p.FairnessWeight }),
	)
	logField = abi.Record(
		abi.In(abi.String, func(f *c.Field) *string { return &f.Name }),
		abi.In(abi.String, func(f *c.Field) *string { return &f.Value }),
	)
)

// splitDuration clips what does not fit: spans are never negative, nor longer than 136 years.
func splitDuration(d time.Duration) [2]uint32 {
	d = max(d, 0)
	seconds := min(int64(d/time.Second), int64(^uint32(0)))
	return [2]uint32{uint32(seconds), uint32(d % time.Second)}
}

type entry[V any] struct {
	key   string
	value V
}

// mapOf is a list of tuples of a string and a value, sorted by the string.
func mapOf[M ~map[string]V, V any](value abi.Type[V]) abi.Type[M] {
	tuple := abi.Record(
		abi.In(abi.String, func(e *entry[V]) *string { return &e.key }),
		abi.In(value, func(e *entry[V]) *V { return &e.value }),
	)
	return abi.Map(abi.List(tuple),
		func(entries []entry[V]) M {
			m := make(M, len(entries))
			for _, e := range entries {
				m[e.key] = e.value
			}
			return m
		},
		func(m M) []entry[V] {
			entries := make([]entry[V], 0, len(m))
			for _, key := range c.SortedKeys(m) {
				entries = append(entries, entry[V]{key, m[key]})
			}
			return entries
		},
	)
}

// outcome is result<list<payload>, F> with the failure type of either world.
func outcome(failure abi.Type[*c.Failure]) abi.Type[c.Outcome] {
	return abi.Variant(
		abi.Of(payloads,
			func(p []*c.Payload) c.Outcome { return c.Outcome{Payloads: p} },
			func(o c.Outcome) ([]*c.Payload, bool) { return o.Payloads, o.Failure == nil }),
		abi.Of(failure,
			func(f *c.Failure) c.Outcome { return c.Outcome{Failure: f} },
			func(o c.Outcome) (*c.Failure, bool) { return o.Failure, o.Failure != nil }),
	)
}

// done is result<_, F> of an export that answers with an error text, or of a request that fails.
func done[F any](failure abi.Type[*F]) abi.Type[*F] {
	return abi.Variant(
		abi.Of(abi.Unit,
			func(struct{}) *F { return nil },
			func(f *F) (struct{}, bool) { return struct{}{}, f == nil }),
		abi.Of(failure,
			func(f *F) *F { return f },
			func(f *F) (*F, bool) { return f, f != nil }),
	)
}

// errorText is a string that is there: the error of a result.
var errorText = abi.Map(abi.String, func(s string) *string { return &s }, func(s *string) string { return *s })
