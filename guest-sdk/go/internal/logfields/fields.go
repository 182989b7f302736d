// Package logfields makes the named values of a line of the log of a logger's pairs.
package logfields

import (
	"encoding/json"
	"fmt"

	"wrt.dev/sdk/internal/contract"
)

// Of takes names and values in turn. Values are shown as text: errors and strings as they are, others as JSON, and what
// JSON does not know as fmt shows it.
func Of(keyvals []any) []contract.Field {
	fields := make([]contract.Field, 0, (len(keyvals)+1)/2)
	for i := 0; i < len(keyvals); i += 2 {
		if i+1 == len(keyvals) {
			fields = append(fields, contract.Field{Name: "missing", Value: text(keyvals[i])})
			break
		}
		fields = append(fields, contract.Field{Name: fmt.Sprint(keyvals[i]), Value: text(keyvals[i+1])})
	}
	return fields
}

func text(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case error:
		return value.Error()
	case fmt.Stringer:
		return value.String()
	}
	if encoded, err := json.Marshal(value); err == nil {
		return string(encoded)
	}
	return fmt.Sprintf("%+v", value)
}
