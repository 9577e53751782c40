// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// base is the address of every schema. Nothing can be loaded from there.
const base = "schema:///root"

// The bounds of regular expressions. They take time in proportion to their
// length and to that of the text.
const (
	maxProgram      = 10_000  // instructions of one
	maxPrograms     = 100_000 // of all in a schema
	maxPatternSteps = 1 << 27 // instructions times characters; a longer text matches nothing
)

var (
	errPanic   = errors.New("it cannot be checked")
	errPattern = errors.New("too large")
)

// A built schema is one that the library has compiled.
type built struct {
	root *jsonschema.Schema
	// anchored are the schemas that dynamic references may mean.
	anchored []*jsonschema.Schema
}

// build compiles a document. What it does is counted by m, unless m is nil.
func build(doc any, m *meter) (*built, error) {
	patterns := &patterns{meter: m}
	var b *built
	err := guard(func() error {
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		c.UseLoader(nil)
		c.UseRegexpEngine(patterns.compile)
		if err := c.AddResource(base, doc); err != nil {
			return err
		}
		root, err := c.Compile(base)
		if err != nil {
			return err
		}
		b = &built{root: root}
		for _, pointer := range dynamicAnchors(doc, "") {
			// What is no subschema may look like one.
			if s, err := c.Compile(base + "#" + pointer); err == nil {
				b.anchored = append(b.anchored, s)
			}
		}
		return nil
	})
	if err != nil {
		return nil, buildError(doc, err)
	}
	patterns.sealed = true
	return b, nil
}

// dynamicAnchors returns the pointers of the objects that bear one, as URI
// fragments.
func dynamicAnchors(doc any, pointer string) (found []string) {
	switch doc := doc.(type) {
	case map[string]any:
		if _, ok := doc["$dynamicAnchor"].(string); ok {
			found = append(found, pointer)
		}
		for key, member := range doc {
			found = append(found, dynamicAnchors(member, pointer+"/"+escapeFragment(key))...)
		}
	case []any:
		for i, element := range doc {
			found = append(found, dynamicAnchors(element, pointer+"/"+strconv.Itoa(i))...)
		}
	}
	return found
}

func escapeFragment(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "%", "%25").Replace(key)
}

// buildError words the failure to compile.
func buildError(doc any, err error) error {
	if load, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		if root, _ := doc.(map[string]any); root["$schema"] != nil && strings.TrimSuffix(fmt.Sprint(root["$schema"]), "#") == load.URL {
			return fmt.Errorf("its dialect %q is not supported", short(load.URL))
		}
		return fmt.Errorf("it refers to %q, and what is outside of a schema is never loaded", short(load.URL))
	}
	if invalid, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		return fmt.Errorf("it is no JSON Schema: %w", explain(invalid.Err))
	}
	if errors.Is(err, errPanic) {
		return err
	}
	return errors.New(short(strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), base, "")), " ")))
}

// patterns compiles the regular expressions of a schema.
type patterns struct {
	meter  *meter // nil: unmetered
	total  int    // instructions
	sealed bool   // from now on, expressions come from values
}

func (p *patterns) compile(text string) (jsonschema.Regexp, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	size := len(program.Inst)
	if !p.sealed {
		p.total += size
	}
	if size > maxProgram || p.total > maxPrograms {
		return nil, errPattern
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	return &pattern{Regexp: re, size: size, meter: p.meter}, nil
}

// A pattern is a regular expression that gives up on long texts.
type pattern struct {
	*regexp.Regexp
	size  int
	meter *meter
}

// MatchString reports a match, which a text that is too long never is.
func (p *pattern) MatchString(text string) bool {
	if len(text) > maxPatternSteps/p.size || !p.meter.spend(1) {
		return false
	}
	return p.Regexp.MatchString(text)
}
