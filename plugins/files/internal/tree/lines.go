// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
)

// errLongLine says that a line is longer than an answer.
var errLongLine = errors.New("line too long")

// someLines are consecutive lines of a text.
type someLines struct {
	text        []byte
	first, last int  // numbers of lines, from 1; last is before first if there are none
	more        bool // whether lines follow
}

// readLines returns n lines of src from start on, or all if n is 0, but not
// more than most bytes. A negative start counts from the end. A text of k lines
// that is asked for a later one gives none, with last = k.
func readLines(ctx context.Context, src io.ReadSeeker, start, n int, most int64) (someLines, error) {
	lines := bufio.NewReaderSize(src, 64<<10)
	if start < 0 {
		total, err := skipLines(ctx, lines, -1)
		if err != nil {
			return someLines{}, err
		}
		if _, err := src.Seek(0, io.SeekStart); err != nil {
			return someLines{}, err
		}
		lines.Reset(src)
		start += total + 1
	}
	start = max(1, start)
	skipped, err := skipLines(ctx, lines, start-1)
	if err != nil {
		return someLines{}, err
	}
	out := someLines{first: start, last: skipped}
	if skipped < start-1 {
		return out, nil
	}
	err = out.fill(ctx, lines, n, most)
	return out, err
}

// fill adds n lines, or all if n is 0.
func (s *someLines) fill(ctx context.Context, lines *bufio.Reader, n int, most int64) error {
	for n == 0 || s.last-s.first+1 < n {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		size := len(s.text)
		done, err := s.appendLine(lines, most)
		switch {
		case errors.Is(err, errLongLine) && size > 0:
			s.text, s.more = s.text[:size], true
			return nil
		case err != nil:
			return err
		case done && len(s.text) == size:
			return nil
		}
		s.last++
	}
	_, err := lines.Peek(1)
	s.more = err == nil
	return nil
}

// appendLine adds one line with its end, and reports whether the text is over.
func (s *someLines) appendLine(lines *bufio.Reader, most int64) (done bool, err error) {
	for {
		part, err := lines.ReadSlice('\n')
		s.text = append(s.text, part...)
		switch {
		case int64(len(s.text)) > most:
			return false, errLongLine
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return true, nil
		}
		return false, err
	}
}

// skipLines reads n lines, or all if n is negative, and returns how many there
// were.
func skipLines(ctx context.Context, lines *bufio.Reader, n int) (int, error) {
	skipped, open := 0, false // open: inside a line
	for skipped != n {
		if ctx.Err() != nil {
			return skipped, context.Cause(ctx)
		}
		part, err := lines.ReadSlice('\n')
		open = open || len(part) > 0
		if bytes.HasSuffix(part, []byte("\n")) {
			skipped, open = skipped+1, false
		}
		if errors.Is(err, io.EOF) {
			if open {
				skipped++
			}
			return skipped, nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return skipped, err
		}
	}
	return skipped, nil
}
