// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// json carries a mapping as the JSON object it stands for.
func (d *decoder) json(n ast.Node, v reflect.Value, path string) {
	if !isMapping(n) {
		d.fail(n, path, "must be a mapping")
		return
	}
	v.SetBytes(d.appendJSON(nil, n, path))
}

func (d *decoder) appendJSON(dst []byte, n ast.Node, path string) []byte {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		dst = append(dst, '{')
		for i, member := range members(n) {
			dst = appendComma(dst, i)
			dst = append(appendString(dst, keyText(member.Key)), ':')
			dst = d.appendJSON(dst, member.Value, join(path, keyText(member.Key)))
		}
		return append(dst, '}')
	case *ast.SequenceNode:
		dst = append(dst, '[')
		for i, item := range n.Values {
			dst = appendComma(dst, i)
			dst = d.appendJSON(dst, item, fmt.Sprintf("%s[%d]", path, i))
		}
		return append(dst, ']')
	case *ast.NullNode:
		return append(dst, "null"...)
	case *ast.BoolNode:
		return strconv.AppendBool(dst, n.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		return d.appendNumber(dst, n, path)
	}
	s, ok := text(n)
	if !ok {
		d.fail(n, path, "%s has no JSON form", strings.ToLower(n.Type().String()))
	}
	if isLargeNumber(n) {
		return append(dst, s...)
	}
	return appendString(dst, s)
}

// isLargeNumber reports an unquoted number that the parser takes for text,
// since no 64-bit number holds it.
func isLargeNumber(n ast.Node) bool {
	plain, ok := n.(*ast.StringNode)
	if !ok || plain.Token.Type != token.StringType || strings.Trim(plain.Value, "+-.0123456789eE") != "" {
		return false
	}
	return json.Valid([]byte(plain.Value))
}

// appendNumber keeps a number as it is written where JSON writes it so too: a
// large one must not lose digits.
func (d *decoder) appendNumber(dst []byte, n ast.Node, path string) []byte {
	if written := n.GetToken().Value; json.Valid([]byte(written)) {
		return append(dst, written...)
	}
	if i, ok := integer(n); ok {
		return strconv.AppendInt(dst, i, 10)
	}
	if f, ok := n.(*ast.FloatNode); ok {
		if number, err := json.Marshal(f.Value); err == nil {
			return append(dst, number...)
		}
	}
	d.fail(n, path, "is a number without a JSON form; put it in quotes")
	return append(dst, '0')
}

func appendComma(dst []byte, i int) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, ',')
}

// appendString cannot fail: a string has a JSON form.
func appendString(dst []byte, s string) []byte {
	quoted, _ := json.Marshal(s)
	return append(dst, quoted...)
}
