// SPDX-License-Identifier: Apache-2.0

package scaffold

// languages are those that there are templates for, as help lists them.
func languages() []language {
	return []language{
		{name: "go"},
	}
}
