// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// The bounds of a sentence.
const (
	maxProblems  = 3
	maxCollected = 1000 // to choose those from
	maxShown     = 120  // bytes of a name, a value or a list of them
)

// A problem is one thing that does not fit.
type problem struct {
	path []string // from the root to what does not fit
	text string
}

// Error returns the sentence: "/address/zip: must be string, is number".
func (p *problem) Error() string {
	if len(p.path) == 0 {
		return p.text
	}
	var pointer strings.Builder
	for _, step := range p.path {
		pointer.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	return short(pointer.String()) + ": " + p.text
}

// explain makes one sentence of what the library found. Other errors stay.
func explain(err error) error {
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	var found []string
	for _, p := range appendProblems(nil, invalid) {
		found = append(found, p.Error())
	}
	slices.Sort(found) // the library's order is random
	found = slices.Compact(found)
	if len(found) > maxProblems {
		found = append(found[:maxProblems], fmt.Sprintf("and %d more", len(found)-maxProblems))
	}
	return errors.New(strings.Join(found, "; "))
}

// appendProblems appends what is at the leaves of an error. What an alternative
// is not says little, so alternatives are one leaf.
func appendProblems(found []*problem, err *jsonschema.ValidationError) []*problem {
	if len(found) >= maxCollected {
		return found
	}
	if text := alternatives(err); text != "" {
		return append(found, &problem{err.InstanceLocation, text})
	}
	switch err.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		for _, cause := range err.Causes {
			found = appendProblems(found, cause)
		}
		return found
	}
	return append(found, &problem{err.InstanceLocation, describe(err.ErrorKind)})
}

// alternatives describes a value that fits none of several, or is empty.
func alternatives(err *jsonschema.ValidationError) string {
	switch k := err.ErrorKind.(type) {
	case *kind.AnyOf:
	case *kind.OneOf:
		if k.Subschemas != nil {
			return "fits more than one of the alternatives, and must fit one"
		}
	default:
		return ""
	}
	var types []string
	got := ""
	for _, cause := range err.Causes {
		wrong, ok := cause.ErrorKind.(*kind.Type)
		if !ok || len(cause.InstanceLocation) != len(err.InstanceLocation) {
			return fmt.Sprintf("fits none of the %d alternatives", len(err.Causes))
		}
		types, got = append(types, wrong.Want...), wrong.Got
	}
	return mustBe(types, got)
}

func mustBe(types []string, got string) string {
	return fmt.Sprintf("must be %s, is %s", strings.Join(types, " or "), got)
}

// describe words one problem.
func describe(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return mustBe(k.Want, k.Got)
	case *kind.Required:
		return names(k.Missing) + " is required"
	case *kind.DependentRequired:
		return names(k.Missing) + " is required with " + quote(k.Prop)
	case *kind.Dependency:
		return names(k.Missing) + " is required with " + quote(k.Prop)
	case *kind.AdditionalProperties:
		return names(k.Properties) + " is not allowed"
	case *kind.PropertyNames:
		return quote(k.Property) + " is not allowed as a name"
	case *kind.Enum:
		return "must be one of " + values(k.Want)
	case *kind.Const:
		return "must be " + values([]any{k.Want})
	case *kind.Pattern:
		return "must match the pattern " + quote(k.Want)
	case *kind.Format:
		if k.Want == "regex" {
			return "must be a usable regular expression: " + short(k.Err.Error())
		}
		return "must be in the format " + quote(k.Want)
	case *kind.UniqueItems:
		return fmt.Sprintf("has equal items at %d and %d", k.Duplicates[0], k.Duplicates[1])
	case *kind.FalseSchema, *kind.Not:
		return "is not allowed"
	case *kind.Contains:
		return "has no item of the kind that it must contain"
	}
	if text := describeBound(k); text != "" {
		return text
	}
	return "does not conform to the schema"
}

// describeBound words what is too much or too little.
func describeBound(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Minimum:
		return "must be at least " + number(k.Want)
	case *kind.Maximum:
		return "must be at most " + number(k.Want)
	case *kind.ExclusiveMinimum:
		return "must be greater than " + number(k.Want)
	case *kind.ExclusiveMaximum:
		return "must be less than " + number(k.Want)
	case *kind.MultipleOf:
		return "must be a multiple of " + number(k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters, has %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters, has %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d items, has %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d items, has %d", k.Want, k.Got)
	case *kind.AdditionalItems:
		return fmt.Sprintf("has %d items too many", k.Count)
	case *kind.MinContains:
		return fmt.Sprintf("must contain at least %d items of a kind, contains %d", k.Want, len(k.Got))
	case *kind.MaxContains:
		return fmt.Sprintf("must contain at most %d items of a kind, contains %d", k.Want, len(k.Got))
	case *kind.MinProperties:
		return fmt.Sprintf("must have at least %d properties, has %d", k.Want, k.Got)
	case *kind.MaxProperties:
		return fmt.Sprintf("must have at most %d properties, has %d", k.Want, k.Got)
	}
	return ""
}

func names(list []string) string {
	quoted := make([]string, 0, len(list))
	for _, name := range slices.Sorted(slices.Values(list)) {
		quoted = append(quoted, quote(name))
	}
	return short(strings.Join(quoted, ", "))
}

func values(list []any) string {
	var shown []string
	for _, v := range list {
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte("?") // no value of a decoded document
		}
		shown = append(shown, string(text))
	}
	return short(strings.Join(shown, ", "))
}

// number writes an integer in full, and others as a person would.
func number(r *big.Rat) string {
	if r.IsInt() {
		return short(r.Num().String())
	}
	f, _ := r.Float64()
	return fmt.Sprint(f)
}

func quote(s string) string { return `"` + short(s) + `"` }

// short cuts a text that is too long for a sentence.
func short(s string) string {
	if len(s) <= maxShown {
		return s
	}
	cut := maxShown
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
