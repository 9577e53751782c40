// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"bytes"
	"math"
	"strconv"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// An object writes one JSON object onto a buffer. The names of its methods'
// keys are constants that need no escaping.
type object struct {
	buf []byte
	any bool // a member was written
}

func openObject(dst []byte) object { return object{buf: append(dst, '{')} }

func (o *object) close() []byte { return append(o.buf, '}') }

func (o *object) key(name string) {
	if o.any {
		o.buf = append(o.buf, ',')
	}
	o.any = true
	o.buf = append(o.buf, '"')
	o.buf = append(o.buf, name...)
	o.buf = append(o.buf, '"', ':')
}

func (o *object) str(name, value string) {
	o.key(name)
	o.buf = rawjson.AppendString(o.buf, value)
}

// optStr leaves an empty value out.
func (o *object) optStr(name, value string) {
	if value != "" {
		o.str(name, value)
	}
}

func (o *object) boolean(name string, value bool) {
	o.key(name)
	o.buf = strconv.AppendBool(o.buf, value)
}

func (o *object) optBool(name string, value *bool) {
	if value != nil {
		o.boolean(name, *value)
	}
}

func (o *object) integer(name string, value int64) {
	o.key(name)
	o.buf = strconv.AppendInt(o.buf, value, 10)
}

func (o *object) number(name string, value float64) {
	o.key(name)
	o.buf = appendNumber(o.buf, value)
}

func (o *object) raw(name string, value []byte) {
	o.key(name)
	o.buf = AppendRaw(o.buf, value)
}

// optRaw leaves an empty value out.
func (o *object) optRaw(name string, value []byte) {
	if len(value) > 0 {
		o.raw(name, value)
	}
}

// AppendRaw appends JSON that is carried for somebody else. It is copied as it
// is, but for line breaks: a frame on stdio must not hold any, and outside of
// strings, where alone JSON can have them, they mean nothing.
func AppendRaw(dst, value []byte) []byte {
	if bytes.IndexByte(value, '\n') < 0 && bytes.IndexByte(value, '\r') < 0 {
		return append(dst, value...)
	}
	return rawjson.AppendCompact(dst, value)
}

// appendNumber writes whole numbers without exponent and what JSON has no
// number for as 0.
func appendNumber(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(dst, '0')
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return strconv.AppendInt(dst, int64(f), 10)
	default:
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	}
}
