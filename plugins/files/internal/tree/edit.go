// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/mcphost/mcphost/plugins/files/internal/diff"
)

// maxEditBytes is the largest file that is edited, before and after.
const maxEditBytes = 16 << 20

// EditRequest asks for replacements in one file.
type EditRequest struct {
	Path   string        `json:"path" jsonschema:"file to edit"`
	Edits  []Replacement `json:"edits" jsonschema:"applied in order, each to the result of those before it; all or none"`
	DryRun bool          `json:"dry_run,omitempty" jsonschema:"only return the diff, change nothing"`
}

// Replacement is one change.
type Replacement struct {
	Old string `json:"old" jsonschema:"text to replace, exactly as in the file, with enough of its surroundings to occur once"`
	New string `json:"new" jsonschema:"text to put there"`
	All bool   `json:"all,omitempty" jsonschema:"replace each occurrence instead of the only one"`
}

// EditResult is the answer to an EditRequest.
type EditResult struct {
	Path         string `json:"path" jsonschema:"as other tools of this plugin take it"`
	Replacements int    `json:"replacements" jsonschema:"how many occurrences were replaced"`
	Changed      bool   `json:"changed" jsonschema:"whether the file was changed"`
	Diff         string `json:"diff" jsonschema:"unified diff from the old content to the new; empty if they are the same"`
}

// Edit replaces text in a file, all edits at once or none.
func (t *Tree) Edit(ctx context.Context, req EditRequest) (*EditResult, error) {
	if len(req.Edits) == 0 {
		return nil, errors.New("edits is empty; give at least one")
	}
	at, err := t.startWriting(ctx, req.Path)
	if err != nil {
		return nil, err
	}
	defer t.endWriting()
	if _, err := at.writable(); err != nil {
		return nil, err
	}
	before, info, err := at.content()
	if err != nil {
		return nil, at.fail(err)
	}
	after, n, err := applyAll(before, req.Edits)
	if err != nil {
		return nil, at.refuse("%s; nothing was changed", err)
	}
	shown := valid(t.shown(at.root, at.rel))
	out := &EditResult{Path: shown, Replacements: n, Diff: t.shorten(diff.Unified(shown, before, after))}
	if req.DryRun || after == before {
		return out, nil
	}
	if err := at.unchangedSince(info); err != nil {
		return nil, err
	}
	if err := at.replace([]byte(after), info); err != nil {
		return nil, at.fail(err)
	}
	out.Changed = true
	return out, nil
}

// content returns the text of a file that can be edited.
func (p place) content() (string, fs.FileInfo, error) {
	file, info, err := p.open(os.O_RDONLY)
	if err != nil {
		return "", nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxEditBytes+1))
	switch {
	case err != nil:
		return "", nil, err
	case len(content) > maxEditBytes:
		return "", nil, p.refuse("has more than %s bytes, which is the most that edit takes", count(maxEditBytes))
	case isBinary(content) || !utf8.Valid(content):
		return "", nil, p.refuse("is not UTF-8 text, which is all that edit takes")
	}
	return string(content), info, nil
}

// unchangedSince refuses if another process wrote the file after it was read.
func (p place) unchangedSince(read fs.FileInfo) error {
	now, err := p.root.Lstat(p.rel)
	if err != nil {
		return p.fail(err)
	}
	if !os.SameFile(now, read) || now.Size() != read.Size() || !now.ModTime().Equal(read.ModTime()) {
		return p.refuse("was changed by somebody else meanwhile; read it again")
	}
	return nil
}

// applyAll applies edits in order and returns how many places were changed.
func applyAll(text string, edits []Replacement) (string, int, error) {
	crlf := endsInCRLF(text)
	total := 0
	for i, e := range edits {
		if crlf {
			// What a model reads and writes has plain newlines.
			e.Old, e.New = toCRLF(e.Old), toCRLF(e.New)
		}
		after, n, err := e.apply(text)
		if err != nil {
			return "", 0, fmt.Errorf("edit %d of %d: %w", i+1, len(edits), err)
		}
		if len(after) > maxEditBytes {
			return "", 0, fmt.Errorf("edit %d of %d: the file would have more than %s bytes", i+1, len(edits), count(maxEditBytes))
		}
		text, total = after, total+n
	}
	return text, total, nil
}

// apply makes one replacement.
func (e Replacement) apply(text string) (string, int, error) {
	if e.Old == "" {
		return "", 0, errors.New("old is empty; use the tool write to create a file or to append")
	}
	switch n := strings.Count(text, e.Old); {
	case n == 0:
		return "", 0, errors.New("old occurs nowhere; it must be exactly as in the file, with its white space")
	case n > 1 && !e.All:
		return "", 0, fmt.Errorf("old occurs %d times, %s; add more of its surroundings, or set all to replace each",
			n, whichLines(text, e.Old))
	case n*len(e.New) > maxEditBytes: // before the memory is taken
		return "", 0, fmt.Errorf("the replacements have more than %s bytes", count(maxEditBytes))
	default:
		return strings.ReplaceAll(text, e.Old, e.New), n, nil
	}
}

// whichLines says on which lines old begins, the first few of them.
func whichLines(text, old string) string {
	const most = 5
	line, list := 1, "on lines"
	for n := 0; ; n++ {
		at := strings.Index(text, old)
		if at < 0 {
			return list
		}
		if n == most {
			return list + " and more"
		}
		line += strings.Count(text[:at], "\n")
		list += fmt.Sprintf(" %d", line)
		line += strings.Count(text[at:at+len(old)], "\n")
		text = text[at+len(old):]
	}
}

// endsInCRLF reports whether each line of text ends in CR LF.
func endsInCRLF(text string) bool {
	n := strings.Count(text, "\r\n")
	return n > 0 && n == strings.Count(text, "\n")
}

// toCRLF makes each line end of text CR LF.
func toCRLF(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

// shorten cuts a diff to the size of an answer.
func (t *Tree) shorten(diff string) string {
	if int64(len(diff)) <= t.opts.MaxReadBytes {
		return diff
	}
	cut := diff[:t.opts.MaxReadBytes]
	return cut[:strings.LastIndexByte(cut, '\n')+1] + "... the diff is longer than one answer holds\n"
}
