// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// maxDecoded is the largest UTF-16 file that is read, in bytes: its lines can
// only be found in memory.
const maxDecoded = 32 << 20

// ReadRequest asks for a file, or for a range of its lines or bytes.
type ReadRequest struct {
	Path        string `json:"path" jsonschema:"file to read"`
	StartLine   int    `json:"start_line,omitempty" jsonschema:"first line to return, counted from 1; a negative number counts from the end, -20 is the last 20 lines"`
	Lines       int    `json:"lines,omitempty" jsonschema:"how many lines to return; default: up to the end or the size limit"`
	Offset      int64  `json:"offset,omitempty" jsonschema:"first byte to return, counted from 0, instead of a line range; a negative number counts from the end"`
	Bytes       int64  `json:"bytes,omitempty" jsonschema:"how many bytes to return from offset; default: up to the end or the size limit"`
	LineNumbers bool   `json:"line_numbers,omitempty" jsonschema:"write its number and a tab before each line"`
}

func (r ReadRequest) byLines() bool { return r.StartLine != 0 || r.Lines != 0 }
func (r ReadRequest) byBytes() bool { return r.Offset != 0 || r.Bytes != 0 }

// Reading is the answer to a ReadRequest: Text, or Data if it is not nil.
type Reading struct {
	Text     string
	Data     []byte
	Media    bool   // whether Data is a whole image or sound
	MIMEType string // of Data
	URI      string // of the file
	Note     string // which part this is and how to go on; empty: the whole file
}

// Read returns what a file holds.
func (t *Tree) Read(ctx context.Context, req ReadRequest) (*Reading, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	at, err := t.resolveInside(req.Path)
	if err != nil {
		return nil, err
	}
	file, info, err := at.open(os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head := make([]byte, sniffLength)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, at.fail(err)
	}
	r := reader{place: at, file: file, head: head[:n], size: info.Size(), opts: t.opts}
	out, err := r.read(ctx, req)
	if err != nil {
		return nil, at.fail(err)
	}
	out.URI = at.uri()
	return out, nil
}

func (r ReadRequest) check() error {
	switch {
	case r.byLines() && r.byBytes():
		return errors.New("ask for a range of lines (start_line, lines) or of bytes (offset, bytes), not both")
	case r.Lines < 0:
		return errors.New("lines must be 1 or more")
	case r.Bytes < 0:
		return errors.New("bytes must be 1 or more")
	case r.LineNumbers && r.byBytes():
		return errors.New("line_numbers needs a range of lines, or the whole file")
	}
	return nil
}

// reader answers one ReadRequest.
type reader struct {
	place
	file *os.File
	head []byte // its first bytes
	size int64  // 0 for files of /proc and the like, which hold bytes all the same
	opts Options
}

func (r *reader) read(ctx context.Context, req ReadRequest) (*Reading, error) {
	if req.byBytes() {
		return r.byteRange(req)
	}
	switch enc := detect(r.head); enc {
	case binaryData:
		return r.media(req)
	case unknownText:
		return nil, r.notUTF8()
	case utf8Text:
		if !req.byLines() && r.size > r.opts.MaxReadBytes {
			return nil, r.tooLarge(r.opts.MaxReadBytes)
		}
		return r.text(ctx, req, r.file)
	default:
		content, err := r.all(maxDecoded)
		if err != nil {
			return nil, err
		}
		text, ok := decodeUTF16(content, enc)
		if !ok {
			return nil, r.refuse("begins like UTF-16 but has an odd number of bytes; read a range with offset and bytes")
		}
		return r.text(ctx, req, strings.NewReader(text))
	}
}

