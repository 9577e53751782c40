// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"fmt"
	"reflect"
	"strings"
)

// A Problem is a value that cannot be used. Path leads to it by its keys.
type Problem struct {
	Path []string
	Text string
}

// Error returns the text behind the dotted path.
func (p Problem) Error() string { return strings.Join(p.Path, ".") + ": " + p.Text }

func problem(text string, path ...string) Problem { return Problem{Path: path, Text: text} }

// Negatives reports the numbers and durations of a struct that are below zero.
// They stand under key.
func Negatives(key string, pointer any) []Problem {
	var found []Problem
	v := reflect.ValueOf(pointer).Elem()
	for i := range v.NumField() {
		if field := v.Field(i); field.CanInt() && field.Int() < 0 {
			name := v.Type().Field(i).Tag.Get("yaml")
			found = append(found, problem(fmt.Sprintf("%v is less than nothing", field.Interface()), key, name))
		}
	}
	return found
}
