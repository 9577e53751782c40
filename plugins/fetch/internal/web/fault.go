// SPDX-License-Identifier: Apache-2.0

package web

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
)

// A faultError says in our own words why a host gave nothing: those of the
// system name addresses, also of this machine and of its resolver.
type faultError struct {
	what  string
	cause error
}

func (e *faultError) Error() string { return e.what }
func (e *faultError) Unwrap() error { return e.cause }

// fault is what went wrong with a request to u, or with its answer.
func fault(u *url.URL, err error) error {
	if known, ok := errors.AsType[*faultError](err); ok {
		return known
	}
	return &faultError{what: faultOf(u, err), cause: err}
}

func faultOf(u *url.URL, err error) string {
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		if e.IsNotFound {
			return "there is no host " + u.Hostname()
		}
		return "the name " + u.Hostname() + " cannot be looked up at the moment"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return u.Host + " is not trusted: its certificate is not valid for it"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return u.Host + " does not speak TLS; an http URL may work"
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return u.Host + " does not answer"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return u.Host + " cannot be reached from here"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return u.Host + " ended the connection before its answer was complete"
	}
	return u.Host + " gave no answer that can be read"
}
