// SPDX-License-Identifier: Apache-2.0

// Package diff turns two versions of a text into a unified diff, as patch and
// git read it. It knows nothing of files.
package diff

import (
	"fmt"
	"slices"
	"strings"
)

const (
	contextLines = 3    // unchanged lines around a change
	maxEdits     = 1000 // beyond, the changed part is shown as one block; bounds memory to about 8 MB
)

// span is a change: lines [a0,a1) of the old text became lines [b0,b1) of the
// new one.
type span struct{ a0, a1, b0, b1 int }

// Unified returns what changed from before to after, or "" when nothing did.
// name is written in the header lines.
func Unified(name, before, after string) string {
	if before == after {
		return ""
	}
	a, b := lines(before), lines(after)
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", name, name)
	spans := changes(a, b)
	for len(spans) > 0 {
		n := 1
		for n < len(spans) && spans[n].a0-spans[n-1].a1 <= 2*contextLines {
			n++
		}
		writeHunk(&out, a, b, spans[:n])
		spans = spans[n:]
	}
	return out.String()
}

// lines splits s behind each newline.
func lines(s string) []string {
	l := strings.SplitAfter(s, "\n")
	if l[len(l)-1] == "" {
		l = l[:len(l)-1]
	}
	return l
}

// changes returns the spans in which a and b differ, in order.
func changes(a, b []string) []span {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	spans, ok := shortest(a[head:len(a)-tail], b[head:len(b)-tail])
	if !ok {
		return []span{{head, len(a) - tail, head, len(b) - tail}}
	}
	for i := range spans {
		s := &spans[i]
		s.a0, s.a1, s.b0, s.b1 = s.a0+head, s.a1+head, s.b0+head, s.b1+head
	}
	return spans
}

// shortest finds a smallest set of changes with Myers' greedy algorithm
// (An O(ND) Difference Algorithm, 1986). It gives up beyond maxEdits.
func shortest(a, b []string) ([]span, bool) {
	// history[d][i] is how far d edits reach into a on diagonal 2i-d, where
	// diagonal k holds the points with index k into a less that into b.
	var history [][]int
	for d := 0; d <= min(len(a)+len(b), maxEdits); d++ {
		reach := make([]int, d+1)
		for i := range reach {
			k, x := 2*i-d, 0
			if d > 0 {
				x, _ = step(history[d-1], i)
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			reach[i] = x
			if x >= len(a) && x-k >= len(b) {
				return backtrack(history, k), true
			}
		}
		history = append(history, reach)
	}
	return nil, false
}

// step returns how far one more edit gets on its diagonal i, and whether that
// edit inserts a line.
func step(previous []int, i int) (x int, inserts bool) {
	if i == 0 || (i < len(previous) && previous[i-1] < previous[i]) {
		return previous[i], true
	}
	return previous[i-1] + 1, false
}

// backtrack collects the edits that lead to the end of both texts, which is on
// diagonal k.
func backtrack(history [][]int, k int) []span {
	var spans []span
	for d := len(history); d > 0; d-- {
		x, inserts := step(history[d-1], (k+d)/2)
		if inserts {
			k++
			spans = append(spans, span{x, x, x - k, x - k + 1})
			continue
		}
		k--
		spans = append(spans, span{x - 1, x, x - 1 - k, x - 1 - k})
	}
	slices.Reverse(spans)
	return merge(spans)
}

// merge joins spans that touch.
func merge(spans []span) []span {
	var out []span
	for _, s := range spans {
		if n := len(out) - 1; n >= 0 && out[n].a1 == s.a0 && out[n].b1 == s.b0 {
			out[n].a1, out[n].b1 = s.a1, s.b1
			continue
		}
		out = append(out, s)
	}
	return out
}

// writeHunk writes the lines of spans with their surroundings.
func writeHunk(out *strings.Builder, a, b []string, spans []span) {
	first, last := spans[0], spans[len(spans)-1]
	lead, trail := min(contextLines, first.a0), min(contextLines, len(a)-last.a1)
	a0, b0 := first.a0-lead, first.b0-lead
	a1, b1 := last.a1+trail, last.b1+trail
	fmt.Fprintf(out, "@@ -%s +%s @@\n", lineRange(a0, a1), lineRange(b0, b1))
	at := a0
	for _, s := range spans {
		writeLines(out, ' ', a[at:s.a0])
		writeLines(out, '-', a[s.a0:s.a1])
		writeLines(out, '+', b[s.b0:s.b1])
		at = s.a1
	}
	writeLines(out, ' ', a[at:a1])
}

// lineRange writes lines [from,to) as a hunk header does. An empty range names
// the line before it.
func lineRange(from, to int) string {
	switch n := to - from; n {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	default:
		return fmt.Sprintf("%d,%d", from+1, n)
	}
}

func writeLines(out *strings.Builder, mark byte, lines []string) {
	for _, line := range lines {
		out.WriteByte(mark)
		out.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}
