// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// numbered returns lines "line 1" to "line n".
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d\n", i+1)
	}
	return b.String()
}

func TestReadReturnsTextInRanges(t *testing.T) {
	dir := plant(t, map[string]string{
		"ten": numbered(10), "empty": "", "open": "a\nb", "bom": "\xef\xbb\xbfa\n", "crlf": "a\r\nb\r\n",
		"utf16le": "\xff\xfeh\x00\xe9\x00\n\x00x\x00", "utf16be": "\xfe\xff\x00h\x00\xe9", "euro": "€€",
		"svg.svg": "<svg></svg>", "big": numbered(1000), "bm": "BMW is text",
	})
	tr := openTree(t, Options{Roots: []string{dir}, MaxReadBytes: 100})
	tests := []struct {
		req        ReadRequest
		want, note string
	}{
		{ReadRequest{Path: "ten"}, numbered(10), ""},
		{ReadRequest{Path: "empty"}, "", ""},
		{ReadRequest{Path: "bom"}, "a\n", ""},
		{ReadRequest{Path: "crlf"}, "a\r\nb\r\n", ""},
		{ReadRequest{Path: "utf16le"}, "hé\nx", ""},
		{ReadRequest{Path: "utf16le", StartLine: 2}, "x", "lines 2 to 2, the last one"},
		{ReadRequest{Path: "utf16be"}, "hé", ""},
		{ReadRequest{Path: "svg.svg"}, "<svg></svg>", ""},
		{ReadRequest{Path: "bm"}, "BMW is text", ""},
		{ReadRequest{Path: "ten", StartLine: 2, Lines: 2}, "line 2\nline 3\n", "lines 2 to 3; there are more, go on with start_line 4"},
		{ReadRequest{Path: "ten", StartLine: 10}, "line 10\n", "lines 10 to 10, the last one"},
		{ReadRequest{Path: "ten", StartLine: -2}, "line 9\nline 10\n", "lines 9 to 10, the last one"},
		{ReadRequest{Path: "ten", StartLine: -2, Lines: 1}, "line 9\n", "lines 9 to 9; there are more, go on with start_line 10"},
		{ReadRequest{Path: "ten", StartLine: -99, Lines: 1}, "line 1\n", "lines 1 to 1; there are more, go on with start_line 2"},
		{ReadRequest{Path: "ten", Lines: 10}, numbered(10), ""},
		{ReadRequest{Path: "open", StartLine: -1}, "b", "lines 2 to 2, the last one"},
		{ReadRequest{Path: "open", LineNumbers: true}, "     1\ta\n     2\tb", ""},
		{ReadRequest{Path: "big", StartLine: 500}, numbered(510)[len(numbered(499)):], "lines 500 to 510; there are more, go on with start_line 511"},
		{ReadRequest{Path: "ten", Offset: 5, Bytes: 3}, "1\nl", "bytes 5 to 7 of 71; go on with offset 8"},
		{ReadRequest{Path: "ten", Offset: -3}, "10\n", "bytes 68 to 70 of 71"},
		{ReadRequest{Path: "euro", Bytes: 5}, "€", "bytes 0 to 2 of 6; go on with offset 3"},
		{ReadRequest{Path: "euro", Offset: 1}, "€", "bytes 3 to 5 of 6"},
	}
	for _, test := range tests {
		got, err := tr.Read(t.Context(), test.req)
		if err != nil {
			t.Errorf("%+v: %v", test.req, err)
			continue
		}
		if got.Text != test.want || got.Note != test.note || got.Data != nil {
			t.Errorf("%+v:\n got %q, note %q\nwant %q, note %q", test.req, got.Text, got.Note, test.want, test.note)
		}
	}
}

