// SPDX-License-Identifier: Apache-2.0

package page

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// plainText is the text of a cleaned tree: paragraphs apart by empty lines, and
// spaces as a browser would show them.
func plainText(root *html.Node) string {
	w := &textWriter{}
	w.node(root, false)
	return w.out.String()
}

// A textWriter writes words and holds back the space between them until it knows
// how much is needed.
type textWriter struct {
	out   strings.Builder
	lines int  // line breaks that are due
	space bool // a space is due
}

func (w *textWriter) node(n *html.Node, preformatted bool) {
	if n.Type == html.TextNode {
		if preformatted {
			w.write(n.Data)
		} else {
			w.words(n.Data)
		}
		return
	}
	before, after := breaks(n)
	w.newline(before)
	if n.DataAtom == atom.Li {
		w.write("- ")
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		w.node(child, preformatted || n.DataAtom == atom.Pre)
	}
	if n.DataAtom == atom.Td || n.DataAtom == atom.Th {
		w.space = true
	}
	w.newline(after)
}

// breaks are the line breaks before and after an element.
func breaks(n *html.Node) (before, after int) {
	switch n.DataAtom {
	case atom.Br:
		return 0, 1
	case atom.Li, atom.Tr, atom.Dt, atom.Dd, atom.Div, atom.Figcaption, atom.Option, atom.Summary:
		return 1, 1
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Dl, atom.Pre, atom.Table,
		atom.Blockquote, atom.Section, atom.Article, atom.Header, atom.Hr, atom.Figure, atom.Details, atom.Address, atom.Form:
		return 2, 2
	}
	return 0, 0
}

func (w *textWriter) newline(n int) {
	w.lines = max(w.lines, n)
}

// words writes text with each run of spaces as one.
func (w *textWriter) words(text string) {
	w.space = w.space || strings.TrimLeftFunc(text, unicode.IsSpace) != text
	for word := range strings.FieldsSeq(text) {
		w.write(word)
		w.space = true
	}
	w.space = w.space && strings.TrimRightFunc(text, unicode.IsSpace) != text
}

// write writes text after the space that is due.
func (w *textWriter) write(text string) {
	if text == "" {
		return
	}
	switch {
	case w.out.Len() == 0:
	case w.lines > 0:
		w.out.WriteString("\n\n"[:w.lines])
	case w.space:
		w.out.WriteByte(' ')
	}
	w.lines, w.space = 0, false
	w.out.WriteString(text)
}
