// SPDX-License-Identifier: Apache-2.0

package child

import (
	"os"
	"strconv"
	"strings"
)

// pidNamespace tells the numbers of processes here from those of a container,
// in a form that fits a file's name. It is empty where nothing says so.
func pidNamespace() string {
	link, err := os.Readlink("/proc/self/ns/pid") // pid:[4026531836]
	_, text, _ := strings.Cut(strings.TrimSuffix(link, "]"), "[")
	number, faulty := strconv.ParseUint(text, 10, 64)
	if err != nil || faulty != nil {
		return ""
	}
	return "-" + strconv.FormatUint(number, 36) // short: sockets have short paths
}
