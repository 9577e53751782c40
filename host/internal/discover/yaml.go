// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A Document is a YAML file that knows where each value stands. Anchors,
// aliases, merge keys and tags are refused: a file says each thing once, where
// it is read.
type Document struct {
	file string
	root ast.Node // nil if the file is empty
}

// byteOrderMark is what some editors put before the text.
const byteOrderMark = "\ufeff"

// maxDepth is how many values may be inside of each other on one line. The
// parser's time grows with the square of it.
const maxDepth = 100

// Parse reads the one document that data may hold. Duplicate keys are an error.
func Parse(file string, data []byte) (*Document, error) {
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	tokens := lexer.Tokenize(string(data))
	if at := tooDeep(tokens); at != nil {
		return nil, fmt.Errorf("%s:%d:%d: more than %d values inside of each other", file, at.Line, at.Column, maxDepth)
	}
	tree, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, syntaxError(file, data, err)
	}
	doc := &Document{file: file}
	for _, part := range tree.Docs {
		if part.Body == nil {
			continue
		}
		if doc.root != nil {
			return nil, doc.errorAt(part.Body, "a second document; only one is read")
		}
		doc.root = part.Body
	}
	return doc, nil
}

// tooDeep returns where brackets, or dashes on one line, open one value too many
// inside of another; nil if nowhere.
func tooDeep(tokens token.Tokens) *token.Position {
	brackets, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			dashes, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
		}
		if brackets > maxDepth || dashes > maxDepth {
			return t.Position
		}
	}
	return nil
}

// syntaxError shortens the parser's error, which draws the lines, to one line.
// What the parser says of a tab before a key differs, and helps nobody.
func syntaxError(file string, data []byte, err error) error {
	var where yaml.Error
	if !errors.As(err, &where) || where.GetToken() == nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	at := where.GetToken().Position
	if column := tabColumn(data, at.Line); column > 0 {
		return fmt.Errorf("%s:%d:%d: a tab; indent with spaces", file, at.Line, column)
	}
	return fmt.Errorf("%s:%d:%d: %s", file, at.Line, at.Column, where.GetMessage())
}

// tabColumn returns where the first tab stands in the indentation of a line;
// both count from 1. It is 0 if there is none.
func tabColumn(data []byte, line int) int {
	lines := bytes.Split(data, []byte("\n"))
	if line < 1 || line > len(lines) {
		return 0
	}
	text := string(lines[line-1])
	indentation := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	return strings.IndexByte(indentation, '\t') + 1
}

// Decode fills the struct that into points to. A key that it does not know, and
// a value that does not fit, are errors; all of them are returned together. A
// key without a value counts as left out.
func (doc *Document) Decode(into any) error {
	if doc.root == nil {
		return nil
	}
	d := decoder{doc: doc}
	d.value(doc.root, reflect.ValueOf(into).Elem(), "")
	return errors.Join(d.errs...)
}

// Locate returns the problems as one error that says where each value stands.
func (doc *Document) Locate(problems []Problem) error {
	var errs []error
	for _, p := range problems {
		if at := doc.find(p.Path); at != nil {
			errs = append(errs, doc.errorAt(at, "%s", p.Error()))
		} else {
			errs = append(errs, fmt.Errorf("%s: %w", doc.file, p))
		}
	}
	return errors.Join(errs...)
}

func (doc *Document) has(key string) bool {
	for _, member := range members(doc.root) {
		if keyText(member.Key) == key {
			return true
		}
	}
	return false
}

// find returns the key at the end of path, or the last one on the way there.
func (doc *Document) find(path []string) ast.Node {
	var found ast.Node
	at := doc.root
	for _, key := range path {
		var next ast.Node
		for _, member := range members(at) {
			if keyText(member.Key) == key {
				found, next = member.Key, member.Value
			}
		}
		at = next
	}
	return found
}

func (doc *Document) errorAt(n ast.Node, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	at := n.GetToken()
	if at == nil || at.Position == nil {
		return fmt.Errorf("%s: %s", doc.file, message)
	}
	return fmt.Errorf("%s:%d:%d: %s", doc.file, at.Position.Line, at.Position.Column, message)
}

