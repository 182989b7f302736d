package temporal

import (
	"fmt"
	"maps"
	"time"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
)

// SearchAttributeKey names a search attribute of a certain type.
type SearchAttributeKey interface {
	GetName() string
	// TypeName is for instance "Keyword".
	TypeName() string
}

// Key is the key of a search attribute whose values are of type T.
type Key[T any] struct{ name, typeName string }

// The keys by type.
type (
	// SearchAttributeKeyBool is a key of truth values.
	SearchAttributeKeyBool = Key[bool]
	// SearchAttributeKeyInt64 is a key of whole numbers.
	SearchAttributeKeyInt64 = Key[int64]
	// SearchAttributeKeyFloat64 is a key of numbers.
	SearchAttributeKeyFloat64 = Key[float64]
	// SearchAttributeKeyTime is a key of points in time.
	SearchAttributeKeyTime = Key[time.Time]
	// SearchAttributeKeyKeywordList is a key of words, each of which finds the run.
	SearchAttributeKeyKeywordList = Key[[]string]
	// SearchAttributeKeyKeyword is a key of words, found as a whole.
	SearchAttributeKeyKeyword = Key[string]
	// SearchAttributeKeyString is a key of text, found by its words.
	SearchAttributeKeyString = Key[string]
)

// NewSearchAttributeKeyBool makes a key of type Bool.
func NewSearchAttributeKeyBool(name string) SearchAttributeKeyBool { return Key[bool]{name, "Bool"} }

// NewSearchAttributeKeyInt64 makes a key of type Int.
func NewSearchAttributeKeyInt64(name string) SearchAttributeKeyInt64 { return Key[int64]{name, "Int"} }

// NewSearchAttributeKeyFloat64 makes a key of type Double.
func NewSearchAttributeKeyFloat64(name string) SearchAttributeKeyFloat64 {
	return Key[float64]{name, "Double"}
}

// NewSearchAttributeKeyTime makes a key of type Datetime.
func NewSearchAttributeKeyTime(name string) SearchAttributeKeyTime {
	return Key[time.Time]{name, "Datetime"}
}

// NewSearchAttributeKeyKeyword makes a key of type Keyword.
func NewSearchAttributeKeyKeyword(name string) SearchAttributeKeyKeyword {
	return Key[string]{name, "Keyword"}
}

// NewSearchAttributeKeyString makes a key of type Text.
func NewSearchAttributeKeyString(name string) SearchAttributeKeyString {
	return Key[string]{name, "Text"}
}

// NewSearchAttributeKeyKeywordList makes a key of type KeywordList.
func NewSearchAttributeKeyKeywordList(name string) SearchAttributeKeyKeywordList {
	return Key[[]string]{name, "KeywordList"}
}

// GetName is the name.
func (k Key[T]) GetName() string { return k.name }

// TypeName is the type, as Temporal writes it into payloads.
func (k Key[T]) TypeName() string { return k.typeName }

// ValueSet sets the attribute.
func (k Key[T]) ValueSet(value T) SearchAttributeUpdate {
	return func(s *SearchAttributes) { s.set(k.name, k.typeName, value) }
}

// ValueUnset removes the attribute.
func (k Key[T]) ValueUnset() SearchAttributeUpdate {
	return func(s *SearchAttributes) { s.set(k.name, k.typeName, nil) }
}

// SearchAttributeUpdate sets or removes a search attribute.
type SearchAttributeUpdate func(*SearchAttributes)

// SearchAttributes are values that runs can be found by. The zero value has none.
type SearchAttributes struct{ fields contract.Fields }

// NewSearchAttributes has what the updates set.
func NewSearchAttributes(updates ...SearchAttributeUpdate) SearchAttributes {
	s := SearchAttributes{contract.Fields{}}
	for _, update := range updates {
		update(&s)
	}
	return s
}

// SearchAttributesFromContract is for the SDK's own packages.
func SearchAttributesFromContract(fields contract.Fields) SearchAttributes {
	return SearchAttributes{maps.Clone(fields)}
}

// ToContract is for the SDK's own packages.
func (s SearchAttributes) ToContract() contract.Fields { return s.fields }

// Copy is an update that sets what s has.
func (s SearchAttributes) Copy() SearchAttributeUpdate {
	return func(target *SearchAttributes) { maps.Copy(target.fields, s.fields) }
}

func (s *SearchAttributes) set(name, typeName string, value any) {
	s.fields[name] = EncodeSearchAttribute(typeName, value)
}

// EncodeSearchAttribute is for the SDK's own packages. Codecs have no part in it: the server reads these values.
func EncodeSearchAttribute(typeName string, value any) *converter.Payload {
	payload, err := converter.NewCompositeDataConverter(
		converter.NewNilPayloadConverter(), converter.NewJSONPayloadConverter()).ToPayload(value)
	if err != nil {
		panic(fmt.Sprintf("temporal: a search attribute of type %s cannot be %v: %v", typeName, value, err))
	}
	if typeName != "" && value != nil {
		payload.Metadata["type"] = []byte(typeName)
	}
	return payload
}

// Size is the number of attributes.
func (s SearchAttributes) Size() int { return len(s.fields) }

// ContainsKey is true when there is a value.
func (s SearchAttributes) ContainsKey(key SearchAttributeKey) bool {
	_, ok := s.fields[key.GetName()]
	return ok
}

// Get reads a value; false when there is none, or one of another type.
func Get[T any](s SearchAttributes, key Key[T]) (value T, ok bool) {
	payload, ok := s.fields[key.name]
	if !ok || string(payload.Metadata["type"]) != key.typeName {
		return value, false
	}
	err := converter.NewJSONPayloadConverter().FromPayload(payload, &value)
	return value, err == nil
}

// GetBool reads a truth value.
func (s SearchAttributes) GetBool(key SearchAttributeKeyBool) (bool, bool) { return Get(s, key) }

// GetInt64 reads a whole number.
func (s SearchAttributes) GetInt64(key SearchAttributeKeyInt64) (int64, bool) { return Get(s, key) }

// GetFloat64 reads a number.
func (s SearchAttributes) GetFloat64(key SearchAttributeKeyFloat64) (float64, bool) {
	return Get(s, key)
}

// GetTime reads a point in time.
func (s SearchAttributes) GetTime(key SearchAttributeKeyTime) (time.Time, bool) { return Get(s, key) }

// GetKeyword reads a word.
func (s SearchAttributes) GetKeyword(key SearchAttributeKeyKeyword) (string, bool) {
	return Get(s, key)
}

// GetString reads a text.
func (s SearchAttributes) GetString(key SearchAttributeKeyString) (string, bool) { return Get(s, key) }

// GetKeywordList reads words.
func (s SearchAttributes) GetKeywordList(key SearchAttributeKeyKeywordList) ([]string, bool) {
	return Get(s, key)
}
