// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"strings"
	"testing"
)

func TestMarkedArgumentsAreFound(t *testing.T) {
	got, err := HeaderParams([]byte(`{"type":"object","properties":{
		"region":{"type":"string","x-mcp-header":"region"},
		"place":{"type":"object","properties":{"zip":{"x-mcp-header":"ZIP-code","type":"integer"}}},
		"x-mcp-header":{"type":"boolean","x\u002dmcp-header":"b"},
		"example":{"default":{"x-mcp-header":"data, not a schema"},"type":"object"}
	}}`))
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(got); text != "[{Region [region] string} {Zip-Code [place zip] integer} {B [x-mcp-header] boolean}]" {
		t.Errorf("found %s", text)
	}
}

// 2026-07-28, streamable HTTP, "Schema Extension".
func TestMarkThatBreaksARuleIsAnError(t *testing.T) {
	mark := `{"type":"string","x-mcp-header":"A"}`
	tests := map[string]string{
		"empty":               `{"properties":{"a":{"type":"string","x-mcp-header":""}}}`,
		"no text":             `{"properties":{"a":{"type":"string","x-mcp-header":1}}}`,
		"no token":            `{"properties":{"a":{"type":"string","x-mcp-header":"a b"}}}`,
		"control character":   `{"properties":{"a":{"type":"string","x-mcp-header":"a\r\nb"}}}`,
		"not ASCII":           `{"properties":{"a":{"type":"string","x-mcp-header":"é"}}}`,
		"same in other case":  `{"properties":{"a":{"type":"string","x-mcp-header":"Zone"},"b":{"type":"string","x-mcp-header":"zONE"}}}`,
		"number":              `{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}`,
		"object":              `{"properties":{"a":{"type":"object","x-mcp-header":"A"}}}`,
		"no type":             `{"properties":{"a":{"x-mcp-header":"A"}}}`,
		"several types":       `{"properties":{"a":{"type":["string","null"],"x-mcp-header":"A"}}}`,
		"root":                `{"type":"object","x-mcp-header":"A"}`,
		"items":               `{"properties":{"a":{"items":` + mark + `}}}`,
		"list of items":       `{"properties":{"a":{"items":[` + mark + `]}}}`,
		"alternative":         `{"oneOf":[{"properties":{"a":` + mark + `}}]}`,
		"condition":           `{"if":{"properties":{"a":` + mark + `}}}`,
		"definition":          `{"$defs":{"a":` + mark + `}}`,
		"pattern of names":    `{"patternProperties":{"a":` + mark + `}}`,
		"additional":          `{"additionalProperties":` + mark + `}`,
		"below an additional": `{"additionalProperties":{"properties":{"a":` + mark + `}}}`,
		"depth":               strings.Repeat(`{"properties":{"a":`, 100) + mark + strings.Repeat(`}}`, 100),
	}
	for name, schema := range tests {
		if got, err := HeaderParams([]byte(schema)); err == nil {
			t.Errorf("%s: found %v", name, got)
		}
	}
}