// members returns the entries of a mapping; of anything else, none.
func members(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

func isMapping(n ast.Node) bool {
	return n.Type() == ast.MappingType || n.Type() == ast.MappingValueType
}

// keyText returns a key as it is written, without quotes.
func keyText(key ast.MapKeyNode) string {
	if text, ok := key.(*ast.StringNode); ok {
		return text.Value
	}
	return key.GetToken().Value
}

// text returns a scalar as text. Numbers and truth values count as they are
// written, so that a list of arguments needs no quotes.
func text(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// decoder fills Go values from YAML, and goes on after an error.
type decoder struct {
	doc  *Document
	errs []error
}

func (d *decoder) fail(n ast.Node, path, format string, args ...any) {
	if path != "" {
		format = "%s: " + format
		args = append([]any{path}, args...)
	}
	d.errs = append(d.errs, d.doc.errorAt(n, format, args...))
}

// value decodes n, which stands at path, into v.
func (d *decoder) value(n ast.Node, v reflect.Value, path string) {
	switch n.(type) {
	case *ast.NullNode:
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.fail(n, path, "anchors, aliases and tags are not read; write the value itself")
		return
	}
	switch v.Interface().(type) {
	case time.Duration:
		d.duration(n, v, path)
		return
	case []byte:
		d.json(n, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.object(n, v, path)
	case reflect.Map:
		d.table(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Pointer:
		target := reflect.New(v.Type().Elem())
		d.value(n, target.Elem(), path)
		v.Set(target)
	default:
		d.scalar(n, v, path)
	}
}

func (d *decoder) scalar(n ast.Node, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		if s, ok := text(n); ok {
			v.SetString(s)
			return
		}
		d.fail(n, path, "must be text")
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			v.SetBool(b.Value)
			return
		}
		d.fail(n, path, "must be true or false")
	default:
		if i, ok := integer(n); ok && !v.OverflowInt(i) {
			v.SetInt(i)
			return
		}
		d.fail(n, path, "must be a whole number")
	}
}

func integer(n ast.Node) (int64, bool) {
	whole, ok := n.(*ast.IntegerNode)
	if !ok {
		return 0, false
	}
	switch value := whole.Value.(type) {
	case int64:
		return value, true
	case uint64:
		return int64(value), value <= 1<<63-1
	}
	return 0, false
}

// duration refuses a bare number: nobody can tell seconds from milliseconds.
func (d *decoder) duration(n ast.Node, v reflect.Value, path string) {
	s, _ := text(n)
	length, err := time.ParseDuration(s)
	if err != nil {
		d.fail(n, path, "must be a time with its unit, such as 30s, 2m or 500ms")
		return
	}
	v.SetInt(int64(length))
}

func (d *decoder) list(n ast.Node, v reflect.Value, path string) {
	if key, ok := keyField(v.Type().Elem()); ok {
		d.keyed(n, v, key, path)
		return
	}
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fail(n, path, "must be a list, such as [a, b]")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(sequence.Values), len(sequence.Values))
	for i, item := range sequence.Values {
		d.value(item, out.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
	v.Set(out)
}

// keyed decodes a mapping into a slice, in the order of the file. Each element
// keeps its key in the field of index key.
func (d *decoder) keyed(n ast.Node, v reflect.Value, key int, path string) {
	if !isMapping(n) {
		d.fail(n, path, "must be a mapping from names to entries")
		return
	}
	entries := members(n)
	out := reflect.MakeSlice(v.Type(), len(entries), len(entries))
	for i, entry := range entries {
		name := keyText(entry.Key)
		out.Index(i).Field(key).SetString(name)
		d.value(entry.Value, out.Index(i), join(path, name))
	}
	v.Set(out)
}

// table decodes a mapping into a map of strings.
func (d *decoder) table(n ast.Node, v reflect.Value, path string) {
	if !isMapping(n) {
		d.fail(n, path, "must be a mapping from names to values")
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, member := range members(n) {
		name := keyText(member.Key)
		value := reflect.New(v.Type().Elem()).Elem()
		d.value(member.Value, value, join(path, name))
		out.SetMapIndex(reflect.ValueOf(name), value)
	}
	v.Set(out)
}

func (d *decoder) object(n ast.Node, v reflect.Value, path string) {
	if !isMapping(n) {
		d.fail(n, path, "must be a mapping of keys to values")
		return
	}
	fields := fieldsByKey(v.Type())
	for _, member := range members(n) {
		name := keyText(member.Key)
		i, ok := fields[name]
		if !ok {
			d.fail(member.Key, path, "unknown key %q%s", name, didYouMean(name, maps.Keys(fields)))
			continue
		}
		d.value(member.Value, v.Field(i), join(path, name))
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// fieldsByKey maps the YAML keys of a struct to its fields.
func fieldsByKey(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" && key != ",key" {
			fields[key] = i
		}
	}
	return fields
}

// keyField returns the field of a struct that holds its key in a mapping.
func keyField(t reflect.Type) (int, bool) {
	if t.Kind() != reflect.Struct {
		return 0, false
	}
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == ",key" {
			return i, true
		}
	}
	return 0, false
}
