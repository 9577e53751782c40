// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"path"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// sniffLength is how much of a file decides what it is, in bytes; git looks at
// as much for the NUL byte that makes a file binary.
const sniffLength = 8000

// encoding says how the bytes of a file stand for text.
type encoding int

const (
	binaryData encoding = iota
	utf8Text
	utf16LittleEndian
	utf16BigEndian
	unknownText // no NUL byte, but not UTF-8: an older 8-bit encoding most likely
)

// detect judges a file by its first bytes.
func detect(head []byte) encoding {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return utf16LittleEndian
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return utf16BigEndian
	case isBinary(head):
		return binaryData
	case !utf8.Valid(trimRune(head)):
		return unknownText
	}
	return utf8Text
}

func isBinary(head []byte) bool {
	return bytes.IndexByte(head[:min(len(head), sniffLength)], 0) >= 0
}

// leadingRunes cuts off the end of a character that began before b, and says
// how long it was.
func leadingRunes(b []byte) (int, []byte) {
	lead := 0
	for lead < min(len(b), utf8.UTFMax-1) && !utf8.RuneStart(b[lead]) {
		lead++
	}
	return lead, b[lead:]
}

// trimRune cuts off the start of a character that goes on behind b.
func trimRune(b []byte) []byte {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax); i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}

// decodeUTF16 returns the text behind the byte order mark of a whole file. It
// reports false if there is half a unit at the end.
func decodeUTF16(content []byte, enc encoding) (string, bool) {
	var order binary.ByteOrder = binary.LittleEndian
	if enc == utf16BigEndian {
		order = binary.BigEndian
	}
	units := make([]uint16, len(content)/2)
	for i := range units {
		units[i] = order.Uint16(content[2*i:])
	}
	// The mark may have gone since the file was judged by it.
	return string(utf16.Decode(units[min(1, len(units)):])), len(content)%2 == 0
}

// mediaType returns the MIME type of a binary file with these first bytes. The
// bytes decide; the extension tells apart what the bytes cannot. The system's
// table of types is left alone, so that an answer is the same everywhere.
func mediaType(name string, head []byte) string {
	sniffed, _, _ := strings.Cut(http.DetectContentType(head), ";")
	switch ext := strings.ToLower(path.Ext(name)); sniffed {
	case "audio/wave":
		return "audio/wav"
	case "application/ogg":
		if ext == ".ogg" || ext == ".oga" || ext == ".opus" {
			return "audio/ogg"
		}
	case "video/mp4":
		if ext == ".m4a" {
			return "audio/mp4"
		}
	case "application/octet-stream":
		return typeByExtension(ext)
	}
	return sniffed
}

// typeByExtension knows the formats whose first bytes say too little.
func typeByExtension(ext string) string {
	switch ext {
	case ".aac":
		return "audio/aac"
	case ".flac":
		return "audio/flac"
	case ".m4a":
		return "audio/mp4"
	case ".mp3":
		return "audio/mpeg"
	case ".avif":
		return "image/avif"
	case ".heic":
		return "image/heic"
	case ".tif", ".tiff":
		return "image/tiff"
	}
	return "application/octet-stream"
}

// isMedia reports whether the type is an image or a sound.
func isMedia(mimeType string) bool {
	return strings.HasPrefix(mimeType, "image/") || strings.HasPrefix(mimeType, "audio/")
}

// valid returns s with what is not UTF-8 replaced: names and lines of files can
// hold any bytes, answers cannot.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// count writes a number with a comma between thousands.
func count[T int | int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// plural writes a number of things.
func plural[T int | int64](n T, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
