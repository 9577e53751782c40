// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestFaultsNameHostsAndNoAddresses(t *testing.T) {
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 53}, Err: err}
	}
	lookup := func(e net.DNSError) error {
		e.Name, e.Server = "example.test", "10.1.2.3:53"
		return dial(&e)
	}
	for want, err := range map[string]error{
		"there is no host example.test":                                       lookup(net.DNSError{Err: "no such host", IsNotFound: true}),
		"the name example.test cannot be looked up at the moment":             lookup(net.DNSError{Err: "i/o timeout", IsTimeout: true}),
		"example.test:81 does not answer":                                     dial(os.NewSyscallError("connect", syscall.ETIMEDOUT)),
		"example.test:81 cannot be reached from here":                         dial(os.NewSyscallError("connect", syscall.ENETUNREACH)),
		"example.test:81 ended the connection before its answer was complete": io.EOF,
		"example.test:81 gave no answer that can be read":                     errors.New("something from 10.1.2.3"),
	} {
		got := fault(&url.URL{Scheme: "http", Host: "example.test:81"}, err)
		if got.Error() != want || !errors.Is(got, err) {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

func TestHostThatDoesNotAnswerIsNamed(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.StartTLS()
	t.Cleanup(secure.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	f := newFetcher(t, Options{AllowPrivate: true})
	host := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	for at, want := range map[string]string{
		closed.URL:                host(closed) + " does not answer",
		"https://" + host(plain):  host(plain) + " does not speak TLS",
		"https://" + host(secure): host(secure) + " is not trusted",
	} {
		if _, err := f.Get(t.Context(), at, nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", at, err, want)
		}
	}
}

func TestMissingSchemeIsSaid(t *testing.T) {
	f := newFetcher(t, Options{})
	for at, want := range map[string]string{
		"example.test":        `add https://, as in "https://example.test"`,
		"example.test/a?b=c":  `add https://, as in "https://example.test/a?b=c"`,
		"//example.test":      `add https://, as in "https://example.test"`,
		"example.test:8080/a": `add https://, as in "https://example.test:8080/a"`,
		"localhost:8080":      `add https://, as in "https://localhost:8080"`,
	} {
		refused(t, f, at, want)
	}
	for _, at := range []string{"", "/etc/passwd", "word", "javascript:alert(1)", "ftp://example.test"} {
		if _, err := f.Get(t.Context(), at, nil); err == nil || strings.Contains(err.Error(), "add https") {
			t.Errorf("%q: got %v", at, err)
		}
	}
}
