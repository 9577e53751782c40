// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// recvAll receives until the input ends. A frame with a fault is shown as "!".
func recvAll(t *testing.T, s *Stdio) []string {
	t.Helper()
	var frames []string
	for {
		frame, err := s.Recv(t.Context())
		if errors.Is(err, io.EOF) {
			return frames
		}
		if err != nil {
			t.Fatalf("Recv: %v", err)
		}
		if frame.Fault != nil {
			frames = append(frames, "!")
			continue
		}
		frames = append(frames, string(frame.Data))
	}
}

func TestEveryLineIsAFrame(t *testing.T) {
	const limit = 8
	tests := []struct {
		name, input string
		want        []string
	}{
		{"nothing", "", nil},
		{"one", "{1}\n", []string{"{1}"}},
		{"carriage return", "{1}\r\n{2}\r\n", []string{"{1}", "{2}"}},
		{"last line without newline", "{1}\n{2}", []string{"{1}", "{2}"}},
		{"blank lines", "\n\r\n{1}\n \t\n\n{2}\n\n", []string{"{1}", "{2}"}},
		{"only blank", "\n\n", nil},
		{"at the limit", "12345678\n", []string{"12345678"}},
		{"at the limit, carriage return", "12345678\r\n", []string{"12345678"}},
		{"one over", "123456789\n{1}\n", []string{"!", "{1}"}},
		{"two over", "1234567890\n{1}\n", []string{"!", "{1}"}},
		{"far over", strings.Repeat("x", 3*readBuffer) + "\n{1}\n", []string{"!", "{1}"}},
		{"over and last", "{1}\n" + strings.Repeat("x", 3*readBuffer), []string{"{1}", "!"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := NewStdio(strings.NewReader(test.input), io.Discard, StdioOptions{MaxFrame: limit})
			defer s.Close()
			if got := recvAll(t, s); !slices.Equal(got, test.want) {
				t.Errorf("frames %q, want %q", got, test.want)
			}
		})
	}
}

func TestFramesOwnTheirData(t *testing.T) {
	s := NewStdio(strings.NewReader("aaaa\nbbbb\n"), io.Discard, StdioOptions{})
	defer s.Close()
	first, err := s.Recv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	recvAll(t, s)
	if string(first.Data) != "aaaa" {
		t.Errorf("first frame became %q", first.Data)
	}
}

func TestLongLinesInBoundsArriveWhole(t *testing.T) {
	long := strings.Repeat("0123456789", 50_000)
	s := NewStdio(strings.NewReader(long+"\n"+long+"\n"), io.Discard, StdioOptions{})
	defer s.Close()
	if got := recvAll(t, s); !slices.Equal(got, []string{long, long}) {
		t.Errorf("%d frames, want the 2 long ones", len(got))
	}
}

// endless is a line that never ends, until it has been read n times.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	if e.n--; e.n < 0 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestTooLongLineIsNotBuffered(t *testing.T) {
	const limit, reads = 1 << 20, 512 // 32 MiB in all
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := NewStdio(&endless{n: reads}, io.Discard, StdioOptions{MaxFrame: limit})
	defer s.Close()
	if got := recvAll(t, s); !slices.Equal(got, []string{"!"}) {
		t.Errorf("frames %q, want one fault", got)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8*limit {
		t.Errorf("%d bytes allocated for a limit of %d", used, limit)
	}
}

func TestFaultNamesTheLimit(t *testing.T) {
	s := NewStdio(strings.NewReader("12345\n"), io.Discard, StdioOptions{MaxFrame: 4})
	defer s.Close()
	frame, err := s.Recv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if frame.Data != nil || frame.Fault.Code != jsonrpc.InvalidRequest || !strings.Contains(frame.Fault.Message, "4 bytes") {
		t.Errorf("data %q, fault %v", frame.Data, frame.Fault)
	}
}

// lineWriter records each Write, and fails all after the first fail.
type lineWriter struct {
	mu     sync.Mutex
	writes []string
	fail   error
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return 0, w.fail
	}
	w.writes = append(w.writes, string(p))
	return len(p), nil
}

