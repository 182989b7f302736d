package main

import (
	"fmt"
	"reflect"
)

// holds evaluates a CONDITION.
func (f frame) holds(c any) bool {
	condition := c.(object)
	pair := func(key string) (a, b any) {
		values := f.values(condition[key])
		return values[0], values[1]
	}
	switch {
	case condition["equals"] != nil:
		a, b := pair("equals")
		return reflect.DeepEqual(a, b)
	case condition["less"] != nil:
		a, b := pair("less")
		return number(a) < number(b)
	case condition["set"] != nil:
		return f.lookup([]string{text(condition["set"])}) != nil
	case condition["not"] != nil:
		return !f.holds(condition["not"])
	case condition["any"] != nil:
		for _, one := range condition["any"].([]any) {
			if f.holds(one) {
				return true
			}
		}
		return false
	case condition["every"] != nil:
		for _, one := range condition["every"].([]any) {
			if !f.holds(one) {
				return false
			}
		}
		return true
	}
	panic(fmt.Sprintf("no condition is called so: %v", condition))
}

func number(v any) float64 {
	n, _ := v.(float64)
	return n
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func flag(v any) bool {
	b, _ := v.(bool)
	return b
}

func steps(v any) []any {
	list, _ := v.([]any)
	return list
}
