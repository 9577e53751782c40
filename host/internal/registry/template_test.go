// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"strings"
	"testing"
	"time"
)

func TestTemplateMatchesWhatItExpandsTo(t *testing.T) {
	for _, tt := range []struct {
		template string
		yes, no  []string
	}{
		{"test://static", []string{"test://static"}, []string{"test://static/", "test://stati", "xtest://static"}},
		{"test://{id}/data", []string{"test://1/data", "test://a%20b/data"}, []string{"test:///data", "test://1/2/data", "test://1/data/x"}},
		{"file:///{+path}", []string{"file:///a", "file:///a/b/c.txt"}, []string{"file:///", "file:/a"}},
		{"x{#part}", []string{"x", "x#a/b"}, []string{"xa"}},
		{"x{.ext}", []string{"x", "x.txt", "x.tar.gz"}, []string{"xtxt", "x.a/b"}},
		{"x{/a,b}", []string{"x", "x/1", "x/1/2"}, []string{"x/1/2/3", "x1"}},
		{"x{/a*}", []string{"x", "x/1/2/3"}, []string{"x1"}},
		{"x{;a,b}", []string{"x", "x;a=1", "x;a;b=2"}, []string{"x;c=1"}},
		{"x{?q,lang}", []string{"x", "x?q=1", "x?lang=en", "x?q=1&lang=en", "x?lang=en&q=", "x?q=a/b"}, []string{"x?z=1", "x?q", "x&q=1"}},
		{"x?fixed=1{&q}", []string{"x?fixed=1", "x?fixed=1&q=2"}, []string{"x?fixed=1&z=2", "x"}},
		{"x{?keys*}", []string{"x?anything=1&more=2"}, []string{"x?"}},
		{"p://{a},{b}", []string{"p://1,2"}, []string{"p://1"}},
		{"p://{a,b}", []string{"p://1,2", "p://1"}, []string{"p://1/2"}},
		{"p://{var:3}", []string{"p://abc"}, nil},
		{"a.b+c(d)://{x}", []string{"a.b+c(d)://1"}, []string{"aXb+c(d)://1"}},
		{"n://{x}", []string{"n://line\nbreak"}, []string{"n://x?y", "n://x#y"}},
	} {
		match, err := compileTemplate(tt.template)
		if err != nil {
			t.Errorf("%s: %v", tt.template, err)
			continue
		}
		for _, uri := range tt.yes {
			if !match.MatchString(uri) {
				t.Errorf("%s does not match %q", tt.template, uri)
			}
		}
		for _, uri := range tt.no {
			if match.MatchString(uri) {
				t.Errorf("%s matches %q", tt.template, uri)
			}
		}
	}
}

func TestBrokenTemplatesMatchNothing(t *testing.T) {
	for _, template := range []string{
		"x{", "x}", "x{}", "x{a", "x{a}}", "x{{a}}", "x{a b}", "x{a,}", "x{=a}", "x{|a}", "x{?}",
		strings.Repeat("{a}", 33), strings.Repeat("a", 2049),
	} {
		if match, err := compileTemplate(template); err == nil || match != nil {
			t.Errorf("%.40s: compiled to %v", template, match)
		}
	}
}

func TestMatchingTakesTimeInProportion(t *testing.T) {
	match, err := compileTemplate("x://" + strings.Repeat("{a},", 31) + "{?b*}")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	match.MatchString("x://" + strings.Repeat(",", maxURI-4))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v: backtracking would take for ever, this must not", took)
	}
}

func FuzzCompileTemplate(f *testing.F) {
	f.Add("test://{id}{?q,r*}", "test://1?q=2")
	f.Add("{+a}{#b}{.c}{/d}{;e}{&f}", "x")
	f.Fuzz(func(t *testing.T, template, uri string) {
		match, err := compileTemplate(template)
		if (err == nil) != (match != nil) {
			t.Fatalf("compileTemplate(%q) = %v, %v", template, match, err)
		}
		if err == nil && !strings.ContainsAny(template, "{}") && match.MatchString(uri) != (uri == template) {
			t.Fatalf("%q without expressions against %q: %t", template, uri, uri != template)
		}
	})
}
