// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package child

// pidNamespace is empty: all processes are counted together.
func pidNamespace() string { return "" }
