// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"strings"
	"testing"
)

func TestOnlyAbsoluteURIsAreResources(t *testing.T) {
	for _, uri := range []string{
		"file:///etc/hosts", "https://example.com:8080/a?b=c#d", "urn:isbn:0451450523", "ui://app/main", "x:", "db://t/%C3%A9",
		"http://[::1]/", "memo:a,b;c=d",
	} {
		if err := checkURI(uri); err != nil {
			t.Errorf("%s: %v", uri, err)
		}
	}
	for _, uri := range []string{
		"", "relative/path", "//host/path", "file:///a b", "file:///é", "x:%zz", "x:%4", "http://host:port/", "1x:a", "x:\n", "x:{a}", `x:\`,
		"x:" + strings.Repeat("a", maxURI),
	} {
		if err := checkURI(uri); err == nil {
			t.Errorf("%q is accepted", uri)
		}
	}
}

func TestTemplatesAreThoseOfRFC6570(t *testing.T) {
	for _, template := range []string{
		"file:///{path}", "file:///{+path}", "x:{#a,b}", "x:{.a}{/b}{;c}{?d,e}{&f}", "x:{a:3}", "x:{a:9999}", "x:{list*}", "x:{a.b_1}",
		"x:{%41}", "x:é/%C3%A9", "x:no-expression", "{+uri}",
	} {
		if err := checkTemplate(template); err != nil {
			t.Errorf("%s: %v", template, err)
		}
	}
	for _, template := range []string{
		"", "x:{", "x:}", "x:{}", "x:{a", "x:a}", "x:{a}}", "x:{{a}}", "x:{=a}", "x:{!a}", "x:{|a}", "x:{a,}", "x:{a:0}", "x:{a:10000}",
		"x:{a:}", "x:{a:-1}", "x:{a*:3}", "x:{a:3*}", "x:{a b}", "x:{a..b}", "x:{.}", "x:{a%4}", "x: ", "x:\"", "x:%4", "x:\x7f",
		"x:" + strings.Repeat("a", maxURI),
	} {
		if err := checkTemplate(template); err == nil {
			t.Errorf("%q is accepted", template)
		}
	}
}
