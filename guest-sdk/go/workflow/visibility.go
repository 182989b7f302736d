package workflow

import (
	"errors"
	"time"

	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/temporal"
)

// UpsertTypedSearchAttributes sets and removes values that the run can be found by.
func UpsertTypedSearchAttributes(ctx Context, updates ...temporal.SearchAttributeUpdate) error {
	return runOf(ctx).upsertSearchAttributes(temporal.NewSearchAttributes(updates...).ToContract())
}

// UpsertSearchAttributes sets values that the run can be found by; nil removes one. Their types are guessed from the values:
// prefer UpsertTypedSearchAttributes.
func UpsertSearchAttributes(ctx Context, attributes map[string]any) error {
	return runOf(ctx).upsertSearchAttributes(untyped(attributes))
}

func (r *run) upsertSearchAttributes(fields contract.Fields) error {
	if len(fields) == 0 {
		return errors.New("search attributes is empty")
	}
	r.issue(&contract.UpsertSearchAttributes{Attributes: fields})
	merge(&r.info.SearchAttributes, fields)
	return nil
}

// untyped encodes values, with the type that their Go type suggests.
func untyped(attributes map[string]any) contract.Fields {
	fields := contract.Fields{}
	for name, value := range attributes {
		var typeName string
		switch value.(type) {
		case bool:
			typeName = "Bool"
		case int, int8, int16, int32, int64:
			typeName = "Int"
		case float32, float64:
			typeName = "Double"
		case string:
			typeName = "Keyword"
		case []string:
			typeName = "KeywordList"
		case time.Time:
			typeName = "Datetime"
		}
		fields[name] = temporal.EncodeSearchAttribute(typeName, value)
	}
	return fields
}

// UpsertMemo sets notes that lists show; nil removes one.
func UpsertMemo(ctx Context, memo map[string]any) error {
	if len(memo) == 0 {
		return errors.New("memo is empty")
	}
	fields, err := fieldsOf(memo)
	if err != nil {
		return err
	}
	r := runOf(ctx)
	r.issue(&contract.UpsertMemo{Fields: fields})
	merge(&r.info.Memo, fields)
	return nil
}

// merge does what the server does: null removes.
func merge(into *map[string]*contract.Payload, fields contract.Fields) {
	if *into == nil {
		*into = map[string]*contract.Payload{}
	}
	for name, payload := range fields {
		if string(payload.Metadata["encoding"]) == "binary/null" {
			delete(*into, name)
		} else {
			(*into)[name] = payload
		}
	}
}
