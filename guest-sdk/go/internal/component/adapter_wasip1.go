//go:build wasip1

package component

// adapterMemory is for the adapter of WASI preview 1, which needs a stack and a page of state before Go's runtime can allocate.
//
// It must not get them by growing the memory, as it would otherwise: Go takes for granted that whatever lies between its own
// break and the end of the memory is its own, and would write over them. So `wrt-go build` adds an allocator to the module
// that hands out this array; it finds the array by its first bytes (see internal/modfile).
var adapterMemory = [3 << 16]byte{
	'w', 'r', 't', 0xF0, 0x9F, 0xAA, 0xBA, 'a', 'd', 'a', 'p', 't', 'e', 'r', 0xC3, 0xA9,
}

// A look at the array keeps it: the linker drops what nothing refers to.
func init() {
	if adapterMemory[0] != 'w' {
		panic("wrt: the memory of the adapter was overwritten")
	}
}
