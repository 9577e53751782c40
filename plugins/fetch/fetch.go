// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/plugins/fetch/internal/page"
	"github.com/mcphost/mcphost/plugins/fetch/internal/web"
)

// The formats of an answer.
const (
	formatMarkdown = "markdown"
	formatText     = "text"
	formatRaw      = "raw"
)

type request struct {
	URL      string `json:"url" jsonschema:"what to fetch; http or https"`
	Format   string `json:"format,omitempty" jsonschema:"markdown (the default) or text: what an HTML page is about; raw: its source. Other text is always as it is."`
	Start    int    `json:"start,omitempty" jsonschema:"how many characters to leave out at the beginning; default: 0"`
	MaxChars int    `json:"max_chars,omitempty" jsonschema:"most characters to return"`
}

// check fills in what is left out.
func (r *request) check(maxChars int) error {
	if r.Start < 0 || r.MaxChars < 0 {
		return errors.New("start and max_chars cannot be negative")
	}
	if r.Format == "" {
		r.Format = formatMarkdown
	}
	if r.Format != formatMarkdown && r.Format != formatText && r.Format != formatRaw {
		return fmt.Errorf("format: %q is none of markdown, text, raw", r.Format)
	}
	if r.MaxChars == 0 {
		r.MaxChars = maxChars
	}
	return nil
}

// fetch answers with what is known of the page, and then the page. A status that
// tells of a failure is a tool error with the same content.
func (s *server) fetch(ctx context.Context, req request) (*pluginapi.Result, error) {
	st := s.state.Load()
	if st == nil {
		return nil, errors.New("the plugin has not been configured yet")
	}
	if err := req.check(st.maxChars); err != nil {
		return nil, err
	}
	p, err := st.fetcher.Get(ctx, req.URL, func(done, total int64) {
		pluginapi.Progress(ctx, float64(done), float64(total), "reading "+req.URL)
	})
	if err != nil {
		return nil, err
	}
	result := &pluginapi.Result{IsError: p.Status >= http.StatusBadRequest}
	if p.Kind == web.Image {
		media, _, _ := mime.ParseMediaType(p.ContentType)
		result.Content = []pluginapi.Content{
			pluginapi.Text{Text: heading(p, "", "")},
			pluginapi.Image{Data: p.Body, MIMEType: media},
		}
		return result, nil
	}
	doc, err := read(ctx, p, req.Format)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.URL, err)
	}
	text, extent, err := part(doc.Text, req.Start, req.MaxChars)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.URL, err)
	}
	if p.Cut {
		extent += fmt.Sprintf("; of the page only the first %d bytes were read", len(p.Body))
	}
	result.Content = []pluginapi.Content{
		pluginapi.Text{Text: heading(p, doc.Title, extent)},
		pluginapi.Text{Text: text},
	}
	return result, nil
}

// read turns a page into text of the format.
func read(ctx context.Context, p *web.Page, format string) (page.Document, error) {
	source := page.Decode(p.Body, p.ContentType)
	switch {
	case p.Kind != web.HTML || format == formatRaw:
		return page.Document{Text: source}, nil
	case format == formatText:
		return page.Text(source, p.URL)
	}
	return page.Markdown(ctx, source, p.URL)
}

// heading is what is known of a page: where it was, how it was answered, and
// which part of it follows.
func heading(p *web.Page, title, extent string) string {
	status := strings.TrimSpace(fmt.Sprintf("%d %s", p.Status, http.StatusText(p.Status)))
	lines := []string{"URL: " + p.URL.String(), "Status: " + status, "Type: " + p.ContentType}
	if title != "" {
		lines = append(lines, "Title: "+title)
	}
	if extent != "" {
		lines = append(lines, "Characters: "+extent)
	}
	return strings.ToValidUTF8(strings.Join(lines, "\n"), "\uFFFD")
}

// part is limit characters of text from start on, and which ones they are.
func part(text string, start, limit int) (cut, extent string, err error) {
	total := utf8.RuneCountInString(text)
	if total == 0 {
		return "", "none", nil
	}
	if start >= total {
		return "", "", fmt.Errorf("start %d is behind the end: there are %d characters", start, total)
	}
	from := offset(text, start)
	cut = text[from:]
	end := min(total, start+min(limit, total)) // which does not overflow
	cut = cut[:offset(cut, end-start)]
	extent = fmt.Sprintf("%d to %d of %d", start+1, end, total)
	if end < total {
		extent += fmt.Sprintf("; go on with start %d", end)
	}
	return cut, extent, nil
}

// offset is where the character with the number n begins.
func offset(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	return len(text)
}

type promptArguments struct {
	URL string `json:"url" jsonschema:"what to fetch; http or https"`
}

// prompt is the page as a message of the user.
func (s *server) prompt(ctx context.Context, args promptArguments) ([]pluginapi.PromptMessage, error) {
	result, err := s.fetch(ctx, request{URL: args.URL})
	if err != nil {
		return nil, pluginapi.InvalidParams("%v", err)
	}
	var messages []pluginapi.PromptMessage
	for _, content := range result.Content {
		messages = append(messages, pluginapi.PromptMessage{Content: content})
	}
	return messages, nil
}
