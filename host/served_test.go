// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

var updateReadme = flag.Bool("update-readme", false, "write the served methods into the README")

const (
	readme     = "../README.md"
	tableBegin = "<!-- served methods: go test ./host -run ServedMethods -update-readme -->\n"
	tableEnd   = "<!-- end of served methods -->\n"
)

// TestServedMethodsAreThoseOfTheReadme holds the README's table of methods
// against the method table that requests are looked up in.
func TestServedMethodsAreThoseOfTheReadme(t *testing.T) {
	s, err := New(Config{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	table := servedTable(s)

	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), tableBegin)
	written, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("the README has no place for the table of served methods")
	}
	if written == table {
		return
	}
	if !*updateReadme {
		t.Fatalf("the README's table is not what is served; run\n  go test ./host -run ServedMethods -update-readme\nand commit. It should be:\n%s", table)
	}
	if err := os.WriteFile(readme, []byte(before+tableBegin+table+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func servedTable(s *Server) string {
	var b strings.Builder
	b.WriteString("| method |")
	for v := mcp.Version20241105; v <= mcp.LatestStateless; v++ {
		fmt.Fprintf(&b, " %s |", v)
	}
	b.WriteString("\n|---|" + strings.Repeat(":-:|", int(mcp.LatestStateless)) + "\n")
	for _, m := range s.runner.Methods() {
		fmt.Fprintf(&b, "| `%s` |", m.Name)
		for v := mcp.Version20241105; v <= mcp.LatestStateless; v++ {
			mark := " "
			if v >= m.Since && v <= m.Until {
				mark = "✓"
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		b.WriteString("\n")
	}
	for _, transport := range []struct {
		name string
		in   func(mcp.Version) bool
	}{
		{"over stdio", func(mcp.Version) bool { return true }},
		{"over Streamable HTTP, at `/mcp`", func(mcp.Version) bool { return true }},
		{"over HTTP+SSE, at `/sse`", func(v mcp.Version) bool { return v == mcp.Version20241105 }},
	} {
		fmt.Fprintf(&b, "| %s |", transport.name)
		for v := mcp.Version20241105; v <= mcp.LatestStateless; v++ {
			mark := " "
			if transport.in(v) {
				mark = "✓"
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		b.WriteString("\n")
	}
	return b.String()
}
