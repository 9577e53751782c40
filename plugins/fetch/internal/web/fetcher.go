// SPDX-License-Identifier: Apache-2.0

// Package web turns a URL into what is there: it follows redirects, keeps away
// from addresses that are not public, obeys robots.txt, and bounds time and size.
// It knows nothing of what the content means, of plugins and of MCP.
package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxRedirects is how many redirects are followed.
const maxRedirects = 5

// maxBytes is the most that Options.MaxBytes may be: an answer has to fit in a
// message.
const maxBytes = 16 << 20

// Options say how to fetch. UserAgent is required; of the rest the zero value is
// the defaults.
type Options struct {
	UserAgent    string        // "name/version (more)"; the name is what robots.txt is read for
	MaxBytes     int64         // of a body, decompressed; 5 MiB if zero
	Timeout      time.Duration // of a whole fetch; 30 s if zero
	AllowPrivate bool          // fetch from addresses that are not public
	AllowHosts   []string      // hosts, or host:port, that may have such addresses
	IgnoreRobots bool
}

// A Fetcher fetches. Its methods may be called by many goroutines at once.
type Fetcher struct {
	options   Options // immutable
	transport *http.Transport
	robots    *robots
}

// New checks the options.
func New(o Options) (*Fetcher, error) {
	if o.MaxBytes < 0 || o.Timeout < 0 {
		return nil, errors.New("max_bytes and timeout cannot be negative")
	}
	if o.MaxBytes > maxBytes {
		return nil, fmt.Errorf("max_bytes: %d is more than the %d that an answer may have", o.MaxBytes, maxBytes)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 5 << 20
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	name := productName(o.UserAgent)
	if name == "" {
		return nil, fmt.Errorf("user_agent: %q does not begin with a name", o.UserAgent)
	}
	f := &Fetcher{options: o, robots: newRobots(name)}
	f.transport = &http.Transport{
		// No proxy: it would connect in our place, where no address is checked.
		DialContext:            newDialer(o.AllowPrivate, o.AllowHosts).dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           16,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return f, nil
}

// Close drops the connections that are not in use.
func (f *Fetcher) Close() { f.transport.CloseIdleConnections() }

// A Page is what a URL gave.
type Page struct {
	URL         *url.URL // where the last redirect led
	Status      int
	Kind        Kind
	ContentType string // as the server says, or what the body looks like
	Body        []byte
	Cut         bool // the body has more than MaxBytes; Body is its beginning
}

// Progress is told how many bytes are there and how many there will be, 0 if
// that is unknown.
type Progress func(done, total int64)

// Get fetches a URL. A status that tells of a failure is no error.
func (f *Fetcher) Get(ctx context.Context, address string, report Progress) (*Page, error) {
	timeout := fmt.Errorf("not done within %v", f.options.Timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, f.options.Timeout, timeout)
	defer cancel()

	page, err := f.get(ctx, address, report)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, context.Cause(ctx))
	}
	return page, err
}

func (f *Fetcher) get(ctx context.Context, address string, report Progress) (*Page, error) {
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	admit := func(u *url.URL) error { return f.obey(ctx, u) }
	response, err := f.follow(ctx, u, admit)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return f.read(response, report)
}

// follow requests u and what it redirects to, each time after admit has agreed.
// The caller closes the body.
func (f *Fetcher) follow(ctx context.Context, u *url.URL, admit func(*url.URL) error) (*http.Response, error) {
	for range maxRedirects + 1 {
		if err := admit(u); err != nil {
			return nil, err
		}
		response, err := f.request(ctx, u)
		if err != nil {
			return nil, err
		}
		to := response.Header.Get("Location")
		if !isRedirect(response.StatusCode) || to == "" {
			return response, nil
		}
		response.Body.Close()
		next, err := u.Parse(to)
		if err != nil {
			return nil, fmt.Errorf("%s redirects to %q, which is no URL", u.Redacted(), to)
		}
		if err := check(next); err != nil {
			return nil, fmt.Errorf("%s redirects: %w", u.Redacted(), err)
		}
		u = next
	}
	return nil, &tooManyRedirectsError{u}
}

type tooManyRedirectsError struct{ last *url.URL }

func (e *tooManyRedirectsError) Error() string {
	return fmt.Sprintf("more than %d redirects; the last leads to %s", maxRedirects, e.last)
}

// request makes one request and follows nothing.
func (f *Fetcher) request(ctx context.Context, u *url.URL) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", u, err)
	}
	req.Header.Set("User-Agent", f.options.UserAgent)
	req.Header.Set("Accept", "text/html, application/xhtml+xml, text/markdown, text/plain, application/json, */*;q=0.5")
	response, err := f.transport.RoundTrip(req)
	if errors.Is(err, errNotPublic) {
		return nil, fmt.Errorf("%s is refused: %w; the operator can allow it with allow_hosts or allow_private", u.Host, errNotPublic)
	}
	if err != nil {
		return nil, fault(u, err)
	}
	return response, nil
}

// parse reads the URL that was asked for.
func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%q is no URL", address)
	}
	return u, check(u)
}

// check refuses URLs that are not fetched at all, and drops the fragment.
func check(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is refused: only http and https URLs are fetched%s", u.Redacted(), meant(u))
	}
	if u.Hostname() == "" {
		return fmt.Errorf("%q has no host", u.Redacted())
	}
	if u.User != nil {
		return fmt.Errorf("%q is refused: a URL must not hold a name and a password", u.Redacted())
	}
	u.Fragment, u.RawFragment = "", ""
	return nil
}

// meant says how to write a URL that lacks its scheme; nothing if it names no
// host.
func meant(u *url.URL) string {
	opaquePort := u.Opaque != "" && u.Opaque[0] >= '0' && u.Opaque[0] <= '9' // host:port reads as scheme:opaque
	if u.Scheme != "" && !opaquePort {
		return ""
	}
	full, err := url.Parse("https://" + strings.TrimPrefix(u.Redacted(), "//"))
	if err != nil || !strings.Contains(full.Hostname(), ".") && full.Hostname() != "localhost" {
		return ""
	}
	return fmt.Sprintf("; add https://, as in %q", full.Redacted())
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}
