// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/url"
	"strings"
	"testing"
)

func TestRobotsRulesAreReadAsTheStandardSays(t *testing.T) {
	const text = "\uFEFF# all\nUser-agent: *\nDisallow: /\n\n" +
		"user-agent: other\nUSER-AGENT: Tester/2.0\nDisallow: /private\nAllow: /private/open\nDisallow: /*.pdf$\r\nDisallow: /a%2fb\nDisallow: /zo\u00eb\nDisallow: /q?x=\nDisallow:\n" +
		"Sitemap: /map\nUser-agent: last\nDisallow: /tail\n" +
		"User-agent: tester\nDisallow: /more # a second group\nAllow: /same\nDisallow: /same\n"
	for _, c := range []struct {
		name, url string
		want      bool
	}{
		{"tester", "/", true}, {"tester", "", true}, {"tester", "/private", false}, {"tester", "/private/x", false}, {"tester", "/privately", false},
		{"tester", "/private/open/x", true}, {"tester", "/x/y.pdf", false}, {"tester", "/x/y.pdf?z", true}, {"tester", "/a%2Fb", false},
		{"tester", "/a/b", true}, {"tester", "/zo%C3%AB", false}, {"tester", "/q?x=1", false}, {"tester", "/q", true}, {"tester", "/more", false},
		{"tester", "/same", true}, {"tester", "/tail", true}, {"OTHER", "/private", false}, {"other", "/more", true},
		{"nobody", "/", false}, {"last", "/x", true}, {"last", "/tail", false},
	} {
		u, err := url.Parse("http://example.test" + c.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := parseRobots(text, c.name).allow(target(u)); got != c.want {
			t.Errorf("%s %q: %v; want %v", c.name, c.url, got, c.want)
		}
	}
	if !parseRobots("", "x").allow("/") || !parseRobots("<html>Disallow: /", "x").allow("/") {
		t.Error("a file without groups forbids something")
	}
}

func TestPatternsMatchTheirPaths(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"/", "/x", true}, {"/a*c", "/abc/d", true}, {"/a*c$", "/abcd", false}, {"/a*c$", "/abcc", true}, {"*", "", true}, {"/*/*/x", "/a/x", false},
		{"/a$", "/a", true}, {"/a$", "/ab", false}, {"*a*a", "a", false}, {"/ab*b$", "/ab", false}, {"$", "/", false},
	} {
		if got := matches(c.pattern, c.path); got != c.want {
			t.Errorf("%s on %s: %v; want %v", c.pattern, c.path, got, c.want)
		}
	}
}

func TestOnlySoManyOriginsAreRemembered(t *testing.T) {
	r := newRobots("tester")
	for i := range maxOrigins + 10 {
		r.put(strings.Repeat("x", i), nil)
	}
	if _, ok := r.get(""); ok || len(r.kept) != maxOrigins || len(r.oldest) != maxOrigins {
		t.Errorf("%d origins, %d in order", len(r.kept), len(r.oldest))
	}
}

// RFC 9309 2.2: a carriage return alone ends a line, and its comment.
func TestRobotsLinesMayEndInCarriageReturns(t *testing.T) {
	rules := parseRobots("# all\rUser-agent: * # you\rDisallow: /private\r", "tester")
	if rules.allow("/private") || !rules.allow("/open") {
		t.Errorf("read as %v", rules)
	}
}
