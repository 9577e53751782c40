// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Of numbers, which are compared exactly, the cost grows with the exponent.
const (
	maxDigits   = 1000
	maxExponent = 1000
)

// A census counts what is in a document.
type census struct {
	depth    int // greatest
	parts    int // values; a long text counts as several
	branches int // objects and booleans
}

// checkSize bounds the work of compiling a schema.
func checkSize(doc any) error {
	var c census
	if err := c.count(doc, 1); err != nil {
		return err
	}
	switch {
	case c.depth > maxDepth:
		return fmt.Errorf("it is nested more than %d levels deep", maxDepth)
	case c.branches > maxParts:
		return fmt.Errorf("it has more than %d subschemas", maxParts)
	}
	return nil
}

// countParts returns how many values a value consists of, by what they cost.
func countParts(v any) (int, error) {
	var c census
	err := c.count(v, 1)
	return c.parts, err
}

func (c *census) count(v any, depth int) error {
	c.parts += cost(v)
	c.depth = max(c.depth, depth)
	switch v := v.(type) {
	case bool:
		c.branches++
	case map[string]any:
		c.branches++
		for key, member := range v {
			c.parts += cost(key)
			if err := c.count(member, depth+1); err != nil {
				return under(key, err)
			}
		}
	case []any:
		for i, element := range v {
			if err := c.count(element, depth+1); err != nil {
				return under(strconv.Itoa(i), err)
			}
		}
	case json.Number:
		return checkNumber(string(v))
	}
	return nil
}

// cost is that of looking at a value, without its parts.
func cost(v any) int {
	if text, ok := v.(string); ok {
		return 1 + len(text)/16
	}
	return 1
}

// checkNumber refuses numbers that no sender means and that take long to
// compare.
func checkNumber(literal string) error {
	_, exponent, _ := strings.Cut(strings.ToLower(literal), "e")
	n, err := strconv.Atoi(exponent)
	if len(literal) > maxDigits || exponent != "" && (err != nil || n > maxExponent || n < -maxExponent) {
		return &problem{text: "number is out of range"}
	}
	return nil
}

// under says that a problem is in the member of that name.
func under(key string, err error) error {
	if p, ok := err.(*problem); ok {
		return &problem{path: append([]string{key}, p.path...), text: p.text}
	}
	return err
}
