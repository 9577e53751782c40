// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"testing"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestSessionVersionIsOneOfTheHandshakes(t *testing.T) {
	tests := map[string]struct {
		values []string
		want   jsonrpc.Code // zero if admitted
	}{
		"left out":         {nil, 0},
		"the oldest":       {[]string{"2024-11-05"}, 0},
		"the newest":       {[]string{"2025-11-25"}, 0},
		"in blanks":        {[]string{" 2025-06-18\t"}, 0},
		"empty":            {[]string{""}, mcp.CodeUnsupportedVersion},
		"unknown":          {[]string{"1999-01-01"}, mcp.CodeUnsupportedVersion},
		"a later one":      {[]string{"2099-01-01"}, mcp.CodeUnsupportedVersion},
		"two in one":       {[]string{"2025-06-18, 2025-06-18"}, mcp.CodeUnsupportedVersion},
		"twice the same":   {[]string{"2025-06-18", "2025-06-18"}, jsonrpc.InvalidRequest},
		"without sessions": {[]string{"2026-07-28"}, jsonrpc.InvalidRequest},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			header := map[string][]string{}
			if test.values != nil {
				header[mcp.HeaderVersion] = test.values
			}
			var got jsonrpc.Code
			if err := CheckSessionVersion(header); err != nil {
				got = err.Code
			}
			if got != test.want {
				t.Errorf("error code %d, want %d", got, test.want)
			}
		})
	}
}

func TestBatchIsAdmittedOnlyWhereItMayBeAllowed(t *testing.T) {
	tests := []struct {
		version, session string
		want             Admission
	}{
		{"", "s", InSession},
		{"2025-03-26", "s", InSession},
		{" 2025-03-26 ", "s", InSession},
		{"", "", Refused},
		{"2025-03-26", "", Refused},
		{"2024-11-05", "s", Refused},
		{"2025-06-18", "s", Refused},
		{"2025-11-25", "s", Refused},
		{"2026-07-28", "s", Refused},
		{"latest", "s", Refused},
	}
	for _, test := range tests {
		f := &jsonrpc.Frame{Data: []byte(`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`), Header: map[string][]string{}}
		if test.version != "" {
			f.Header[mcp.HeaderVersion] = []string{test.version}
		}
		if test.session != "" {
			f.Header[mcp.HeaderSessionID] = []string{test.session}
		}
		got, err := Admit(f)
		if got != test.want || (got == Refused) != (err != nil && err.Code == jsonrpc.InvalidRequest) {
			t.Errorf("version %q, session %q: %d, %v", test.version, test.session, got, err)
		}
	}
}
