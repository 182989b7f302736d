// Package modfile turns what Go's linker writes into what `wrt deploy` takes: it adds the description of the component's
// interfaces and an allocator for the adapter of WASI preview 1.
package modfile

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
)

// The interfaces as custom sections. They are made of wit/module/world.wit and of wasi:http/outgoing-handler@0.2.12; a
// module that does not call one of the imports does not have it in its component.
var (
	//go:embed module.component-type
	moduleInterfaces []byte
	//go:embed http.component-type
	httpInterfaces []byte
)

// Ids of sections.
const (
	sectionCustom   = 0
	sectionType     = 1
	sectionFunction = 3
	sectionExport   = 7
	sectionCode     = 10
	sectionData     = 11
)

type section struct {
	id      byte
	content []byte
}

var header = []byte("\x00asm\x01\x00\x00\x00")

// Finish returns the module with all that makes a component of it.
func Finish(module []byte) ([]byte, error) {
	if !bytes.HasPrefix(module, header) {
		return nil, errors.New("this is no WebAssembly module")
	}
	sections, err := split(module[len(header):])
	if err != nil {
		return nil, err
	}
	if err := addAllocator(sections); err != nil {
		return nil, err
	}
	sections = append(sections,
		custom("component-type:wrt", moduleInterfaces),
		custom("component-type:wrt-http", httpInterfaces))
	return join(sections), nil
}

func custom(name string, content []byte) section {
	named := append(appendUnsigned(nil, uint64(len(name))), name...)
	return section{sectionCustom, append(named, content...)}
}

func split(rest []byte) ([]section, error) {
	var sections []section
	for len(rest) > 0 {
		id := rest[0]
		size, n := unsigned(rest[1:])
		if n == 0 || uint64(len(rest)-1-n) < size {
			return nil, errors.New("the module is cut off")
		}
		rest = rest[1+n:]
		sections = append(sections, section{id, rest[:size]})
		rest = rest[size:]
	}
	return sections, nil
}

func join(sections []section) []byte {
	module := bytes.Clone(header)
	for _, s := range sections {
		module = append(module, s.id)
		module = appendUnsigned(module, uint64(len(s.content)))
		module = append(module, s.content...)
	}
	return module
}

func find(sections []section, id byte) (*section, error) {
	for i := range sections {
		if sections[i].id == id {
			return &sections[i], nil
		}
	}
	return nil, fmt.Errorf("the module has no section %d", id)
}

// push appends an item to a section that is a vector, and returns its index.
func (s *section) push(item []byte) uint64 {
	count, n := unsigned(s.content)
	content := appendUnsigned(nil, count+1)
	content = append(content, s.content[n:]...)
	s.content = append(content, item...)
	return count
}
