//go:build !wasip1

package abi

// memory stands in for linear memory, so that tests lift what was lowered.
var memory = make([]byte, 8)

func alloc(n uint32) uint32 {
	address := uint32(len(memory))
	memory = append(memory, make([]byte, (n+7)/8*8)...)
	return address
}

func bytesAt(address, n uint32) []byte { return memory[address : address+n] }

// Realloc is the allocator that the canonical ABI asks for.
func Realloc(old, oldSize, _, newSize uint32) uint32 {
	address := alloc(newSize)
	copy(bytesAt(address, newSize), bytesAt(old, oldSize))
	return address
}

// Mark and ReleaseTo bracket an import.
func Mark() int { return len(memory) }

// ReleaseTo forgets what was lowered since the mark.
func ReleaseTo(mark int) { memory = memory[:mark] }