// text returns lines of src, which is UTF-8.
func (r *reader) text(ctx context.Context, req ReadRequest, src io.ReadSeeker) (*Reading, error) {
	part, err := readLines(ctx, src, req.StartLine, req.Lines, r.opts.MaxReadBytes)
	switch {
	case errors.Is(err, errLongLine):
		return nil, r.refuse("line %s is longer than the %s that one answer holds; read a range with offset and bytes",
			count(part.first), plural(r.opts.MaxReadBytes, "byte", "bytes"))
	case err != nil:
		return nil, err
	case part.first > part.last && req.StartLine > 1:
		return nil, r.refuse("has only %s", plural(part.last, "line", "lines"))
	case part.more && !req.byLines(): // a file that said it was smaller
		return nil, r.tooLarge(r.opts.MaxReadBytes)
	}
	text := bytes.TrimPrefix(part.text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return nil, r.notUTF8()
	}
	out := &Reading{Text: string(text)}
	if req.LineNumbers {
		out.Text = number(out.Text, part.first)
	}
	switch {
	case part.more:
		out.Note = fmt.Sprintf("lines %d to %d; there are more, go on with start_line %d", part.first, part.last, part.last+1)
	case part.first > 1:
		out.Note = fmt.Sprintf("lines %d to %d, the last one", part.first, part.last)
	}
	return out, nil
}

// number writes the number of each line before it.
func number(text string, first int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		fmt.Fprintf(&b, "%6d\t%s", first, line)
		first++
	}
	return b.String()
}

// media returns a whole image or sound. Other binary data is only given by
// ranges: a model can rarely use it, and pays for every byte.
func (r *reader) media(req ReadRequest) (*Reading, error) {
	mimeType := mediaType(path.Base(r.rel), r.head)
	switch {
	case !isMedia(mimeType):
		return nil, r.refuse("is binary (%s, %s); read a range with offset and bytes to get it as it is",
			mimeType, plural(r.size, "byte", "bytes"))
	case req.byLines() || req.LineNumbers:
		return nil, r.refuse("is %s, which has no lines; read it without a range of lines", mimeType)
	}
	data, err := r.all(r.opts.MaxMediaBytes)
	if err != nil {
		return nil, err
	}
	return &Reading{Data: data, Media: true, MIMEType: mimeType}, nil
}

// byteRange returns bytes of the file: as text if they are, without the parts of
// characters at both ends.
func (r *reader) byteRange(req ReadRequest) (*Reading, error) {
	offset := req.Offset
	if offset < 0 {
		offset = max(0, r.size+offset)
	}
	n := r.opts.MaxReadBytes
	if req.Bytes > 0 {
		n = min(n, req.Bytes)
	}
	data, err := io.ReadAll(io.NewSectionReader(r.file, offset, n))
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, r.refuse("has only %s", plural(r.size, "byte", "bytes"))
	}
	out := &Reading{MIMEType: "application/octet-stream", Data: data}
	if offset == 0 {
		out.MIMEType = mediaType(path.Base(r.rel), r.head)
	}
	if lead, text := wholeRunes(data); text != nil && !isBinary(r.head) && !isBinary(text) {
		offset += int64(lead)
		*out, data = Reading{Text: string(text)}, text
	}
	end := offset + int64(len(data))
	out.Note = fmt.Sprintf("bytes %d to %d of %d", offset, end-1, max(end, r.size))
	if end < r.size {
		out.Note += fmt.Sprintf("; go on with offset %d", end)
	}
	return out, nil
}

// wholeRunes returns the characters that lie wholly inside data, and how many
// bytes before them were left out; nil if it is not text.
func wholeRunes(data []byte) (int, []byte) {
	lead, text := leadingRunes(data)
	text = trimRune(text)
	if len(text) == 0 || !utf8.Valid(text) {
		return 0, nil
	}
	return lead, text
}

// all returns the whole file, or an error if that is more than most bytes.
func (r *reader) all(most int64) ([]byte, error) {
	if r.size > most {
		return nil, r.tooLarge(most)
	}
	data, err := io.ReadAll(io.NewSectionReader(r.file, 0, most+1))
	if err == nil && int64(len(data)) > most {
		err = r.tooLarge(most)
	}
	return data, err
}

func (r *reader) tooLarge(most int64) error {
	size := "more"
	if r.size > most {
		size = plural(r.size, "byte", "bytes")
	}
	return r.refuse("has %s, and one answer holds %s; read a part with start_line and lines, or with offset and bytes, or find the place with search",
		size, count(most))
}

func (r *reader) notUTF8() error {
	return r.refuse("is not UTF-8 text; it may have an older encoding such as ISO 8859-1; read a range with offset and bytes to get it as it is")
}
