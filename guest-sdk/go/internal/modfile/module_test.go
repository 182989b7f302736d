package modfile

import (
	"bytes"
	"testing"
)

// A module with the array and an import, and what Finish makes of it.
func TestFinishAddsTheAllocatorAndTheInterfaces(t *testing.T) {
	segment := append([]byte{1, 0, 0x41, 0x80, 0x08, 0x0B, byte(len(arrayMark))}, arrayMark...) // at 1024
	module := join([]section{
		{sectionType, []byte{1, 0x60, 0, 0}},
		{2, []byte{1, 1, 'm', 1, 'f', 0, 0}},
		{sectionFunction, []byte{1, 0}},
		{sectionExport, []byte{0}},
		{sectionCode, []byte{1, 2, 0, 0x0B}},
		{sectionData, segment},
	})
	finished, err := Finish(module)
	if err != nil {
		t.Fatal(err)
	}
	sections, err := split(finished[len(header):])
	if err != nil {
		t.Fatal(err)
	}
	exports, _ := find(sections, sectionExport)
	want := append([]byte{1, byte(len(allocatorName))}, allocatorName...)
	if !bytes.Equal(exports.content, append(want, 0, 2)) { // behind the import and the function
		t.Errorf("exports: % x", exports.content)
	}
	names := 0
	for _, s := range sections {
		if s.id == sectionCustom && bytes.Contains(s.content[:20], []byte("component-type:wrt")) {
			names++
		}
	}
	if names != 2 {
		t.Errorf("%d sections describe interfaces", names)
	}
	if _, err := Finish(join(sections[:1])); err == nil {
		t.Error("a module that lacks everything is taken")
	}
}

func TestTheInterfacesAreThoseOfTheContract(t *testing.T) {
	for _, name := range []string{"wrt:workflow/guest@0.1.0", "wrt:activity/guest@0.1.0", "continue-as-new-suggested"} {
		if !bytes.Contains(moduleInterfaces, []byte(name)) {
			t.Errorf("the interfaces of modules lack %s: make module.component-type of wit/module again", name)
		}
	}
}
