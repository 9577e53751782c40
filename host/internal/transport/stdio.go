// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// DefaultMaxFrame is the size in bytes of the largest frame that a transport
// accepts when its options name none.
const DefaultMaxFrame = 64 << 20

// keepWriteBuffer is the largest write buffer in bytes that is kept between
// frames. One huge result must not hold its memory for the life of the process.
const keepWriteBuffer = 1 << 20

// StdioOptions shapes a [Stdio]. The zero value works.
type StdioOptions struct {
	MaxFrame int          // bytes; DefaultMaxFrame if zero
	Log      hclog.Logger // silent if nil
}

// Stdio carries newline-delimited frames over a pair of byte streams. One
// goroutine calls Recv; any number may call Send.
type Stdio struct {
	r   io.Reader
	w   io.Writer
	max int
	log hclog.Logger

	frames   chan *jsonrpc.Frame // closed by readLines, after readErr was set
	readErr  error               // why there are no more frames; read after frames was closed
	ended    chan struct{}       // closed by readLines when it reads no more
	closed   chan struct{}       // closed by Close
	closing  sync.Once
	turn     chan struct{} // holds a token while one Send writes
	buf      []byte        // owned by the holder of turn
	broken   chan struct{} // closed after writeErr was set
	writeErr error         // the first write error; read after broken was closed
}

// NewStdio reads frames from r and writes frames to w. It reads one frame ahead
// from the start. The caller must Close it.
func NewStdio(r io.Reader, w io.Writer, opts StdioOptions) *Stdio {
	if opts.MaxFrame == 0 {
		opts.MaxFrame = DefaultMaxFrame
	}
	if opts.Log == nil {
		opts.Log = hclog.NewNullLogger()
	}
	s := &Stdio{
		r: r, w: w, max: opts.MaxFrame, log: opts.Log,
		frames: make(chan *jsonrpc.Frame),
		ended:  make(chan struct{}),
		closed: make(chan struct{}),
		turn:   make(chan struct{}, 1),
		broken: make(chan struct{}),
	}
	go s.readLines()
	return s
}

// readLines is the one goroutine that reads. A read from a terminal or from a
// blocking pipe cannot be interrupted: there this goroutine lives, holding
// nothing but its buffer, until the peer writes or closes, or the process ends.
func (s *Stdio) readLines() {
	defer close(s.frames)
	defer close(s.ended)
	lines := newLineReader(s.r, s.max)
	for {
		frame, err := s.readFrame(lines)
		if err != nil {
			s.readErr = err
			return
		}
		select {
		case s.frames <- frame:
		case <-s.closed:
			s.readErr = errStdioClosed()
			return
		}
	}
}

// readFrame makes a frame of the next line. A line that is too long becomes a
// frame with a fault, so that the peer learns of it.
func (s *Stdio) readFrame(lines *lineReader) (*jsonrpc.Frame, error) {
	data, err := lines.next()
	if errors.Is(err, errLineTooLong) {
		s.log.Warn("message skipped: too long", "max_bytes", s.max)
		return &jsonrpc.Frame{Reply: stdioReply{s}, Fault: tooLarge(int64(s.max))}, nil
	}
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("stdio: read: %w", err)
	}
	return &jsonrpc.Frame{Data: data, Reply: stdioReply{s}}, nil
}

// Ended is closed when no more is read: the peer has closed its end, reading has
// failed, or the transport is closed. Until then Recv had all that was read.
func (s *Stdio) Ended() <-chan struct{} { return s.ended }

// Recv returns the next frame, which the caller then owns. It returns io.EOF
// when the peer has closed its end, the cause of ctx when ctx ends, and the
// write error once a write has failed: a peer that cannot hear is gone.
func (s *Stdio) Recv(ctx context.Context) (*jsonrpc.Frame, error) {
	select {
	case <-s.broken:
		return nil, s.writeErr
	default:
	}
	select {
	case frame, ok := <-s.frames:
		if !ok {
			return nil, s.readErr
		}
		return frame, nil
	case <-s.broken:
		return nil, s.writeErr
	case <-s.closed:
		return nil, errStdioClosed()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Send writes data, which holds no newline, and a newline in one Write. While
// another Send writes it waits, at most until ctx ends. A write that has begun
// is not interrupted, since half a frame would spoil the stream. The first
// write error is returned by every later Send.
func (s *Stdio) Send(ctx context.Context, data []byte) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.turn }()

	if s.writeErr != nil {
		return s.writeErr
	}
	s.buf = append(append(s.buf[:0], data...), '\n')
	if _, err := s.w.Write(s.buf); err != nil {
		s.writeErr = fmt.Errorf("stdio: write: %w", err)
		close(s.broken)
		return s.writeErr
	}
	if cap(s.buf) > keepWriteBuffer {
		s.buf = nil
	}
	return nil
}

// Close ends Recv. Where the reader can be interrupted it waits for the reading
// goroutine, else see readLines. It closes neither stream; calling it again is
// harmless.
func (s *Stdio) Close() {
	s.closing.Do(func() { close(s.closed) })
	r, ok := s.r.(interface{ SetReadDeadline(time.Time) error })
	if !ok || r.SetReadDeadline(time.Unix(1, 0)) != nil {
		return
	}
	for range s.frames { // until readLines closes it
	}
}

func errStdioClosed() error { return fmt.Errorf("stdio: %w", os.ErrClosed) }

// stdioReply sends what a frame causes down the one pipe there is.
type stdioReply struct{ s *Stdio }

func (r stdioReply) Send(ctx context.Context, data []byte) error { return r.s.Send(ctx, data) }

func (r stdioReply) Answer(ctx context.Context, data []byte, _ *jsonrpc.Error) error {
	return r.s.Send(ctx, data)
}

func (r stdioReply) Close() {}

// tooLarge is the answer to a message that is not read because of its size.
func tooLarge(max int64) *jsonrpc.Error {
	return &jsonrpc.Error{
		Code:    jsonrpc.InvalidRequest,
		Message: fmt.Sprintf("message of more than %d bytes refused", max),
	}
}
