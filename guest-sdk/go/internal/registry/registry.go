package registry

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"wrt.dev/sdk/internal/contract"
)

// Workflow is a registered workflow type.
type Workflow struct {
	Definition contract.WorkflowDefinition
	Function   *Function
}

// Activity is a registered activity type.
type Activity struct {
	Definition contract.HandlerDefinition
	Function   *Function
}

// Registry has types by name.
type Registry struct {
	workflows  map[string]*Workflow
	activities map[string]*Activity
	aliases    map[uintptr]string
}

// New makes an empty one.
func New() *Registry {
	return &Registry{map[string]*Workflow{}, map[string]*Activity{}, map[uintptr]string{}}
}

// Default is what a module consists of.
var Default = New()

// AddWorkflow registers a function whose first parameter is a workflow's context. An empty name is that of the function.
func (r *Registry) AddWorkflow(fn any, context reflect.Type, definition contract.WorkflowDefinition) {
	function, err := NewFunction(fn, context)
	if err == nil && !function.HasContext() {
		err = fmt.Errorf("the first parameter of %T has to be a workflow.Context", fn)
	}
	name := definition.Name
	if err == nil && name == "" {
		name, err = NameOf(fn)
	}
	if err == nil && r.workflows[name] != nil {
		err = fmt.Errorf("workflow type %q is already registered", name)
	}
	if err != nil {
		panic("RegisterWorkflow: " + err.Error())
	}
	definition.Name = name
	r.workflows[name] = &Workflow{definition, function}
	r.alias(fn, name)
}

// alias remembers under which name a function was registered, so that calls by the function find it.
func (r *Registry) alias(fn any, name string) {
	if own, _ := NameOf(fn); own != name {
		r.aliases[reflect.ValueOf(fn).Pointer()] = name
	}
}

// NameOf is the name by which a function was registered, or would be.
func (r *Registry) NameOf(fn any) (string, error) {
	if value := reflect.ValueOf(fn); value.Kind() == reflect.Func {
		if name, ok := r.aliases[value.Pointer()]; ok {
			return name, nil
		}
	}
	return NameOf(fn)
}

// ActivityOptions say how an activity is registered.
type ActivityOptions struct {
	Name                          string
	DisableAlreadyRegisteredCheck bool
	SkipInvalidStructFunctions    bool
}

var contextType = reflect.TypeFor[context.Context]()

// AddActivity registers a function, or all exported methods of a struct that a pointer points to.
func (r *Registry) AddActivity(activity any, options ActivityOptions) {
	value := reflect.ValueOf(activity)
	if value.Kind() == reflect.Pointer && value.Elem().Kind() == reflect.Struct {
		r.addMethods(value, options)
		return
	}
	name := options.Name
	if name == "" {
		own, err := NameOf(activity)
		if err != nil {
			panic("RegisterActivity: " + err.Error())
		}
		name = own
	}
	if err := r.addActivity(name, activity, options); err != nil {
		panic("RegisterActivity: " + err.Error())
	}
	r.alias(activity, name)
}

// addMethods registers methods under their names, behind the options' name as a prefix.
func (r *Registry) addMethods(value reflect.Value, options ActivityOptions) {
	found := false
	for i := range value.NumMethod() {
		method := value.Type().Method(i)
		err := r.addActivity(options.Name+method.Name, value.Method(i).Interface(), options)
		if err != nil && !options.SkipInvalidStructFunctions {
			panic(fmt.Sprintf("RegisterActivity: method %s of %s: %v", method.Name, value.Type(), err))
		}
		found = found || err == nil
	}
	if !found {
		panic(fmt.Sprintf("RegisterActivity: %s has no exported method that can be an activity", value.Type()))
	}
}

func (r *Registry) addActivity(name string, fn any, options ActivityOptions) error {
	function, err := NewFunction(fn, contextType)
	if err != nil {
		return err
	}
	if r.activities[name] != nil && !options.DisableAlreadyRegisteredCheck {
		return fmt.Errorf("activity type %q is already registered", name)
	}
	r.activities[name] = &Activity{contract.HandlerDefinition{Name: name}, function}
	return nil
}

// Workflow finds a type, or says which ones there are.
func (r *Registry) Workflow(name string) (*Workflow, error) {
	if workflow := r.workflows[name]; workflow != nil {
		return workflow, nil
	}
	return nil, fmt.Errorf("unknown workflow type %q: this module has [%s]; deploy one that has it",
		name, strings.Join(contract.SortedKeys(r.workflows), ", "))
}

// Activity finds a type, or says which ones there are.
func (r *Registry) Activity(name string) (*Activity, error) {
	if activity := r.activities[name]; activity != nil {
		return activity, nil
	}
	return nil, fmt.Errorf("unknown activity type %q: this module has [%s]; deploy one that has it",
		name, strings.Join(contract.SortedKeys(r.activities), ", "))
}

// DescribeWorkflows lists the types by name.
func (r *Registry) DescribeWorkflows() []contract.WorkflowDefinition {
	var definitions []contract.WorkflowDefinition
	for _, name := range contract.SortedKeys(r.workflows) {
		definitions = append(definitions, r.workflows[name].Definition)
	}
	return definitions
}

// DescribeActivities lists the types by name.
func (r *Registry) DescribeActivities() []contract.HandlerDefinition {
	var definitions []contract.HandlerDefinition
	for _, name := range contract.SortedKeys(r.activities) {
		definitions = append(definitions, r.activities[name].Definition)
	}
	return definitions
}
