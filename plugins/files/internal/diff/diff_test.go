// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestUnifiedReadsAsPatchWritesIt(t *testing.T) {
	ten := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"
	tests := []struct{ name, before, after, want string }{
		{"nothing", "a\n", "a\n", ""},
		{"one line", ten, strings.Replace(ten, "5\n", "five\n", 1),
			"@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
		{"first and last line", ten, "0\n" + ten + "11\n",
			"@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -8,3 +9,4 @@\n 8\n 9\n 10\n+11\n"},
		{"close changes share a hunk", ten, strings.Replace(strings.Replace(ten, "2\n", "", 1), "7\n", "", 1),
			"@@ -1,10 +1,8 @@\n 1\n-2\n 3\n 4\n 5\n 6\n-7\n 8\n 9\n 10\n"},
		{"from nothing", "", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
		{"to nothing", "a\n", "", "@@ -1 +0,0 @@\n-a\n"},
		{"last newline", "a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if want != "" {
				want = "--- f\n+++ f\n" + want
			}
			if got := Unified("f", test.before, test.after); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestChangesLeadFromOldToNewAndAreFewest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		a, b := randomLines(random), randomLines(random)
		edits, at := 0, 0
		var got []string
		for _, s := range changes(a, b) {
			got = append(append(got, a[at:s.a0]...), b[s.b0:s.b1]...)
			edits += s.a1 - s.a0 + s.b1 - s.b0
			at = s.a1
		}
		if got = append(got, a[at:]...); !slices.Equal(got, b) {
			t.Fatalf("changes of %q to %q lead to %q", a, b, got)
		}
		if want := len(a) + len(b) - 2*common(a, b); edits != want {
			t.Fatalf("changes of %q to %q have %d edits, want %d", a, b, edits, want)
		}
	}
}

func randomLines(random *rand.Rand) []string {
	l := make([]string, random.IntN(9))
	for i := range l {
		l[i] = string(rune('a' + random.IntN(3)))
	}
	return l
}

// common returns the length of the longest common subsequence.
func common(a, b []string) int {
	switch {
	case len(a) == 0 || len(b) == 0:
		return 0
	case a[0] == b[0]:
		return 1 + common(a[1:], b[1:])
	}
	return max(common(a[1:], b), common(a, b[1:]))
}

func TestTextsWithNothingInCommonBecomeOneBlock(t *testing.T) {
	before, after := strings.Repeat("a\n", 5000), strings.Repeat("b\n", 5000)
	got := Unified("f", before, after)
	if n := strings.Count(got, "@@ -1,5000 +1,5000 @@"); n != 1 || len(got) < 30000 {
		t.Errorf("got %d hunks of everything in %d bytes", n, len(got))
	}
}
