// Package contract has the words that a workflow or an activity and its runtime exchange: wit/*.wit in Go.
//
// It knows no WebAssembly, so that the same code runs in a component, in a test and in a replay.
package contract

import (
	"maps"
	"slices"
)

// Payload is a serialized value. Its metadata key "encoding" names the format.
type Payload struct {
	Metadata map[string][]byte
	Data     []byte
}

// Fields are named payloads: headers, memos, search attributes.
type Fields map[string]*Payload

// SortedKeys lists the keys of a map in the one order that commands and encodings may use.
func SortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// Outcome is what something ended with: payloads, or a failure.
type Outcome struct {
	Payloads []*Payload
	Failure  *Failure
}