func TestEachFrameIsOneWrite(t *testing.T) {
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	out := &lineWriter{}
	s := NewStdio(r, out, StdioOptions{})
	defer s.Close()

	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for range 50 {
				if err := s.Send(t.Context(), []byte(`{"a":1}`)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	if len(out.writes) != 400 {
		t.Fatalf("%d writes, want 400", len(out.writes))
	}
	for _, got := range out.writes {
		if got != "{\"a\":1}\n" {
			t.Fatalf("write %q", got)
		}
	}
}

func TestSendLeavesTheBufferOfItsCallerAlone(t *testing.T) {
	s := NewStdio(strings.NewReader(""), io.Discard, StdioOptions{})
	defer s.Close()
	shared := []byte("{}#")
	if err := s.Send(t.Context(), shared[:2]); err != nil {
		t.Fatal(err)
	}
	if string(shared) != "{}#" {
		t.Errorf("the byte after the frame was overwritten: %q", shared)
	}
}

func TestRepliesGoDownTheSamePipe(t *testing.T) {
	out := &lineWriter{}
	s := NewStdio(strings.NewReader("{}\n"), out, StdioOptions{})
	defer s.Close()
	frame, err := s.Recv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = frame.Reply.Send(t.Context(), []byte("1"))
	_ = frame.Reply.Answer(t.Context(), []byte("2"), &jsonrpc.Error{})
	frame.Reply.Close()
	_ = s.Send(t.Context(), []byte("3"))
	if want := []string{"1\n", "2\n", "3\n"}; !slices.Equal(out.writes, want) {
		t.Errorf("writes %q, want %q", out.writes, want)
	}
}

func TestWriteErrorEndsTheConnection(t *testing.T) {
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	broken := errors.New("broken pipe")
	s := NewStdio(r, &lineWriter{fail: broken}, StdioOptions{})
	defer s.Close()

	received := make(chan error)
	go func() {
		_, err := s.Recv(t.Context())
		received <- err
	}()
	for range 2 {
		if err := s.Send(t.Context(), []byte("{}")); !errors.Is(err, broken) {
			t.Errorf("Send: %v, want the write error", err)
		}
	}
	if err := <-received; !errors.Is(err, broken) {
		t.Errorf("Recv: %v, want the write error", err)
	}
}

func TestReadErrorIsNotTheEnd(t *testing.T) {
	r, w := io.Pipe()
	failed := errors.New("unplugged")
	s := NewStdio(r, io.Discard, StdioOptions{})
	defer s.Close()
	go func() {
		_, _ = w.Write([]byte("{1}\n{half"))
		_ = w.CloseWithError(failed)
	}()
	if frame, err := s.Recv(t.Context()); err != nil || string(frame.Data) != "{1}" {
		t.Fatalf("first frame: %v", err)
	}
	for range 2 {
		if _, err := s.Recv(t.Context()); !errors.Is(err, failed) {
			t.Errorf("Recv: %v, want the read error", err)
		}
	}
}

func TestRecvEndsWithItsContext(t *testing.T) {
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	s := NewStdio(r, io.Discard, StdioOptions{})
	defer s.Close()
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := s.Recv(ctx); !errors.Is(err, why) {
		t.Errorf("Recv: %v, want the cause", err)
	}
}

func TestSendGivesUpItsTurnWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe() // nobody reads: the first Send hangs
		s := NewStdio(strings.NewReader(""), w, StdioOptions{})
		defer s.Close()
		var first sync.WaitGroup
		first.Go(func() {
			if err := s.Send(t.Context(), []byte("{}")); err == nil {
				t.Error("a write to a closed pipe succeeded")
			}
		})
		synctest.Wait()

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Send(ctx, []byte("{}")); !errors.Is(err, context.Canceled) {
			t.Errorf("Send: %v, want the cause", err)
		}
		_ = r.Close()
		first.Wait()
	})
}

func TestCloseWaitsForAReaderThatCanBeInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer func() { _ = client.Close(); _ = server.Close() }()
		s := NewStdio(server, server, StdioOptions{})
		synctest.Wait() // the reader reads
		s.Close()
		s.Close()
		select {
		case <-s.frames:
		default:
			t.Error("the reader still runs")
		}
		if _, err := s.Recv(t.Context()); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("Recv after Close: %v, want an error that is no EOF", err)
		}
	})
}

func TestCloseReleasesAFrameThatNobodyTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails when the reader is left behind
		s := NewStdio(strings.NewReader("{}\n{}\n"), io.Discard, StdioOptions{})
		synctest.Wait()
		s.Close()
		if _, err := s.Recv(t.Context()); err == nil {
			return // the frame that was read ahead
		} else if !errors.Is(err, os.ErrClosed) {
			t.Errorf("Recv: %v, want os.ErrClosed", err)
		}
	})
}

// A frame that was written can be read back, whatever its bytes.
func FuzzStdioRoundTrip(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
	f.Add([]byte(" x\r"))
	f.Fuzz(func(t *testing.T, data []byte) {
		frame := strings.NewReplacer("\n", " ").Replace(string(data))
		if strings.TrimSpace(frame) == "" {
			return
		}
		out := &lineWriter{}
		s := NewStdio(strings.NewReader(""), out, StdioOptions{})
		defer s.Close()
		if err := s.Send(t.Context(), []byte(frame)); err != nil {
			t.Fatal(err)
		}
		back := NewStdio(strings.NewReader(out.writes[0]), io.Discard, StdioOptions{})
		defer back.Close()
		want := strings.TrimSuffix(frame, "\r") // an ending, not part of the frame
		if got := recvAll(t, back); !slices.Equal(got, []string{want}) {
			t.Fatalf("frames %q, want %q", got, want)
		}
	})
}
