// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A template is an RFC 6570 URI template of level 3 or lower, read backwards:
// it finds the variables in a URI. It is immutable.
type template struct {
	match  *regexp.Regexp
	groups []group // what each capture of match holds
}

// A group is a variable, or a query of several.
type group struct {
	variable string
	query    []string // the names it may hold, in place of variable
}

// The parts of a URI that the value of a variable may be.
const (
	segment  = `[^/?#]+`    // a value of its own
	listItem = `[^/?#,]+`   // one of several, between commas
	label    = `[^/?#.,]+`  // of {.var}
	anything = `.+`         // of {+var} and {#var}
	argument = `[^/?#;,]*?` // of {;var}
)

var (
	templateExpression = regexp.MustCompile(`\{([^{}]*)\}`)
	templateVariable   = regexp.MustCompile(`^[A-Za-z0-9_](?:[A-Za-z0-9_.]*[A-Za-z0-9_])?$`)
)

// parseTemplate refuses what is not RFC 6570 and the modifiers of its level 4,
// whose values are not plain strings.
func parseTemplate(text string) (*template, error) {
	t := &template{}
	pattern := `(?s)^`
	rest := text
	for rest != "" {
		at := templateExpression.FindStringSubmatchIndex(rest)
		literal := rest
		if at != nil {
			literal = rest[:at[0]]
		}
		if strings.ContainsAny(literal, "{}") {
			return nil, errors.New("a brace is not closed")
		}
		pattern += regexp.QuoteMeta(literal)
		if at == nil {
			break
		}
		expression, err := t.expression(rest[at[2]:at[3]], rest[at[1]:])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rest[at[0]:at[1]], err)
		}
		pattern += expression
		rest = rest[at[1]:]
	}
	match, err := regexp.Compile(pattern + `$`)
	t.match = match
	return t, err
}

// expression returns the pattern of what stands between two braces and notes
// its groups. after is what follows it in the template.
func (t *template) expression(text, after string) (string, error) {
	operator := ""
	if text != "" && strings.Contains("+#./;?&", text[:1]) {
		operator, text = text[:1], text[1:]
	}
	names := strings.Split(text, ",")
	for _, name := range names {
		if strings.HasSuffix(name, "*") || strings.Contains(name, ":") {
			return "", errors.New("modifiers are not supported; {+name} takes a path of any length")
		}
		if !templateVariable.MatchString(name) {
			return "", fmt.Errorf("%q is no name of a variable", name)
		}
	}
	if operator == "?" || operator == "&" {
		if strings.Trim(after, "{}") != "" && !strings.HasPrefix(after, "{&") && !strings.HasPrefix(after, "{#") {
			return "", errors.New("a query has to be at the end")
		}
		t.groups = append(t.groups, group{query: names})
		return `(?:` + regexp.QuoteMeta(operator) + `([^#]*))?`, nil
	}
	for _, name := range names {
		t.groups = append(t.groups, group{variable: name})
	}
	return pathPattern(operator, names), nil
}

// pathPattern is the pattern of an expression that is no query.
func pathPattern(operator string, names []string) string {
	repeat := func(before, value, optional string) string {
		return strings.Repeat(`(?:`+before+`(`+value+`))`+optional, len(names))
	}
	switch operator {
	case "+":
		return `(` + anything + `)` + strings.Repeat(`,(`+anything+`)`, len(names)-1)
	case "#":
		return `(?:#(` + anything + `)` + strings.Repeat(`,(`+anything+`)`, len(names)-1) + `)?`
	case "/":
		return repeat(`/`, segment, `?`)
	case ".":
		return repeat(`\.`, label, `?`)
	case ";":
		pattern := ""
		for _, name := range names {
			pattern += `(?:;` + regexp.QuoteMeta(name) + `(?:=(` + argument + `))?)?`
		}
		return pattern
	}
	if len(names) == 1 {
		return `(` + segment + `)`
	}
	return `(` + listItem + `)` + strings.Repeat(`,(`+listItem+`)`, len(names)-1)
}

// variables returns the values in uri, decoded, or false if it is no expansion
// of the template. Variables that uri leaves out are not in the map.
func (t *template) variables(uri string) (map[string]string, bool) {
	found := t.match.FindStringSubmatchIndex(uri)
	if found == nil {
		return nil, false
	}
	vars := map[string]string{}
	for i, g := range t.groups {
		from, to := found[2*i+2], found[2*i+3]
		if from < 0 {
			continue
		}
		if g.query != nil {
			if !readQuery(uri[from:to], g.query, vars) {
				return nil, false
			}
		} else if !setVariable(vars, g.variable, uri[from:to]) {
			return nil, false
		}
	}
	return vars, true
}

// readQuery adds the pairs of a query, each of which must have one of names.
func readQuery(query string, names []string, vars map[string]string) bool {
	if query == "" {
		return true
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		known := false
		for _, n := range names {
			known = known || n == name
		}
		if !known || !setVariable(vars, name, value) {
			return false
		}
	}
	return true
}

// setVariable decodes a value. One variable has one value wherever it stands.
func setVariable(vars map[string]string, name, encoded string) bool {
	value, err := url.PathUnescape(encoded)
	if err != nil || !utf8.ValidString(value) {
		return false
	}
	if before, ok := vars[name]; ok && before != value {
		return false
	}
	vars[name] = value
	return true
}
