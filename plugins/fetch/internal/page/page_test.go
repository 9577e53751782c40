// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const article = `<!doctype html><html><head><title> The
 Title </title><style>p{}</style></head><body>
<nav><a href="/home">Home</a></nav>
<main><h1>Heading</h1><p>Some <b>bold</b> text, a <a href="../there?a=1#b">link</a>, <a href="javascript:steal()">a trick</a>.</p>
<ul><li>one</li><li>two</li></ul><pre><code>x  :=  1
y</code></pre><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>
<img src="/i.png" alt="picture"><img src="data:image/png;base64,AAAA" alt="inline"><p hidden>hidden</p><script>evil()</script><!-- comment --></main>
<footer>Imprint</footer></body></html>`

func at(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse("https://example.test/dir/page.html")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestMarkdownIsTheMainContent(t *testing.T) {
	doc, err := Markdown(t.Context(), article, at(t))
	if err != nil || doc.Title != "The Title" {
		t.Errorf("%+v, %v", doc, err)
	}
	for _, want := range []string{
		"# Heading", "Some **bold** text, a [link](https://example.test/there?a=1#b)", "a trick", "- one\n- two", "```\nx  :=  1\ny\n```", "| a | b |", "![picture](https://example.test/i.png)",
	} {
		if !strings.Contains(doc.Text, want) {
			t.Errorf("%q is not in\n%s", want, doc.Text)
		}
	}
	for _, not := range []string{"Home", "Imprint", "evil", "hidden", "javascript", "comment", "inline", "base64", "p{}"} {
		if strings.Contains(doc.Text, not) {
			t.Errorf("%q is in\n%s", not, doc.Text)
		}
	}
}

func TestTextIsWhatABrowserShows(t *testing.T) {
	doc, err := Text(article, at(t))
	const want = "Heading\n\nSome bold text, a link, a trick.\n\n- one\n- two\n\nx  :=  1\ny\n\na b\n1 2"
	if err != nil || doc.Text != want {
		t.Errorf("%q, %v; want %q", doc.Text, err, want)
	}
}

func TestThePartOfAPageThatItIsAboutIsFound(t *testing.T) {
	for source, want := range map[string]string{
		`<p>out</p><article><p>in</p></article>`:   "in",
		`<article>a</article><article>b</article>`: "a\n\nb",
		`<p>out</p><div role=main>in</div>`:        "in",
		`<nav><a href=x>only a menu</a></nav>`:     "only a menu",
		`<main> </main><p>outside</p>`:             "outside",
		`just text`:                                "just text",
		``:                                         "",
		`<form><p>in a form</p><input value=no><button>no</button></form>`: "in a form",
		`<p>a<br>b</p>`:                   "a\nb",
		`<p>Zo<i>ë</i> , <b> x </b>y</p>`: "Zoë , x y",
	} {
		if doc, err := Text(source, at(t)); err != nil || doc.Text != want {
			t.Errorf("%s: %q, %v; want %q", source, doc.Text, err, want)
		}
	}
}

func TestBaseOfThePageCounts(t *testing.T) {
	doc, err := Markdown(t.Context(), `<base href="https://other.test/x/"><p><a href="y">z</a></p>`, at(t))
	if err != nil || doc.Text != "[z](https://other.test/x/y)" {
		t.Errorf("%q, %v", doc.Text, err)
	}
}

func TestTextIsDecoded(t *testing.T) {
	for _, c := range []struct{ body, contentType, want string }{
		{"Zoë", "text/plain", "Zoë"},
		{"Zo\xeb", "text/plain; charset=iso-8859-1", "Zoë"},
		{"Zo\xeb", "text/plain", "Zoë"}, // windows-1252, as browsers take it
		{"\xef\xbb\xbfZoë", "text/plain", "Zoë"},
		{"Z\x00o\x00\xeb\x00", "text/plain; charset=utf-16le", "Zoë"},
		{"<meta charset=shift_jis>\x93\xfa\x96\x7b", "text/html", "<meta charset=shift_jis>日本"},
		{strings.Repeat("x", 2000) + "ë", "text/plain", strings.Repeat("x", 2000) + "ë"}, // beyond what is looked at
		{"Zoë\xc3", "text/plain", "Zoë\uFFFD"},                                           // cut
		{"a\xffb", "text/plain; charset=utf-8", "a\uFFFDb"},
		{"", "", ""},
	} {
		if got := Decode([]byte(c.body), c.contentType); got != c.want {
			t.Errorf("%q as %q: %q; want %q", c.body, c.contentType, got, c.want)
		}
	}
}

// A page of a few bytes must not become a text without end, nor take minutes.
func TestHostilePagesAreSurvived(t *testing.T) {
	start := time.Now()
	for name, source := range map[string]string{
		"spans":  "<table>" + strings.Repeat("<tr><td colspan=100 rowspan=100>x</td></tr>", 2000) + "</table>",
		"huge":   "<table><tr><td colspan=1000000000>x</td></tr></table>",
		"wide":   strings.Repeat("<p>x", 50_000),
		"broken": strings.Repeat("<a href='", 10_000),
		"marks":  strings.Repeat("*_[`", 500_000), // escapes would take a square of this
		"lists":  strings.Repeat("<ul><li>x", 200),
		"deep":   strings.Repeat("<div>", 100_000),
	} {
		doc, err := Markdown(t.Context(), source, at(t))
		if len(doc.Text) > 20*len(source)+1<<20 {
			t.Errorf("%s: %d bytes of %d", name, len(doc.Text), len(source))
		}
		if name == "deep" && err == nil {
			t.Error("a page that no parser takes was taken")
		}
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func FuzzDecodeAndRead(f *testing.F) {
	f.Add([]byte(article), "text/html")
	f.Add([]byte("\xff\xfex\x00"), "text/html; charset=utf-16")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		source := Decode(body, contentType)
		if !utf8.ValidString(source) {
			t.Fatal("not valid UTF-8")
		}
		if doc, err := Text(source, at(t)); err == nil && !utf8.ValidString(doc.Text+doc.Title) {
			t.Fatal("text is not valid UTF-8")
		}
		if doc, err := Markdown(t.Context(), source, at(t)); err == nil && !utf8.ValidString(doc.Text) {
			t.Fatal("Markdown is not valid UTF-8")
		}
	})
}
