// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	maxRobots     = 500 << 10 // bytes of a robots.txt; RFC 9309 2.5: at least 500 KiB
	maxOrigins    = 256       // whose rules are kept
	robotsFreshly = time.Hour // RFC 9309 2.4: not longer than a day
)

// robots keeps what each origin asks of us in its robots.txt.
type robots struct {
	name string // our product token; immutable

	mu     sync.Mutex
	kept   map[string]keptRules // by origin
	oldest []string             // origins, in the order they came
}

type keptRules struct {
	rules ruleSet
	until time.Time
}

func newRobots(name string) *robots {
	return &robots{name: name, kept: map[string]keptRules{}}
}

// obey refuses a URL that its origin asks robots not to fetch.
func (f *Fetcher) obey(ctx context.Context, u *url.URL) error {
	if f.options.IgnoreRobots || u.EscapedPath() == "/robots.txt" {
		return nil
	}
	rules, err := f.rules(ctx, u)
	if err != nil {
		return err
	}
	if !rules.allow(target(u)) {
		return fmt.Errorf("%s is refused: the site's robots.txt asks programs not to fetch it", u)
	}
	return nil
}

// rules are those of u's origin, from memory or from there.
func (f *Fetcher) rules(ctx context.Context, u *url.URL) (ruleSet, error) {
	origin := u.Scheme + "://" + u.Host
	if rules, ok := f.robots.get(origin); ok {
		return rules, nil
	}
	at := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
	response, err := f.follow(ctx, at, func(*url.URL) error { return nil })
	if _, ok := errors.AsType[*tooManyRedirectsError](err); ok {
		// RFC 9309 2.3.1.2: may be taken as if there were none.
		f.robots.put(origin, nil)
		return nil, nil
	}
	if _, ok := errors.AsType[*faultError](err); ok {
		return nil, err // it would not give the page either
	}
	if err != nil {
		return nil, fmt.Errorf("ask robots.txt: %w", err)
	}
	defer response.Body.Close()
	// RFC 9309 2.3.1.3 and 2.3.1.4: none means all is allowed, unreachable
	// means nothing is.
	if response.StatusCode >= http.StatusInternalServerError {
		return nil, fmt.Errorf("%s is refused: %s answers %s, so what the site allows is unknown", u, at, response.Status)
	}
	var rules ruleSet
	if response.StatusCode < http.StatusBadRequest {
		text, err := io.ReadAll(io.LimitReader(response.Body, maxRobots))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", at, fault(at, err))
		}
		rules = parseRobots(string(text), f.robots.name)
	}
	f.robots.put(origin, rules)
	return rules, nil
}

func (r *robots) get(origin string) (ruleSet, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.kept[origin]
	return k.rules, ok && time.Now().Before(k.until)
}

func (r *robots) put(origin string, rules ruleSet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.kept[origin]; !known {
		if len(r.oldest) == maxOrigins {
			delete(r.kept, r.oldest[0])
			r.oldest = r.oldest[1:]
		}
		r.oldest = append(r.oldest, origin)
	}
	r.kept[origin] = keptRules{rules: rules, until: time.Now().Add(robotsFreshly)}
}

// A ruleSet is the rules that hold for us.
type ruleSet []rule

type rule struct {
	pattern string // normalized
	allow   bool
}

// allow follows RFC 9309 2.2.2: the longest match counts, of equals the one that
// allows.
func (s ruleSet) allow(path string) bool {
	longest, allowed := -1, true
	for _, r := range s {
		if len(r.pattern) < longest || len(r.pattern) == longest && !r.allow || !matches(r.pattern, path) {
			continue
		}
		longest, allowed = len(r.pattern), r.allow
	}
	return allowed
}

// parseRobots returns the rules for name, or those for everybody if no group
// names it.
func parseRobots(text, name string) ruleSet {
	var ours, everybody ruleSet
	named, inOurs, inAll, inRules := false, false, false, true
	for line := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		for line := range strings.SplitSeq(line, "\r") { // which ends a line, too, and its comment
			line, _, _ = strings.Cut(line, "#")
			key, value, ok := strings.Cut(line, ":")
			value = strings.TrimSpace(value)
			switch key = strings.ToLower(strings.TrimSpace(key)); {
			case !ok:
			case key == "user-agent":
				if inRules { // a new group begins
					inOurs, inAll, inRules = false, false, false
				}
				inOurs = inOurs || strings.EqualFold(productName(value), name)
				inAll = inAll || value == "*"
				named = named || inOurs
			case key == "allow" || key == "disallow":
				inRules = true
				if value == "" {
					continue // an empty rule is none
				}
				r := rule{pattern: normalize(value), allow: key == "allow"}
				if inOurs {
					ours = append(ours, r)
				}
				if inAll {
					everybody = append(everybody, r)
				}
			}
		}
	}
	if named {
		return ours
	}
	return everybody
}

// productName is the name that a user agent begins with (RFC 9309 2.2.1).
func productName(agent string) string {
	end := strings.IndexFunc(agent, func(r rune) bool {
		return r != '-' && r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if end < 0 {
		return agent
	}
	return agent[:end]
}

// target is the part of a URL that rules are about.
func target(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return normalize(path)
}

// normalize makes different spellings of one path equal (RFC 9309 2.2.2).
func normalize(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c, escaped := path[i], false
		if c == '%' && i+2 < len(path) {
			high, low := strings.IndexByte(hex, upper(path[i+1])), strings.IndexByte(hex, upper(path[i+2]))
			if escaped = high >= 0 && low >= 0; escaped {
				c, i = byte(high<<4|low), i+2
			}
		}
		if c >= 0x80 || c <= ' ' || escaped && !isUnreserved(c) {
			b.WriteString("%" + hex[c>>4:c>>4+1] + hex[c&15:c&15+1])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// isUnreserved holds for what needs no escape (RFC 3986 2.3).
func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// matches reports whether path begins with pattern, in which * stands for
// anything and a $ at the end for the end.
func matches(pattern, path string) bool {
	pattern, whole := strings.CutSuffix(pattern, "$")
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(path, parts[0]) {
		return false
	}
	path = path[len(parts[0]):]
	if len(parts) == 1 {
		return !whole || path == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(path, part)
		if at < 0 {
			return false
		}
		path = path[at+len(part):]
	}
	last := parts[len(parts)-1]
	if whole {
		return strings.HasSuffix(path, last)
	}
	return strings.Contains(path, last)
}
