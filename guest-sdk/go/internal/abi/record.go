package abi

// Field is a field of a record.
type Field[T any] struct {
	size, align uint32
	load        func(address uint32, record *T)
	store       func(address uint32, record *T)
}

// In places a value of a type into a record, where get points to.
func In[T, F any](typ Type[F], get func(*T) *F) Field[T] {
	return Field[T]{
		size: typ.Size, align: typ.Align,
		load:  func(address uint32, record *T) { *get(record) = typ.Load(address) },
		store: func(address uint32, record *T) { typ.Store(address, *get(record)) },
	}
}

// Record has fields in the order of the contract.
func Record[T any](fields ...Field[T]) Type[T] {
	offsets := make([]uint32, len(fields))
	size, align := uint32(0), uint32(1)
	for i, field := range fields {
		offsets[i] = alignUp(size, field.align)
		size = offsets[i] + field.size
		align = max(align, field.align)
	}
	return Type[T]{
		Size: alignUp(size, align), Align: align,
		Load: func(address uint32) (record T) {
			for i, field := range fields {
				field.load(address+offsets[i], &record)
			}
			return record
		},
		Store: func(address uint32, record T) {
			for i, field := range fields {
				field.store(address+offsets[i], &record)
			}
		},
	}
}

// Case is a case of a variant over the Go interface V.
type Case[V any] struct {
	size, align uint32
	load        func(address uint32) V
	// store tells whether the value was of this case.
	store func(address uint32, value V) bool
	is    func(value V) bool
}

// Of is a case whose payload has the type. A value belongs to it when unwrap says so.
func Of[V, T any](typ Type[T], wrap func(T) V, unwrap func(V) (T, bool)) Case[V] {
	return Case[V]{
		size: typ.Size, align: typ.Align,
		load: func(address uint32) V { return wrap(typ.Load(address)) },
		store: func(address uint32, value V) bool {
			inner, ok := unwrap(value)
			if ok {
				typ.Store(address, inner)
			}
			return ok
		},
		is: func(value V) bool { _, ok := unwrap(value); return ok },
	}
}

// Unit is the type of a case without payload.
var Unit = Type[struct{}]{
	Size: 0, Align: 1,
	Load:  func(uint32) struct{} { return struct{}{} },
	Store: func(uint32, struct{}) {},
}

// Variant has cases in the order of the contract; there are at most 256.
func Variant[V any](cases ...Case[V]) Type[V] {
	size, align := uint32(0), uint32(1)
	for _, c := range cases {
		size, align = max(size, c.size), max(align, c.align)
	}
	offset := align
	return Type[V]{
		Size: alignUp(offset+size, align), Align: align,
		Load: func(address uint32) V { return cases[U8.Load(address)].load(address + offset) },
		Store: func(address uint32, value V) {
			for i, c := range cases {
				if c.is(value) {
					U8.Store(address, uint8(i))
					c.store(address+offset, value)
					return
				}
			}
			panic("abi: a value of no case of its variant")
		},
	}
}
