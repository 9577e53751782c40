// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// maxLine is how much of one line of output is kept, in bytes.
const maxLine = 16 << 10

// A handshake is the line by which a plugin says where it listens.
type handshake struct {
	core, version int
	protocol      string
	line          string // without what follows the protocol
}

// A stdoutFilter passes the handshake line on and logs everything else, before
// it and after it, for as long as the process writes. Libraries greet people on
// stdout; a pipe that nobody reads stops the plugin.
type stdoutFilter struct {
	log       hclog.Logger
	handshake *io.PipeWriter

	mu   sync.Mutex
	seen *handshake
}

// read reads until the pipe ends.
func (f *stdoutFilter) read(r io.Reader) {
	defer func() { _ = f.handshake.Close() }()
	limit := newLineLimit()
	readLines(r, func(line string) {
		if hs := f.first(line); hs != nil {
			// go-plugin reads for as long as the pipe is open.
			_, _ = io.WriteString(f.handshake, hs.line+"\n")
			return
		}
		if limit.allow(f.log) {
			f.log.Info(clean(line), "stream", "stdout")
		}
	})
}

// first returns the handshake if line is the first that looks like one.
func (f *stdoutFilter) first(line string) *handshake {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen != nil {
		return nil
	}
	f.seen = parseHandshake(line)
	return f.seen
}

// got returns the handshake, or nil if there was none yet.
func (f *stdoutFilter) got() *handshake {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen
}

// parseHandshake reads CORE|VERSION|NETWORK|ADDRESS|PROTOCOL. The fields after
// it are dropped: go-plugin panics on a certificate that it did not ask for.
func parseHandshake(line string) *handshake {
	fields := strings.Split(strings.TrimSpace(line), "|")
	if len(fields) < 4 || fields[2] != "unix" && fields[2] != "tcp" {
		return nil
	}
	core, err := strconv.Atoi(fields[0])
	if err != nil {
		return nil
	}
	version, err := strconv.Atoi(fields[1])
	if err != nil {
		return nil
	}
	fields = append(fields, "")[:5] // without a protocol it means net/rpc
	return &handshake{core: core, version: version, protocol: fields[4], line: strings.Join(fields, "|")}
}

// readLines calls line for each line until r ends. Of a line that is too long
// it reports the beginning.
func readLines(r io.Reader, line func(string)) {
	br := bufio.NewReaderSize(r, maxLine)
	for {
		part, tooLong, err := br.ReadLine()
		if err != nil {
			return
		}
		line(string(part))
		for tooLong && err == nil {
			_, tooLong, err = br.ReadLine()
		}
	}
}
