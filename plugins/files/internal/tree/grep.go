// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
)

const (
	grepBuffer = 64 << 10 // bytes of a line that are searched; the rest of a longer one is skipped
	shownLine  = 400      // bytes of a line that are shown
)

// grep adds the matching lines of a file. A file that fails while it is read is
// counted and given up, as the search has more to look at.
func (s *searcher) grep(ctx context.Context, shown string, file io.Reader) error {
	g := grepper{searcher: s, shown: valid(shown)}
	lines := bufio.NewReaderSize(file, grepBuffer)
	head, err := lines.Peek(sniffLength)
	if err != nil && !errors.Is(err, io.EOF) {
		s.noAccess++
		return nil
	}
	if isBinary(head) {
		s.binary++
		return nil
	}
	for read := 0; ; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line, n, err := nextLine(lines)
		if errors.Is(err, io.EOF) {
			return g.flush()
		}
		if err != nil {
			s.noAccess++
			return g.flush()
		}
		if read += n; read >= bytesPerWork {
			s.worked(read / bytesPerWork)
			read %= bytesPerWork
		}
		if err := g.line(line); err != nil {
			return err
		}
	}
}

// nextLine returns the next line without its end, cut to the buffer of lines,
// and how many bytes were read. It is valid until the next call.
func nextLine(lines *bufio.Reader) (line []byte, n int, err error) {
	line, err = lines.ReadSlice('\n')
	n = len(line)
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		line = bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) {
			var rest []byte
			rest, err = lines.ReadSlice('\n')
			n += len(rest)
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
	case errors.Is(err, io.EOF) && n > 0:
		err = nil
	}
	return bytes.TrimRight(line, "\r\n"), n, err
}

// grepper searches one file.
type grepper struct {
	*searcher
	shown  string
	number int      // of the line
	before []string // the last lines, as many as are shown before a match
	open   []Match  // matches whose lines after them are not complete
}

// line looks at the next line.
func (g *grepper) line(line []byte) error {
	g.number++
	at := g.lines.find(line)
	if g.around == 0 {
		if at < 0 {
			return nil
		}
		return g.add(Match{Path: g.shown, Line: g.number, Text: excerpt(line, at)})
	}
	text := excerpt(line, 0)
	for i := range g.open {
		g.open[i].After = append(g.open[i].After, text)
	}
	if len(g.open) > 0 && len(g.open[0].After) == g.around {
		if err := g.add(g.open[0]); err != nil {
			return err
		}
		g.open = g.open[1:]
	}
	if at >= 0 {
		g.open = append(g.open, Match{Path: g.shown, Line: g.number, Text: excerpt(line, at), Before: g.before})
	}
	// A new slice each time: matches keep the old ones.
	g.before = append(g.before[max(0, len(g.before)+1-g.around):len(g.before):len(g.before)], text)
	return nil
}

// flush adds the matches near the end of the file.
func (g *grepper) flush() error {
	for _, m := range g.open {
		if err := g.add(m); err != nil {
			return err
		}
	}
	return nil
}

// excerpt is the part of a line that is shown: what is around index at of a
// long one.
func excerpt(line []byte, at int) string {
	from := 0
	if len(line) > shownLine {
		from = min(max(0, at-shownLine/4), len(line)-shownLine)
	}
	to := min(len(line), from+shownLine)
	_, part := leadingRunes(line[from:to])
	text := valid(string(trimRune(part)))
	if from > 0 {
		text = "..." + text
	}
	if to < len(line) {
		text += "..."
	}
	return text
}
