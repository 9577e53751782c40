// SPDX-License-Identifier: Apache-2.0

package database

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxExact is the largest integer that every reader of JSON takes as it is.
const maxExact = 1<<53 - 1

// bytesValue is how bytes are written in JSON.
type bytesValue struct {
	Base64 []byte `json:"base64"`
}

// readParams turns the values of a request into those of SQLite.
func readParams(params []json.RawMessage) ([]any, error) {
	args := make([]any, len(params))
	for i, raw := range params {
		arg, err := readParam(raw)
		if err != nil {
			return nil, fmt.Errorf("params[%d]: %w", i, err)
		}
		args[i] = arg
	}
	return args, nil
}

func readParam(raw json.RawMessage) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // an integer is not a float
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case map[string]any:
		var b bytesValue
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&b); err != nil || b.Base64 == nil {
			return nil, fmt.Errorf(`an object has to be {"base64": "..."}; pass JSON as a string`)
		}
		return b.Base64, nil
	case []any:
		return nil, fmt.Errorf("a list is no value of SQLite; pass JSON as a string")
	}
	return value, nil
}

// encodeRow turns values of SQLite into those of JSON, and estimates their size
// in bytes.
func encodeRow(values []any) (row []any, size int) {
	row = make([]any, len(values))
	for i, v := range values {
		var n int
		row[i], n = encode(v)
		size += n + 1
	}
	return row, size
}

func encode(value any) (encoded any, size int) {
	switch v := value.(type) {
	case int64:
		if v > maxExact || v < -maxExact {
			return strconv.FormatInt(v, 10), 21
		}
		return v, len(strconv.FormatInt(v, 10))
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return strconv.FormatFloat(v, 'g', -1, 64), 4
		}
		return v, 18
	case string:
		return strings.ToValidUTF8(v, "\uFFFD"), len(v) + 2
	case []byte:
		return bytesValue{Base64: v}, len(v)*4/3 + 16
	case time.Time: // what RETURNING gives of a column declared as a date
		text := v.Format(time.RFC3339Nano)
		return text, len(text) + 2
	}
	return value, 4
}

// storageClass names the type of a value; nothing for NULL.
func storageClass(value any) string {
	switch value.(type) {
	case int64:
		return "INTEGER"
	case float64:
		return "REAL"
	case string, time.Time:
		return "TEXT"
	case []byte:
		return "BLOB"
	}
	return ""
}
