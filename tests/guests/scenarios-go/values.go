package main

import (
	"strconv"
	"strings"

	"wrt.dev/sdk/workflow"
)

// object is a JSON object: a step, a condition, options.
type object = map[string]any

// frame is where steps run: the variables of the program, and what is known only here.
type frame struct {
	program *program
	// locals are `$signal`, `$update`, `$query`, `$error` and `$i`.
	locals object
	// caught is the error of the innermost catch.
	caught error
	saga   *workflow.Saga
}

// with returns the frame with one more local.
func (f frame) with(name string, value any) frame {
	locals := object{name: value}
	for key, value := range f.locals {
		if key != name {
			locals[key] = value
		}
	}
	f.locals = locals
	return f
}

// value evaluates what a step gives as VALUE.
func (f frame) value(v any) any {
	switch v := v.(type) {
	case string:
		if rest, ok := strings.CutPrefix(v, "$$"); ok {
			return "$" + rest
		}
		if path, ok := strings.CutPrefix(v, "$"); ok {
			return f.lookup(strings.Split(path, "."))
		}
		return v
	case []any:
		return f.values(v)
	case object:
		result := object{}
		for key, value := range v {
			result[key] = f.value(value)
		}
		return result
	default:
		return v
	}
}

func (f frame) values(v any) []any {
	list, _ := v.([]any)
	result := make([]any, len(list))
	for i, value := range list {
		result[i] = f.value(value)
	}
	return result
}

func (f frame) lookup(path []string) any {
	value, ok := f.locals[path[0]]
	if !ok {
		value = f.program.variables[path[0]]
	}
	for _, field := range path[1:] {
		switch container := value.(type) {
		case object:
			value = container[field]
		case []any:
			i, err := strconv.Atoi(field)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			value = container[i]
		default:
			return nil
		}
	}
	return value
}
