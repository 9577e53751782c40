// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host"
)

// The clients of the benchmarks. They prepare each message once and allocate
// nothing per call, so that what is counted is the server's.

// A lineClient speaks over pipes.
type lineClient struct {
	out *os.File
	in  *bufio.Reader
}

func connectStdio(b *testing.B, server *host.Server) *lineClient {
	b.Helper()
	fromClient, toServer := pipe(b)
	fromServer, toClient := pipe(b)
	served := make(chan error, 1)
	go func() { served <- server.ServeStdio(context.Background(), fromClient, toClient) }()
	b.Cleanup(func() {
		_ = toServer.Close()
		if err := <-served; err != nil {
			b.Errorf("serve: %v", err)
		}
		for _, f := range []*os.File{fromClient, fromServer, toClient} {
			_ = f.Close()
		}
	})
	return &lineClient{toServer, bufio.NewReaderSize(fromServer, 64<<10)}
}

func pipe(b *testing.B) (r, w *os.File) {
	b.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	return r, w
}

func (c *lineClient) write(b *testing.B, frame []byte) {
	if _, err := c.out.Write(frame); err != nil {
		b.Fatal(err)
	}
}

func (c *lineClient) read(b *testing.B) []byte {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		b.Fatal(err)
	}
	return line
}

// receive reads the answer to a call and returns its id.
func (c *lineClient) receive(b *testing.B) int {
	line := c.read(b)
	_, rest, _ := bytes.Cut(line, []byte(`"id":`))
	digits, _, _ := bytes.Cut(rest, []byte(","))
	id, err := strconv.Atoi(string(digits))
	if err != nil || !bytes.Contains(line, []byte(payload)) {
		b.Fatalf("answer %s", line)
	}
	return id
}

func (c *lineClient) exchange(b *testing.B, frame []byte) {
	b.Helper()
	c.write(b, append(frame, '\n'))
	if line := c.read(b); bytes.Contains(line, []byte(`"error"`)) {
		b.Fatalf("answer %s", line)
	}
}

// A post is a request as it is sent over HTTP.
type post struct{ method, name, params string }

func callOf(t *target, meta string) post { return post{"tools/call", t.tool, t.params(meta)} }

// encode writes the request as bytes; session is a line of its header.
func (p post) encode(addr, session string) []byte {
	body := request(1, p.method, p.params)
	head := "POST /mcp HTTP/1.1\r\nHost: " + addr + "\r\nContent-Type: application/json\r\n" +
		"Accept: application/json, text/event-stream\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	switch {
	case session != "":
		head += session + "\r\n"
	case p.method != "initialize":
		head += strings.Join(stateless(p.method), "\r\n") + "\r\n"
	}
	if p.name != "" {
		head += "Mcp-Name: " + p.name + "\r\n"
	}
	return append([]byte(head+"\r\n"), body...)
}

// An httpClient is one connection that is kept alive. It understands as much of
// HTTP as the servers here use.
type httpClient struct {
	conn    net.Conn
	in      *bufio.Reader
	session string // header line of the session, once there is one
	body    []byte // of the last answer
}

func dialHTTP(addr string) (*httpClient, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &httpClient{conn: conn, in: bufio.NewReader(conn)}, nil
}

func (c *httpClient) exchange(frame []byte) error {
	if _, err := c.conn.Write(frame); err != nil {
		return err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("status %s", line)
	}
	size, err := c.readHeader()
	if err != nil {
		return err
	}
	if cap(c.body) < size {
		c.body = make([]byte, size)
	}
	c.body = c.body[:size]
	_, err = io.ReadFull(c.in, c.body)
	return err
}

// readHeader returns the length of the body.
func (c *httpClient) readHeader() (int, error) {
	size := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimSuffix(line, []byte("\r\n"))
		switch value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); {
		case found:
			if size, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case len(line) == 0 && size < 0:
			return 0, errors.New("an answer without Content-Length")
		case len(line) == 0:
			return size, nil
		case c.session == "" && bytes.HasPrefix(line, []byte("Mcp-Session-Id: ")):
			c.session = string(line)
		}
	}
}
