// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// A Kind is what can be done with a body.
type Kind int

// The kinds of bodies that are fetched.
const (
	HTML Kind = iota + 1
	Text
	Image
)

// reportEvery is how many bytes are read between two reports.
const reportEvery = 256 << 10

// read takes the body, unless it is of a kind that nobody could use.
func (f *Fetcher) read(response *http.Response, report Progress) (*Page, error) {
	u := response.Request.URL
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, fmt.Errorf("%s is encoded as %q, which was not asked for", u, encoding)
	}
	body := bufio.NewReader(response.Body)
	page := &Page{URL: u, Status: response.StatusCode, ContentType: response.Header.Get("Content-Type")}
	media, _, _ := mime.ParseMediaType(page.ContentType)
	if media == "" || media == "application/octet-stream" {
		start, _ := body.Peek(512) // what DetectContentType looks at
		page.ContentType = http.DetectContentType(start)
		media, _, _ = mime.ParseMediaType(page.ContentType)
	}
	if page.Kind = kindOf(media); page.Kind == 0 {
		return nil, fmt.Errorf("%s is of type %q: only text and images (PNG, JPEG, GIF, WebP) are fetched", u, media)
	}
	if page.Kind == Image && response.ContentLength > f.options.MaxBytes {
		return nil, f.tooLarge(page)
	}

	reader := &reporter{from: body, total: max(0, response.ContentLength), report: report}
	var err error
	page.Body, err = io.ReadAll(io.LimitReader(reader, f.options.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", u, fault(u, err))
	}
	if int64(len(page.Body)) > f.options.MaxBytes {
		page.Body, page.Cut = page.Body[:f.options.MaxBytes], true
	}
	if page.Cut && page.Kind == Image {
		return nil, f.tooLarge(page)
	}
	return page, nil
}

func (f *Fetcher) tooLarge(p *Page) error {
	return fmt.Errorf("%s is an image of more than %d bytes, the most that is fetched", p.URL, f.options.MaxBytes)
}

// kindOf is the kind of a media type; zero if it is not fetched.
func kindOf(media string) Kind {
	switch {
	case media == "text/html", media == "application/xhtml+xml":
		return HTML
	case slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, media):
		return Image
	case strings.HasPrefix(media, "text/"), strings.HasSuffix(media, "+json"), strings.HasSuffix(media, "+xml"), strings.HasSuffix(media, "+yaml"):
		return Text
	}
	texts := []string{"json", "ld+json", "x-ndjson", "jsonl", "xml", "yaml", "x-yaml", "toml", "javascript", "x-javascript", "ecmascript", "x-sh", "sql", "graphql", "x-tex", "x-www-form-urlencoded"}
	if name, ok := strings.CutPrefix(media, "application/"); ok && slices.Contains(texts, name) {
		return Text
	}
	return 0
}

// A reporter tells how far the reading is.
type reporter struct {
	from   io.Reader
	total  int64
	report Progress // may be nil

	done, told int64
}

// Read reads and reports. A server that ends early is an error of its own kind.
func (r *reporter) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.done += int64(n)
	if r.report != nil && r.done-r.told >= reportEvery {
		r.told = r.done
		r.report(r.done, r.total)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = &faultError{what: fmt.Sprintf("the server stopped after %d bytes", r.done), cause: err}
	}
	return n, err
}
