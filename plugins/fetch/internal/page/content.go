// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxSpans bounds how many cells a page may add to its tables with colspan and
// rowspan: a few bytes could ask for millions.
const maxSpans = 10000

// content is the part of a page that it is about, cleaned of the rest. It
// changes root. keepAll leaves in what looks like navigation.
func content(root *html.Node, at *url.URL, keepAll bool) *html.Node {
	c := &cleaner{base: baseOf(root, at), keepAll: keepAll, spans: maxSpans}
	main := root
	if !keepAll {
		main = mainOf(root)
	}
	c.clean(main)
	return main
}

// mainOf finds the main element, the only article, or the body.
func mainOf(root *html.Node) *html.Node {
	var articles []*html.Node
	body := root
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.DataAtom == atom.Main || attribute(n, "role") == "main":
			return n
		case n.DataAtom == atom.Article:
			articles = append(articles, n)
		case n.DataAtom == atom.Body:
			body = n
		}
	}
	if len(articles) == 1 {
		return articles[0]
	}
	return body
}

func title(root *html.Node) string {
	for n := range root.Descendants() {
		if n.DataAtom == atom.Title && n.FirstChild != nil && n.Namespace == "" {
			return strings.Join(strings.Fields(strings.ToValidUTF8(n.FirstChild.Data, "\uFFFD")), " ")
		}
	}
	return ""
}

// baseOf is what relative links start from.
func baseOf(root *html.Node, at *url.URL) *url.URL {
	for n := range root.Descendants() {
		if n.DataAtom == atom.Base {
			if base, err := at.Parse(attribute(n, "href")); err == nil {
				return base
			}
		}
	}
	return at
}

// A cleaner removes what is not to be read.
type cleaner struct {
	base    *url.URL
	keepAll bool
	spans   int // cells that spans may still add
}

func (c *cleaner) clean(n *html.Node) {
	var next *html.Node
	for child := n.FirstChild; child != nil; child = next {
		next = child.NextSibling
		if child.Type == html.CommentNode || child.Type == html.ElementNode && c.drops(child) {
			n.RemoveChild(child)
			continue
		}
		c.clean(child)
	}
	if n.Type == html.ElementNode {
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return c.dropsAttribute(n, a) })
		c.resolve(n)
	}
}

// drops reports whether an element is nothing to read, with all in it.
func (c *cleaner) drops(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Object, atom.Embed, atom.Svg,
		atom.Canvas, atom.Input, atom.Select, atom.Button, atom.Textarea, atom.Dialog, atom.Head:
		return true
	case atom.Nav, atom.Aside, atom.Footer:
		return !c.keepAll
	case atom.Img:
		return strings.HasPrefix(strings.ToLower(strings.TrimSpace(attribute(n, "src"))), "data:")
	}
	if hasAttribute(n, "hidden") || attribute(n, "aria-hidden") == "true" {
		return true
	}
	return !c.keepAll && slices.Contains([]string{"navigation", "banner", "contentinfo", "complementary", "search"}, attribute(n, "role"))
}

// dropsAttribute keeps out links that do something, and tables that explode.
func (c *cleaner) dropsAttribute(n *html.Node, a html.Attribute) bool {
	switch a.Key {
	case "href":
		link := strings.ToLower(strings.TrimSpace(a.Val))
		return strings.HasPrefix(link, "javascript:") || strings.HasPrefix(link, "data:")
	case "colspan", "rowspan":
		span, err := strconv.Atoi(strings.TrimSpace(a.Val))
		if err != nil || span < 1 || span > 100 {
			return true
		}
		other := 1
		if a.Key == "rowspan" {
			if other, err = strconv.Atoi(attribute(n, "colspan")); err != nil {
				other = 1
			}
		}
		if c.spans -= span * other; c.spans < 0 {
			return true
		}
	}
	return false
}

// resolve makes links absolute.
func (c *cleaner) resolve(n *html.Node) {
	for i, a := range n.Attr {
		if a.Key != "href" && a.Key != "src" {
			continue
		}
		if u, err := c.base.Parse(strings.TrimSpace(a.Val)); err == nil {
			n.Attr[i].Val = u.String()
		}
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key && a.Namespace == "" })
}
