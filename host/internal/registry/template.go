// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Bounds on what is matched. A match takes time in proportion to both.
const (
	maxTemplate    = 2 << 10 // bytes
	maxExpressions = 32
	maxURI         = 8 << 10 // bytes
)

// compileTemplate returns an expression that matches what a URI template
// expands to (RFC 6570, levels 1 to 3, and lists of level 4). It only says whose
// a URI is, so it is lenient: the plugin reads the URI itself. Values may hold
// characters that ought to have been encoded, and the parameters of a query may
// come in any order or not at all. A plain or reserved expression has at least
// one character, so that "file:///{path}" is not "file:///".
func compileTemplate(template string) (*regexp.Regexp, error) {
	if len(template) > maxTemplate || strings.Count(template, "{") > maxExpressions {
		return nil, fmt.Errorf("it has more than %d bytes or %d expressions", maxTemplate, maxExpressions)
	}
	var pattern strings.Builder
	pattern.WriteString(`(?s)\A`)
	for rest := template; rest != ""; {
		literal, tail, opened := strings.Cut(rest, "{")
		if strings.Contains(literal, "}") {
			return nil, errors.New(`it has a "}" without "{"`)
		}
		pattern.WriteString(regexp.QuoteMeta(literal))
		if !opened {
			break
		}
		expression, after, closed := strings.Cut(tail, "}")
		if !closed {
			return nil, errors.New(`it has a "{" without "}"`)
		}
		part, err := expressionPattern(expression)
		if err != nil {
			return nil, fmt.Errorf("{%s}: %w", expression, err)
		}
		pattern.WriteString(part)
		rest = after
	}
	pattern.WriteString(`\z`)
	return regexp.Compile(pattern.String())
}

// expressionPattern returns what an expression, given without its braces,
// expands to.
func expressionPattern(expression string) (string, error) {
	operator, list := "", expression
	if expression != "" && strings.ContainsRune("+#./;?&=,!@|", rune(expression[0])) {
		operator, list = expression[:1], expression[1:]
	}
	names, explodes, err := variables(list)
	if err != nil {
		return "", err
	}
	key := "(?:" + strings.Join(names, "|") + ")"
	if explodes {
		key = `[^=&;/?#]+` // the keys of a map
	}
	switch operator {
	case "":
		return `[^/?#]+`, nil
	case "+":
		return `.+`, nil
	case "#":
		return `(?:#.*)?`, nil
	case ".":
		return `(?:\.[^/?#]*)?`, nil
	case "/":
		return segments(len(names), explodes), nil
	case ";":
		return `(?:;` + key + `(?:=[^/?#;]*)?)*`, nil
	case "?":
		return `(?:\?` + key + `=[^&#]*(?:&` + key + `=[^&#]*)*)?`, nil
	case "&":
		return `(?:&` + key + `=[^&#]*)*`, nil
	}
	return "", errors.New("its operator is reserved") // RFC 6570, 2.2
}

// segments returns the pattern of path segments, of which each but those of a
// list stands for one variable.
func segments(variables int, explodes bool) string {
	if explodes {
		return `(?:/[^/?#]*)*`
	}
	return fmt.Sprintf(`(?:/[^/?#]*){0,%d}`, min(variables, 100))
}

// variables returns the names in a list of variables, quoted, and whether the
// parts of one are expanded one by one.
func variables(list string) (names []string, explodes bool, err error) {
	for spec := range strings.SplitSeq(list, ",") {
		name, exploded := strings.CutSuffix(spec, "*")
		name, _, _ = strings.Cut(name, ":") // a prefix of the value: some value
		if name == "" || strings.ContainsFunc(name, notInName) {
			return nil, false, fmt.Errorf("%q is no variable", spec)
		}
		explodes = explodes || exploded
		names = append(names, regexp.QuoteMeta(name))
	}
	return names, explodes, nil
}

// notInName reports whether a variable's name cannot hold c (RFC 6570, 2.3).
func notInName(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("_.%", c))
}
