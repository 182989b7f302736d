// Package abi is the canonical ABI of the component model, as far as the contract needs it: how values of WIT's types lie in
// linear memory. A type is described once and both lifted and lowered by its description.
package abi

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// Type describes how a Go type lies in memory as a type of WIT.
type Type[T any] struct {
	Size, Align uint32
	// Load lifts the value at an address.
	Load func(address uint32) T
	// Store lowers a value to an address.
	Store func(address uint32, value T)
}

// Lower stores a value in memory of its own and returns its address.
func (t Type[T]) Lower(value T) uint32 {
	address := alloc(t.Size)
	t.Store(address, value)
	return address
}

func scalar[T any](size uint32, load func([]byte) T, store func([]byte, T)) Type[T] {
	return Type[T]{
		Size: size, Align: size,
		Load:  func(address uint32) T { return load(bytesAt(address, size)) },
		Store: func(address uint32, value T) { store(bytesAt(address, size), value) },
	}
}

// The scalar types.
var (
	U32 = scalar(4, binary.LittleEndian.Uint32, binary.LittleEndian.PutUint32)
	U8  = scalar(1, func(b []byte) uint8 { return b[0] }, func(b []byte, v uint8) { b[0] = v })
	F32 = scalar(4,
		func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) },
		func(b []byte, v float32) { binary.LittleEndian.PutUint32(b, math.Float32bits(v)) })
	F64 = scalar(8,
		func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) },
		func(b []byte, v float64) { binary.LittleEndian.PutUint64(b, math.Float64bits(v)) })
	Bool = scalar(1,
		func(b []byte) bool { return b[0] != 0 },
		func(b []byte, v bool) {
			b[0] = 0
			if v {
				b[0] = 1
			}
		})
)

// Enum is an enum of at most 256 cases, whose Go constants have the order of the contract.
func Enum[T ~uint8]() Type[T] {
	return scalar(1, func(b []byte) T { return T(b[0]) }, func(b []byte, v T) { b[0] = byte(v) })
}

// String is WIT's string. What is lifted is a copy; broken UTF-8 is repaired before it would trap.
var String = Type[string]{
	Size: 8, Align: 4,
	Load: func(address uint32) string { return LoadString(U32.Load(address), U32.Load(address+4)) },
	Store: func(address uint32, value string) {
		storePair(address, StringOf(value))
	},
}

// Bytes is list<u8>.
var Bytes = Type[[]byte]{
	Size: 8, Align: 4,
	Load: func(address uint32) []byte {
		return slices.Clone(bytesAt(U32.Load(address), U32.Load(address+4)))
	},
	Store: func(address uint32, value []byte) {
		n := uint32(len(value))
		data := alloc(n)
		copy(bytesAt(data, n), value)
		storePair(address, Flat{data, n})
	},
}

// Flat is a string or a list as a call passes it: an address and a length.
type Flat struct{ Address, Length uint32 }

func storePair(address uint32, flat Flat) {
	U32.Store(address, flat.Address)
	U32.Store(address+4, flat.Length)
}

// LoadString lifts a string that a call has passed.
func LoadString(address, n uint32) string { return string(bytesAt(address, n)) }

// StringOf lowers a string for a call.
func StringOf(value string) Flat {
	value = strings.ToValidUTF8(value, "\uFFFD")
	n := uint32(len(value))
	address := alloc(n)
	copy(bytesAt(address, n), value)
	return Flat{address, n}
}

// List is a list of a type.
func List[T any](element Type[T]) Type[[]T] {
	return Type[[]T]{
		Size: 8, Align: 4,
		Load:  func(address uint32) []T { return LoadList(element, U32.Load(address), U32.Load(address+4)) },
		Store: func(address uint32, values []T) { storePair(address, ListOf(element, values)) },
	}
}

// LoadList lifts a list that a call has passed.
func LoadList[T any](element Type[T], address, n uint32) []T {
	if n == 0 {
		return nil
	}
	values := make([]T, n)
	for i := range values {
		values[i] = element.Load(address + uint32(i)*element.Size)
	}
	return values
}

// ListOf lowers a list for a call.
func ListOf[T any](element Type[T], values []T) Flat {
	address := alloc(uint32(len(values)) * element.Size)
	for i, value := range values {
		element.Store(address+uint32(i)*element.Size, value)
	}
	return Flat{address, uint32(len(values))}
}

// Option is an option of a type; nil is none.
func Option[T any](some Type[T]) Type[*T] {
	offset := max(some.Align, 1)
	return Type[*T]{
		Size: alignUp(offset+some.Size, some.Align), Align: some.Align,
		Load: func(address uint32) *T {
			if !Bool.Load(address) {
				return nil
			}
			value := some.Load(address + offset)
			return &value
		},
		Store: func(address uint32, value *T) {
			Bool.Store(address, value != nil)
			if value != nil {
				some.Store(address+offset, *value)
			}
		},
	}
}

// Map lifts and lowers a Go type by way of another one.
func Map[T, W any](wire Type[W], lift func(W) T, lower func(T) W) Type[T] {
	return Type[T]{
		Size: wire.Size, Align: wire.Align,
		Load:  func(address uint32) T { return lift(wire.Load(address)) },
		Store: func(address uint32, value T) { wire.Store(address, lower(value)) },
	}
}

func alignUp(n, align uint32) uint32 { return (n + align - 1) / align * align }

// BytesOf lowers bytes for a call.
func BytesOf(value []byte) Flat {
	n := uint32(len(value))
	address := alloc(n)
	copy(bytesAt(address, n), value)
	return Flat{address, n}
}
