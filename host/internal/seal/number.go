// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"strconv"
)

// maxExponent is how many digits of an exponent are reckoned with. No machine
// can write a number out whose exponent has more.
const maxExponent = 17

// appendNumber appends the one form of a valid number: its significant digits
// as an integer without trailing zeros, and the power of ten that they are
// multiplied by. It is exact, and its length is bounded by that of the number. A
// number whose exponent is beyond all use keeps its own form.
func appendNumber(dst, number []byte) []byte {
	unsigned, negative := bytes.CutPrefix(number, []byte{'-'})
	mantissa, power := unsigned, []byte("0")
	if i := bytes.IndexAny(unsigned, "eE"); i >= 0 {
		mantissa, power = unsigned[:i], unsigned[i+1:]
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte{'.'})
	digits := append(append([]byte(nil), whole...), fraction...)
	significant := bytes.TrimRight(digits, "0")
	zeros := len(digits) - len(significant)
	significant = bytes.TrimLeft(significant, "0")
	if len(significant) == 0 {
		return append(dst, '0') // -0 and 0e5 too
	}
	exponent, ok := parseExponent(power)
	if !ok {
		return append(dst, number...)
	}
	if negative {
		dst = append(dst, '-')
	}
	dst = append(append(dst, significant...), 'e')
	return strconv.AppendInt(dst, exponent+int64(zeros)-int64(len(fraction)), 10)
}

func parseExponent(text []byte) (int64, bool) {
	sign := int64(1)
	switch text[0] {
	case '-':
		sign, text = -1, text[1:]
	case '+':
		text = text[1:]
	}
	text = bytes.TrimLeft(text, "0")
	if len(text) > maxExponent {
		return 0, false
	}
	var n int64
	for _, c := range text {
		n = n*10 + int64(c-'0')
	}
	return sign * n, true
}
