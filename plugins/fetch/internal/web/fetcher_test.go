// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve starts a site that ends with the test.
func serve(t *testing.T, routes map[string]http.HandlerFunc) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	for path, handle := range routes {
		mux.HandleFunc(path, handle)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func newFetcher(t *testing.T, o Options) *Fetcher {
	t.Helper()
	if o.UserAgent == "" {
		o.UserAgent = "tester/1.0"
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// refused fails unless a fetch ends with an error that contains want.
func refused(t *testing.T, f *Fetcher, url, want string) {
	t.Helper()
	page, err := f.Get(t.Context(), url, nil)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %+v, %v; want %q", url, page, err, want)
	}
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, body)
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// Each way to name this machine, or what is near it.
func TestPrivateAddressesAreRefusedHoweverTheyAreWritten(t *testing.T) {
	var reached atomic.Bool
	s := serve(t, map[string]http.HandlerFunc{"/": func(http.ResponseWriter, *http.Request) { reached.Store(true) }})
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	for _, ignoreRobots := range []bool{true, false} {
		f := newFetcher(t, Options{IgnoreRobots: ignoreRobots, Timeout: 5 * time.Second})
		for _, host := range []string{
			"127.0.0.1", "127.1.2.3", "0.0.0.0", "localhost", "LOCALHOST", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
			"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "[fe80::1]", "[ff02::1]", "[fd00::1]",
		} {
			refused(t, f, "http://"+host+":"+port+"/", "its address is not public")
		}
		// Not addresses for Go, but for some resolvers: whatever they make of them.
		for _, host := range []string{"2130706433", "0x7f000001", "0177.0.0.1", "127.1"} {
			if _, err := f.Get(t.Context(), "http://"+host+":"+port+"/", nil); err == nil {
				t.Errorf("%s was fetched", host)
			}
		}
	}
	if reached.Load() {
		t.Error("the server was reached")
	}
}

func TestRedirectsToPrivateAddressesAreRefused(t *testing.T) {
	inner := serve(t, map[string]http.HandlerFunc{"/": text("secret")})
	outer := serve(t, map[string]http.HandlerFunc{"/": redirect(inner.URL), "/robots.txt": http.NotFound})
	refused(t, newFetcher(t, Options{AllowHosts: []string{strings.TrimPrefix(outer.URL, "http://")}}), outer.URL, "its address is not public")

	sly := serve(t, map[string]http.HandlerFunc{"/robots.txt": redirect(inner.URL), "/": text("x")})
	refused(t, newFetcher(t, Options{AllowHosts: []string{strings.TrimPrefix(sly.URL, "http://")}}), sly.URL, "its address is not public")
}

func TestAllowedHostsMayBePrivate(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/": text("hello"), "/robots.txt": http.NotFound})
	local := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	for _, o := range []Options{{AllowPrivate: true}, {AllowHosts: []string{"LocalHost."}}, {AllowHosts: []string{strings.TrimPrefix(local, "http://")}}} {
		page, err := newFetcher(t, o).Get(t.Context(), local, nil)
		if err != nil || string(page.Body) != "hello" {
			t.Errorf("%+v: %+v, %v", o, page, err)
		}
	}
	refused(t, newFetcher(t, Options{AllowHosts: []string{"localhost:1", "example.test", "ocalhost"}}), local, "its address is not public")
	refused(t, newFetcher(t, Options{AllowHosts: []string{"localhost"}}), s.URL, "its address is not public")
}

func TestOnlyPlainWebURLsAreFetched(t *testing.T) {
	f := newFetcher(t, Options{AllowPrivate: true, IgnoreRobots: true})
	s := serve(t, map[string]http.HandlerFunc{
		"/file": redirect("file:///etc/passwd"), "/user": redirect("http://a:b@example.test/"), "/ftp": redirect("ftp://example.test/"),
	})
	for url, want := range map[string]string{
		"file:///etc/passwd": "only http and https", "ftp://example.test/": "only http and https", "gopher://x": "only http and https", "//example.test": "only http and https",
		"javascript:alert(1)": "only http and https", "http://": "has no host", "http://:80/": "has no host", "http://a:secret@example.test/": "must not hold a name and a password",
		"http://[::1": "is no URL", "": "only http and https",
		s.URL + "/file": "only http and https", s.URL + "/ftp": "only http and https", s.URL + "/user": "must not hold a name",
	} {
		refused(t, f, url, want)
		if _, err := f.Get(t.Context(), url, nil); err != nil && strings.Contains(err.Error(), "secret") && !strings.Contains(url, "/user") {
			t.Errorf("%s: the error shows the password: %v", url, err)
		}
	}
}

func TestRedirectsAreFollowedToALimit(t *testing.T) {
	f := newFetcher(t, Options{AllowPrivate: true, IgnoreRobots: true})
	s := serve(t, map[string]http.HandlerFunc{
		"/1": redirect("/2"), "/2": redirect("3?x#frag"), "/3": redirect("/4"), "/4": redirect("/5"), "/5": redirect("/6"), "/6": text("end"), "/0": redirect("/1"),
	})
	page, err := f.Get(t.Context(), s.URL+"/1", nil)
	if err != nil || string(page.Body) != "end" || page.URL.String() != s.URL+"/6" {
		t.Errorf("%+v, %v", page, err)
	}
	refused(t, f, s.URL+"/0", "more than 5 redirects; the last leads to "+s.URL+"/6")
}

func TestRobotsAreObeyedAtEveryStep(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, map[string]http.HandlerFunc{
		"/robots.txt": func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if r.UserAgent() != "tester/1.0" {
				t.Errorf("user agent %q", r.UserAgent())
			}
			fmt.Fprint(w, "User-agent: tester\nDisallow: /no")
		},
		"/no": text("secret"), "/yes": text("fine"), "/way": redirect("/no"),
	})
	f := newFetcher(t, Options{AllowPrivate: true})
	refused(t, f, s.URL+"/no", "robots.txt asks programs not to fetch it")
	refused(t, f, s.URL+"/way", "robots.txt asks programs not to fetch it")
	for _, path := range []string{"/yes", "/robots.txt"} {
		if _, err := f.Get(t.Context(), s.URL+path, nil); err != nil {
			t.Error(err)
		}
	}
	if n := asked.Load(); n != 2 { // once for the rules and once as a page
		t.Errorf("robots.txt was asked for %d times", n)
	}
	page, err := newFetcher(t, Options{AllowPrivate: true, IgnoreRobots: true}).Get(t.Context(), s.URL+"/no", nil)
	if err != nil || string(page.Body) != "secret" {
		t.Errorf("ignored: %+v, %v", page, err)
	}

	down := serve(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }})
	refused(t, f, down.URL, "what the site allows is unknown")
	loop := serve(t, map[string]http.HandlerFunc{"/robots.txt": redirect("/robots.txt"), "/": text("fine")})
	if _, err := f.Get(t.Context(), loop.URL, nil); err != nil {
		t.Errorf("robots.txt redirects for ever: %v", err)
	}
}

