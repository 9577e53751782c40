// SPDX-License-Identifier: Apache-2.0

package child

import (
	"slices"
	"strings"
)

// Environment returns what a plugin may know of the host's environment, its own
// directory for temporary files, and then what its configuration names. Of two
// values for one name the later counts. Secrets are not for the environment:
// they come with Configure.
func Environment(host []string, tmp string, configured []string) []string {
	var env []string
	for _, kv := range host {
		if name, _, ok := strings.Cut(kv, "="); ok && allowedVariable(name) {
			env = append(env, kv)
		}
	}
	env = append(env, "TMPDIR="+tmp)
	return append(env, configured...)
}

func allowedVariable(name string) bool {
	allowed := []string{"PATH", "HOME", "LANG", "LC_ALL", "TZ", "SYSTEMROOT"}
	return slices.Contains(allowed, strings.ToUpper(name)) || strings.HasPrefix(name, "XDG_")
}
