// SPDX-License-Identifier: Apache-2.0

package shell

import "testing"

func TestPathIsOneWordOfAShell(t *testing.T) {
	for path, want := range map[string]string{
		"/a/b-c_d.e": "/a/b-c_d.e", "a/b-c.d": "a/b-c.d", "/größe/x_1": "/größe/x_1", "my plugins": "'my plugins'",
		"it's": `'it'\''s'`, "$HOME": "'$HOME'", "$HOME;x": "'$HOME;x'", "": "''",
	} {
		if got := Word(path); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
