//go:build wasip1

package abi

import "unsafe"

// held keeps what the other side was given or has given, and Go's collector would otherwise free: the collector does not
// see the addresses that lie in the other side's hands. Release forgets all of it.
var held [][]uint64

// alloc returns the address of n zeroed bytes, aligned to 8, which stay until Release.
func alloc(n uint32) uint32 {
	if n == 0 {
		return 8
	}
	words := make([]uint64, (n+7)/8)
	held = append(held, words)
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(words))))
}

// bytesAt is the memory itself, not a copy.
func bytesAt(address, n uint32) []byte {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Add(nil, address)), n)
}

// Realloc is the allocator that the canonical ABI asks for.
func Realloc(old, oldSize, _, newSize uint32) uint32 {
	address := alloc(newSize)
	if oldSize > 0 {
		copy(bytesAt(address, newSize), bytesAt(old, oldSize))
	}
	return address
}

// Mark and ReleaseTo bracket an import: what it was given is forgotten when it has returned.
func Mark() int { return len(held) }

// ReleaseTo forgets what was held since the mark.
func ReleaseTo(mark int) {
	clear(held[mark:])
	held = held[:mark]
}
