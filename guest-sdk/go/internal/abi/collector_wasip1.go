//go:build wasip1

package abi

import "runtime/debug"

// While the other side writes into memory a component may call nothing, and Go's collector reads the clock. So it rests
// whenever that can happen: between two exports, and during imports that give lists. A cycle that has begun is finished
// before, which debug.SetGCPercent promises.

const usual = 100

func init() { Rest() }

// Rest keeps the collector from beginning.
func Rest() { debug.SetGCPercent(-1) }

// Collect lets it begin again.
func Collect() { debug.SetGCPercent(usual) }
