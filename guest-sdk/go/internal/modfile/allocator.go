package modfile

import (
	"bytes"
	"errors"
)

// The array of package component that the allocator hands out, by its first bytes and its size.
var (
	arrayMark = []byte{'w', 'r', 't', 0xF0, 0x9F, 0xAA, 0xBA, 'a', 'd', 'a', 'p', 't', 'e', 'r', 0xC3, 0xA9}
	arraySize = int64(3 << 16)
)

// The counter of what is in use lies behind the mark, and what is handed out behind the counter.
const (
	counterOffset = 16
	firstOffset   = 32
)

var errNoArray = errors.New("the module does not use the SDK: import wrt.dev/sdk/worker in its main package, and build it with " +
	"-buildmode=c-shared for GOOS=wasip1")

// allocatorName is what wit-component looks for on behalf of an adapter.
const allocatorName = "cabi_realloc_adapter"

// addAllocator adds and exports a function that hands out the array of package component, from front to back.
func addAllocator(sections []section) error {
	parts := make(map[byte]*section)
	for _, id := range []byte{sectionType, sectionFunction, sectionExport, sectionCode, sectionData} {
		part, err := find(sections, id)
		if err != nil {
			return err
		}
		parts[id] = part
	}
	address, err := arrayAddress(parts[sectionData].content)
	if err != nil {
		return err
	}
	// (func (param i32 i32 i32 i32) (result i32))
	typeIndex := parts[sectionType].push([]byte{0x60, 4, 0x7F, 0x7F, 0x7F, 0x7F, 1, 0x7F})
	defined := parts[sectionFunction].push(appendUnsigned(nil, typeIndex))
	imported, err := importedFunctions(sections)
	if err != nil {
		return err
	}
	export := append(appendUnsigned(nil, uint64(len(allocatorName))), allocatorName...)
	export = append(export, 0x00) // a function
	parts[sectionExport].push(appendUnsigned(export, imported+defined))
	body := allocator(address)
	parts[sectionCode].push(append(appendUnsigned(nil, uint64(len(body))), body...))
	return nil
}

// allocator is the function's body:
//
//	used = memory[counter]
//	next = (used + size + 15) & -16
//	if next > available { unreachable }
//	memory[counter] = next
//	return first + used
func allocator(array int64) []byte {
	const (
		i32Const, i32Load, i32Store = 0x41, 0x28, 0x36
		localGet, localSet          = 0x20, 0x21
		i32Add, i32And, i32GtU      = 0x6A, 0x71, 0x4B
		ifThen, unreachable, end    = 0x04, 0x00, 0x0B
		size, used, next            = 3, 4, 5
		aligned4, noResult          = 0x02, 0x40
	)
	var body []byte
	op := func(bytes ...byte) { body = append(body, bytes...) }
	constant := func(value int64) {
		op(i32Const)
		body = appendSigned(body, value)
	}
	op(1, 2, 0x7F) // two locals of type i32
	constant(array + counterOffset)
	op(i32Load, aligned4, 0, localSet, used)
	op(localGet, used, localGet, size, i32Add)
	constant(15)
	op(i32Add)
	constant(-16)
	op(i32And, localSet, next)
	op(localGet, next)
	constant(arraySize - firstOffset)
	op(i32GtU, ifThen, noResult, unreachable, end)
	constant(array + counterOffset)
	op(localGet, next, i32Store, aligned4, 0)
	constant(array + firstOffset)
	op(localGet, used, i32Add, end)
	return body
}

// arrayAddress looks for the mark in the data segments.
func arrayAddress(data []byte) (int64, error) {
	count, n := unsigned(data)
	data = data[n:]
	for range count {
		if len(data) < 2 || data[0] != 0 || data[1] != 0x41 {
			return 0, errors.New("a data segment of an unknown form: this version of Go is not known to the SDK")
		}
		start, n := signed32(data[2:])
		data = data[2+n+1:] // and the end of the expression
		size, n := unsigned(data)
		segment := data[n : n+int(size)]
		data = data[n+int(size):]
		if i := bytes.Index(segment, arrayMark); i >= 0 {
			return int64(start) + int64(i), nil
		}
	}
	return 0, errNoArray
}

// importedFunctions counts them: they have the first indices.
func importedFunctions(sections []section) (functions uint64, err error) {
	const sectionImport = 2
	imports, err := find(sections, sectionImport)
	if err != nil {
		return 0, err
	}
	count, n := unsigned(imports.content)
	rest := imports.content[n:]
	for range count {
		for range 2 { // module and name
			size, n := unsigned(rest)
			rest = rest[n+int(size):]
		}
		if rest[0] != 0 {
			return 0, errors.New("the module imports more than functions: this version of Go is not known to the SDK")
		}
		_, n := unsigned(rest[1:])
		rest = rest[1+n:]
		functions++
	}
	return functions, nil
}
