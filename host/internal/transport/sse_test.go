// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestFrameIsOneEvent(t *testing.T) {
	var out bytes.Buffer
	if err := writeEvent(&out, []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if want := "event: message\ndata: {\"a\":1}\n\n"; out.String() != want {
		t.Errorf("event %q, want %q", out.String(), want)
	}
}

// Whatever the bytes, the reader gets one message event with the same lines,
// and what follows is not disturbed.
func FuzzEventRoundTrip(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"result":{}}`))
	f.Add([]byte("a\nb\r\nc\rd"))
	f.Add([]byte("\n\nevent: evil\ndata: x\n\n"))
	f.Add([]byte("\r\r\n: comment\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, data []byte) {
		var out bytes.Buffer
		for _, d := range [][]byte{data, []byte("next")} {
			if err := writeEvent(&out, d); err != nil {
				t.Fatal(err)
			}
		}
		in := events(&out)
		lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
		in.want(t, "message", lines)
		in.want(t, "message", "next")
		in.wantEnd(t)
	})
}

// failAfter fails the n-th write and all later ones.
type failAfter struct{ n int }

func (w *failAfter) Write(p []byte) (int, error) {
	if w.n--; w.n < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestEveryWriteErrorOfAnEventIsReported(t *testing.T) {
	for n := range 5 {
		if err := writeEvent(&failAfter{n}, []byte("{}")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("write %d failed unseen: %v", n, err)
		}
	}
}