func TestBodiesAreBoundedAndOfKnownKinds(t *testing.T) {
	big := strings.Repeat("0123456789", 100_000)
	png := "\x89PNG\r\n\x1a\n"
	as := func(contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			fmt.Fprint(w, body)
		}
	}
	s := serve(t, map[string]http.HandlerFunc{
		"/big": as("text/plain", big), "/exact": as("text/plain", big[:1000]), "/image": as("image/png", png), "/bigimage": as("image/png", big), "/zip": as("application/zip", "PK"), "/exe": as("application/octet-stream", "\x7fELF\x00"),
		"/json": as("application/problem+json; charset=utf-8", "{}"), "/sniffed": as("", "<!doctype html><p>x"), "/svg": as("image/svg+xml", "<svg/>"), "/bytes": as("application/octet-stream", "only text"), "/video": as("video/mp4", "x"),
		"/missing": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "gone")
		},
		"/br": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			fmt.Fprint(w, "x")
		},
		"/bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "text/plain")
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(make([]byte, 10<<20))
			_ = z.Close()
			_, _ = w.Write(b.Bytes())
		},
		"/short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "x")
		},
	})
	f := newFetcher(t, Options{AllowPrivate: true, IgnoreRobots: true, MaxBytes: 1000})
	for path, want := range map[string]Page{
		"/big": {Status: 200, Kind: Text, Cut: true}, "/exact": {Status: 200, Kind: Text}, "/image": {Status: 200, Kind: Image}, "/json": {Status: 200, Kind: Text}, "/sniffed": {Status: 200, Kind: HTML},
		"/svg": {Status: 200, Kind: Text}, "/bytes": {Status: 200, Kind: Text}, "/missing": {Status: 404, Kind: Text}, "/bomb": {Status: 200, Kind: Text, Cut: true},
	} {
		page, err := f.Get(t.Context(), s.URL+path, nil)
		if err != nil || page.Status != want.Status || page.Kind != want.Kind || page.Cut != want.Cut || len(page.Body) > 1000 {
			t.Errorf("%s: %+v, %v", path, page, err)
		}
	}
	for path, want := range map[string]string{
		"/bigimage": "is an image of more than 1000 bytes", "/zip": `is of type "application/zip"`, "/exe": `is of type "application/octet-stream"`, "/video": "video/mp4",
		"/br": `is encoded as "br"`, "/short": "the server stopped after 1 bytes",
	} {
		refused(t, f, s.URL+path, want)
	}
}

func TestLargeBodiesReportProgress(t *testing.T) {
	body := strings.Repeat("x", 3*reportEvery+1)
	s := serve(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		fmt.Fprint(w, body)
	}})
	var last int64
	reports := 0
	_, err := newFetcher(t, Options{AllowPrivate: true, IgnoreRobots: true}).Get(t.Context(), s.URL, func(done, total int64) {
		if done <= last || total != int64(len(body)) {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last, reports = done, reports+1
	})
	if err != nil || reports < 2 {
		t.Errorf("%d reports, %v", reports, err)
	}
}

func TestSlowSitesAreGivenUp(t *testing.T) {
	done := make(chan struct{})
	s := serve(t, map[string]http.HandlerFunc{
		"/silent": func(_ http.ResponseWriter, r *http.Request) { <-done },
		"/slow": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, "beginning")
			_ = http.NewResponseController(w).Flush()
			<-done
		},
	})
	defer close(done)
	f := newFetcher(t, Options{AllowPrivate: true, IgnoreRobots: true, Timeout: 50 * time.Millisecond})
	refused(t, f, s.URL+"/silent", "not done within 50ms")
	refused(t, f, s.URL+"/slow", "not done within 50ms")
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for want, o := range map[string]Options{
		"cannot be negative":              {UserAgent: "x", MaxBytes: -1},
		"more than the 16777216":          {UserAgent: "x", MaxBytes: 1 << 30},
		`"1x" does not begin with a name`: {UserAgent: "1x"},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q", o, err, want)
		}
	}
}
