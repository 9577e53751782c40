// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// readBuffer holds most frames whole, so that they are copied once.
const readBuffer = 64 << 10 // bytes

var errLineTooLong = errors.New("line too long")

// lineReader splits a stream into lines of at most max bytes. It is for one
// goroutine.
type lineReader struct {
	r   *bufio.Reader
	max int // bytes, without the line ending
}

func newLineReader(r io.Reader, max int) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, readBuffer), max: max}
}

// next returns the next line that is not blank, without its ending and owned by
// the caller. The last line needs no ending. A line that is too long is skipped
// whole and reported as errLineTooLong; the line after it can still be read.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.line()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			return line, nil
		}
	}
}

// line returns one line, blank or not. io.EOF is returned alone, never with
// bytes. A line that ends in any other error is not whole and is dropped.
func (l *lineReader) line() ([]byte, error) {
	var line []byte
	for {
		part, err := l.r.ReadSlice('\n')
		if len(line)+len(part) > l.max+len("\r\n") {
			return nil, l.skip(err)
		}
		line = append(line, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
			return nil, err
		}
		if line = trimEnding(line); len(line) > l.max {
			return nil, errLineTooLong
		}
		return line, nil
	}
}

// skip drops the rest of a line whose last part was read with err.
func (l *lineReader) skip(err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = l.r.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return errLineTooLong
}

func trimEnding(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}
