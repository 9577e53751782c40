// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"regexp"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestOfferedName(t *testing.T) {
	long := strings.Repeat("x", 70)
	for _, tt := range []struct {
		prefix, own, want string
		altered           bool
	}{
		{"files", "read", "files__read", false},
		{"", "read", "read", false},
		{"files", "read_all-2", "files__read_all-2", false},
		{"", long[:64], long[:64], false},
		{"files", "fs.read", "files__fs_read_3d06ec0f", true},
		{"", "fs.read", "fs_read_4074bc02", true},
		{"files", "lü", "files__l__56074e6c", true},
		{"files", long, "files__" + long[:48] + "_d4641909", true},
		{"", long[:65], long[:55] + "_9537c5fd", true},
	} {
		got, altered := offeredName(tt.prefix, tt.own)
		if got != tt.want || altered != tt.altered {
			t.Errorf("offeredName(%q, %q) = %q, %t, want %q, %t", tt.prefix, tt.own, got, altered, tt.want, tt.altered)
		}
	}
}

func TestNamesThatDifferOnlyInWhatIsReplacedStayApart(t *testing.T) {
	tools := toolsNamed("", "a.b", "a_b", "a b", "a/b", strings.Repeat("y", 80)+"1", strings.Repeat("y", 80)+"2")
	src, r := newSource(fake("p").Source, 0), New(Options{})
	defer r.Close(t.Context())
	seen := map[string]string{}
	for _, it := range r.kinds.tools.items(src, tools) {
		if other, taken := seen[it.id]; taken {
			t.Errorf("%q and %q are both offered as %q", it.own, other, it.id)
		}
		seen[it.id] = it.own
	}
	if len(seen) != 6 {
		t.Errorf("%d names are offered, want all but the empty one", len(seen))
	}
	if seen["p__a_b"] != "a_b" {
		t.Errorf("p__a_b is %q, want the name that fits as it is", seen["p__a_b"])
	}
}

var accepted = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

func FuzzOfferedName(f *testing.F) {
	f.Add("files", "read", "read")
	f.Add("", "a.b", "a_b")
	f.Add("p", strings.Repeat("é", 40), "\xff\xfe")
	r := New(Options{})
	defer r.Close(f.Context())
	tools := &r.kinds.tools
	f.Fuzz(func(t *testing.T, prefix, a, b string) {
		if a == "" || b == "" {
			return // dropped before they get here
		}
		nameA, alteredA := offeredName(prefix, a)
		if !accepted.MatchString(nameA) {
			t.Fatalf("offeredName(%q, %q) = %q", prefix, a, nameA)
		}
		if again, _ := offeredName(prefix, a); again != nameA {
			t.Fatalf("%q is offered as %q and as %q", a, nameA, again)
		}
		if nameB, alteredB := offeredName(prefix, b); a != b && nameA == nameB && alteredA == alteredB {
			t.Fatalf("%q and %q are both offered as %q", a, b, nameA)
		}
		if name := namespace(prefix); len(name)+9 <= maxName && !strings.HasPrefix(nameA, name) {
			t.Fatalf("offeredName(%q, %q) = %q does not begin with %q", prefix, a, nameA, name)
		}
		src := newSource(Source{Name: "s", Prefix: prefix}, 0)
		offers := &contribution{}
		tools.fill(src, offers, &contribution{}, toolsNamed(a, b))
		merged, _ := tools.merge(&catalog[mcp.Tool]{}, &offered{sources: []*contribution{offers}, overlay: &overlay[mcp.Tool]{}})
		for name, it := range merged.byID {
			if back, _ := offeredName(prefix, it.own); back != name || it.def.Name != name {
				t.Fatalf("%q leads to %q, which is offered as %q", name, it.own, back)
			}
		}
	})
}
