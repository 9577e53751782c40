// SPDX-License-Identifier: Apache-2.0

// Package page turns the bytes of a document into text to be read: it decodes
// them and, of HTML, keeps what the page is about, as Markdown or as plain text.
// It knows nothing of where the bytes are from, of plugins and of MCP.
package page

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// A Document is a page, read.
type Document struct {
	Title string // empty if it has none
	Text  string // valid UTF-8
}

// Decode turns the bytes of a text into UTF-8, by what contentType says, by a
// byte order mark, or by what the text itself says. Bytes that are wrong in that
// encoding become replacement characters.
func Decode(body []byte, contentType string) string {
	encoding, _, certain := charset.DetermineEncoding(body, contentType)
	if !certain && isUTF8(body) {
		return strings.ToValidUTF8(string(body), "\uFFFD")
	}
	decoded, err := encoding.NewDecoder().Bytes(body)
	if err != nil {
		decoded = body
	}
	return strings.ToValidUTF8(strings.TrimPrefix(string(decoded), "\uFEFF"), "\uFFFD")
}

// isUTF8 looks at the whole text: DetermineEncoding looks at the first kilobyte,
// which may be ASCII by chance. The end may be cut in the middle of a character,
// but a strange byte after nothing but ASCII is of another encoding.
func isUTF8(body []byte) bool {
	whole := body[:len(body)-partial(body)]
	return utf8.Valid(whole) && (len(whole) == len(body) || utf8.RuneCount(whole) < len(whole))
}

// partial is how many bytes at the end are the beginning of a character.
func partial(body []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(body); n++ {
		if end := body[len(body)-n:]; utf8.RuneStart(end[0]) {
			if utf8.FullRune(end) {
				return 0
			}
			return n
		}
	}
	return 0
}

// Markdown is the main content of an HTML page, with its links made absolute.
// at is where the page is.
func Markdown(ctx context.Context, source string, at *url.URL) (Document, error) {
	return read(source, at, func(root *html.Node) (string, error) {
		// Without escapes: they take a time that grows with the square of a text's
		// length, and whoever reads does not miss them.
		c := converter.NewConverter(converter.WithEscapeMode(converter.EscapeModeDisabled), converter.WithPlugins(base.NewBasePlugin(),
			commonmark.NewCommonmarkPlugin(), strikethrough.NewStrikethroughPlugin(), table.NewTablePlugin()))
		text, err := c.ConvertNode(root, converter.WithContext(ctx))
		return string(text), err
	})
}

// Text is the main content of an HTML page as plain text.
func Text(source string, at *url.URL) (Document, error) {
	return read(source, at, func(root *html.Node) (string, error) { return plainText(root), nil })
}

// read parses a page and writes its main content. Where nothing is left of a
// page when its navigation is gone, that was the content.
func read(source string, at *url.URL, write func(*html.Node) (string, error)) (Document, error) {
	for _, keepAll := range []bool{false, true} {
		root, err := html.Parse(strings.NewReader(source))
		if err != nil {
			return Document{}, errors.New("the page is no HTML that can be read; fetch it as raw")
		}
		doc := Document{Title: title(root)}
		text, err := write(content(root, at, keepAll))
		if err != nil {
			return Document{}, fmt.Errorf("the page cannot be converted; fetch it as raw: %w", err)
		}
		if doc.Text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD")); doc.Text != "" || keepAll {
			return doc, nil
		}
	}
	return Document{}, nil
}
