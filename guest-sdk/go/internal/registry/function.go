// Package registry has the workflows and activities of a module.
package registry

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"wrt.dev/sdk/converter"
)

var errorType = reflect.TypeFor[error]()

// Function is a Go function that takes and gives payloads.
type Function struct {
	value reflect.Value
	typ   reflect.Type
	// context is the type of a first parameter that is no argument, or nil.
	context reflect.Type
}

// NewFunction checks that fn is a function that gives at most a result and an error. A first parameter of type context is
// no argument; context may be nil.
func NewFunction(fn any, context reflect.Type) (*Function, error) {
	value := reflect.ValueOf(fn)
	if value.Kind() != reflect.Func || value.IsNil() {
		return nil, fmt.Errorf("a function is wanted, not a %T", fn)
	}
	f := &Function{value: value, typ: value.Type()}
	if context != nil && f.typ.NumIn() > 0 && f.typ.In(0) == context {
		f.context = context
	}
	switch n := f.typ.NumOut(); {
	case n > 2:
		return nil, fmt.Errorf("%s returns %d values; a result and an error are all that it may return", f.typ, n)
	case n == 2 && f.typ.Out(1) != errorType:
		return nil, fmt.Errorf("the second value that %s returns has to be an error", f.typ)
	}
	return f, nil
}

// HasContext tells whether the first parameter is the context.
func (f *Function) HasContext() bool { return f.context != nil }

// NumArguments is the number of parameters without the context.
func (f *Function) NumArguments() int {
	n := f.typ.NumIn()
	if f.context != nil {
		n--
	}
	return n
}

// ErrInput is the error of input that does not fit.
var ErrInput = errors.New("unable to decode the input")

// Decode makes arguments of payloads. Those that are missing are zero values, those that are too many are dropped.
func (f *Function) Decode(payloads []*converter.Payload) ([]reflect.Value, error) {
	var arguments []reflect.Value
	dataConverter := converter.GetDefaultDataConverter()
	for i := f.typ.NumIn() - f.NumArguments(); i < f.typ.NumIn(); i++ {
		typ := f.typ.In(i)
		variadic := f.typ.IsVariadic() && i == f.typ.NumIn()-1
		if variadic {
			typ = typ.Elem()
		}
		for first := true; (first && !variadic) || (variadic && len(payloads) > 0); first = false {
			argument := reflect.New(typ)
			if len(payloads) > 0 {
				if err := dataConverter.FromPayload(payloads[0], argument.Interface()); err != nil {
					return nil, fmt.Errorf("%w: argument %d: %w", ErrInput, len(arguments)+1, err)
				}
				payloads = payloads[1:]
			}
			arguments = append(arguments, argument.Elem())
		}
	}
	return arguments, nil
}

// Call calls the function. The result is nil when it has none.
func (f *Function) Call(context any, arguments []reflect.Value) (result any, err error) {
	if f.context != nil {
		arguments = append([]reflect.Value{reflect.ValueOf(context)}, arguments...)
	}
	returned := f.value.Call(arguments)
	if n := len(returned); n > 0 && f.typ.Out(n-1) == errorType {
		err, _ = returned[n-1].Interface().(error)
		returned = returned[:n-1]
	}
	if len(returned) > 0 {
		result = returned[0].Interface()
	}
	return result, err
}

// NameOf is the name by which a function is known: itself when it is a string, else its name without package and type.
func NameOf(fn any) (string, error) {
	if name, ok := fn.(string); ok {
		return name, nil
	}
	value := reflect.ValueOf(fn)
	if value.Kind() != reflect.Func || value.IsNil() {
		return "", fmt.Errorf("a function or its name is wanted, not a %T", fn)
	}
	name := runtime.FuncForPC(value.Pointer()).Name()
	name = name[strings.LastIndexByte(name, '.')+1:]
	return strings.TrimSuffix(name, "-fm"), nil
}