func TestReadRefusesWithTheWayToGoOn(t *testing.T) {
	dir := plant(t, map[string]string{
		"big": numbered(100), "latin": "caf\xe9", "late": numbered(1200) + "caf\xe9\n", "exe": "\x7fELF\x00\x01", "long": strings.Repeat("x", 300) + "\ny\n",
		"dir/x": "", "ten": numbered(10), "pic.png": "\x89PNG\r\n\x1a\n\x00", "odd": "\xff\xfeh\x00x", "huge.png": "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 300),
	})
	tr := openTree(t, Options{Roots: []string{dir}, MaxReadBytes: 200, MaxMediaBytes: 200})
	tests := []struct {
		req  ReadRequest
		want string
	}{
		{ReadRequest{Path: "big"}, "has 792 bytes, and one answer holds 200; read a part with start_line"},
		{ReadRequest{Path: "latin"}, "is not UTF-8 text"},
		{ReadRequest{Path: "late", StartLine: 1201}, "is not UTF-8 text"},
		{ReadRequest{Path: "exe"}, "is binary (application/octet-stream, 6 bytes); read a range with offset and bytes"},
		{ReadRequest{Path: "long", Lines: 1}, "line 1 is longer than the 200 bytes"},
		{ReadRequest{Path: "dir"}, "is a directory; list shows"},
		{ReadRequest{Path: "ten", StartLine: 12}, "has only 10 lines"},
		{ReadRequest{Path: "ten", Offset: 71}, "has only 71 bytes"},
		{ReadRequest{Path: "pic.png", Lines: 2}, "has no lines"},
		{ReadRequest{Path: "odd"}, "odd number of bytes"},
		{ReadRequest{Path: "huge.png"}, "has 308 bytes"},
	}
	for _, test := range tests {
		_, err := tr.Read(t.Context(), test.req)
		wantRefusal(t, err, test.req.Path, test.want)
	}
	for _, req := range []ReadRequest{
		{Path: "ten", Lines: 1, Bytes: 1}, {Path: "ten", Lines: -1}, {Path: "ten", Bytes: -1}, {Path: "ten", Bytes: 1, LineNumbers: true},
	} {
		if _, err := tr.Read(t.Context(), req); err == nil {
			t.Errorf("%+v was taken", req)
		}
	}
}

func TestReadKnowsMediaByTheirBytes(t *testing.T) {
	nul := strings.Repeat("\x00", 20)
	files := map[string]string{
		"a.png": "\x89PNG\r\n\x1a\n" + nul, "wrong.txt": "\xff\xd8\xff" + nul, "a.gif": "GIF89a" + nul, "a.webp": "RIFF\x00\x00\x00\x00WEBPVP" + nul,
		"a.wav": "RIFF\x00\x00\x00\x00WAVEfmt " + nul, "a.mp3": "\xff\xfb\x90\x44" + nul, "a.flac": "fLaC" + nul, "a.ogg": "OggS\x00" + nul,
		"liar.png": "\x7fELF" + nul,
	}
	tr, dir := planted(t, files)
	for name, want := range map[string]string{
		"a.png": "image/png", "wrong.txt": "image/jpeg", "a.gif": "image/gif", "a.webp": "image/webp",
		"a.wav": "audio/wav", "a.mp3": "audio/mpeg", "a.flac": "audio/flac", "a.ogg": "audio/ogg",
	} {
		got, err := tr.Read(t.Context(), ReadRequest{Path: name})
		if err != nil || !got.Media || got.MIMEType != want || string(got.Data) != files[name] || got.Note != "" {
			t.Errorf("%s: %+v, %v; want %s", name, got, err, want)
		}
	}
	_, err := tr.Read(t.Context(), ReadRequest{Path: "liar.png"})
	wantRefusal(t, err, "liar.png", "is binary")

	got, err := tr.Read(t.Context(), ReadRequest{Path: "a.png", Bytes: 4})
	if err != nil || got.Media || !bytes.Equal(got.Data, []byte("\x89PNG")) || got.MIMEType != "image/png" || got.URI != "file://"+filepath.ToSlash(dir)+"/a.png" {
		t.Errorf("a range of an image: %+v, %v", got, err)
	}
}

// Files of /proc say that they are empty, and hold text all the same.
func TestFileThatHidesItsSizeIsReadWithinTheLimit(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("no /proc")
	}
	tr := openTree(t, Options{Roots: []string{"/proc/self"}})
	if got, err := tr.Read(t.Context(), ReadRequest{Path: "status"}); err != nil || !strings.Contains(got.Text, "Pid:") {
		t.Errorf("got %+v, %v", got, err)
	}
	tr = openTree(t, Options{Roots: []string{"/proc/self"}, MaxReadBytes: 300})
	_, err := tr.Read(t.Context(), ReadRequest{Path: "status"})
	wantRefusal(t, err, "status", "has more, and one answer holds 300")
}

// Another process can cut a file between the look at its first bytes, which say
// UTF-16, and the reading.
func TestUTF16FileThatShrankMeanwhileIsEmpty(t *testing.T) {
	for _, content := range []string{"", "\xff", "\xff\xfe"} {
		if text, whole := decodeUTF16([]byte(content), utf16LittleEndian); text != "" || whole != (len(content)%2 == 0) {
			t.Errorf("%q: got %q, %v", content, text, whole)
		}
	}
}
