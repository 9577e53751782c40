// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"maps"
	"strings"
	"testing"
)

func TestTemplatesFindTheirVariables(t *testing.T) {
	type vars = map[string]string
	for _, test := range []struct {
		template, uri string
		want          vars // nil: no match
	}{
		{"test://template/{id}/data", "test://template/123/data", vars{"id": "123"}},
		{"test://template/{id}/data", "test://template/a%20b%2Fc/data", vars{"id": "a b/c"}},
		{"test://template/{id}/data", "test://template/a,ü/data", vars{"id": "a,ü"}},
		{"test://template/{id}/data", "test://template/a/b/data", nil},
		{"test://template/{id}/data", "test://template//data", nil},
		{"test://template/{id}/data", "test://template/a?b/data", nil},
		{"test://template/{id}/data", "test://template/1/data/", nil},
		{"test://template/{id}", "test://template/%zz", nil},
		{"test://template/{id}", "test://template/%ff", nil},
		{"t://{a}-{a}", "t://x-x", vars{"a": "x"}},
		{"t://{a}-{a}", "t://x-y", nil},
		{"t://{a,b}", "t://1,2", vars{"a": "1", "b": "2"}},
		{"t://{name}.{ext}", "t://a.tar.gz", vars{"name": "a.tar", "ext": "gz"}},
		{"t://x{.ext}", "t://x.gz", vars{"ext": "gz"}},
		{"t://x{.ext}", "t://x", vars{}},
		{"file://{+path}", "file:///a/b%20c.txt", vars{"path": "/a/b c.txt"}},
		{"t://x{/a,b}", "t://x/1/2", vars{"a": "1", "b": "2"}},
		{"t://x{/a,b}", "t://x/1", vars{"a": "1"}},
		{"t://x{/a,b}", "t://x", vars{}},
		{"t://x{;a,b}", "t://x;a=1;b=", vars{"a": "1", "b": ""}},
		{"t://x{?q,page}", "t://x?q=a+b%26&page=2", vars{"q": "a+b&", "page": "2"}},
		{"t://x{?q,page}", "t://x?page=2&q=", vars{"q": "", "page": "2"}},
		{"t://x{?q,page}", "t://x", vars{}},
		{"t://x{?q,page}", "t://x?other=1", nil},
		{"t://x?fixed=1{&q}", "t://x?fixed=1&q=2", vars{"q": "2"}},
		{"t://x{?q}{#part}", "t://x?q=1#top", vars{"q": "1", "part": "top"}},
		{"t://x{#part}", "t://x", vars{}},
		{"t://a.b/{x}", "t://a-b/1", nil},
		{"t://plain", "t://plain", vars{}},
	} {
		parsed, err := parseTemplate(test.template)
		if err != nil {
			t.Errorf("%s: %v", test.template, err)
			continue
		}
		got, ok := parsed.variables(test.uri)
		if ok != (test.want != nil) || ok && !maps.Equal(got, test.want) {
			t.Errorf("%s in %s: got %v %v, want %v", test.template, test.uri, got, ok, test.want)
		}
	}
}

func TestTemplatesThatCannotBeReadBackAreRefused(t *testing.T) {
	for template, want := range map[string]string{
		"t://{":            "a brace is not closed",
		"t://}":            "a brace is not closed",
		"t://{}":           `"" is no name`,
		"t://{a b}":        `"a b" is no name`,
		"t://{a,}":         `"" is no name`,
		"t://{/segments*}": "modifiers are not supported",
		"t://{id:3}":       "modifiers are not supported",
		"t://{?q}/more":    "a query has to be at the end",
		"t://{=a}":         `"=a" is no name`,
	} {
		if _, err := parseTemplate(template); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", template, err, want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("test://{id}/data{?q,page}{#f}", "test://1/data?q=2")
	f.Add("file://{+path}{.ext}{;a}{/b,c}", "file:///a%2")
	f.Fuzz(func(t *testing.T, template, uri string) {
		parsed, err := parseTemplate(template)
		if err != nil {
			return
		}
		vars, ok := parsed.variables(uri)
		if !ok && vars != nil {
			t.Errorf("no match, and %v", vars)
		}
	})
}
