// SPDX-License-Identifier: Apache-2.0

package mcp

// A Version is a protocol version of MCP. Versions compare by age: a later one
// is greater. The zero value is no version.
type Version uint8

// The versions that the host serves, oldest first.
const (
	VersionNone Version = iota
	Version20241105
	Version20250326
	Version20250618
	Version20251125
	Version20260728
)

// The newest version of each era. The handshake never negotiates a stateless
// version, nor is a handshake version ever listed as supported to a stateless
// client: it would retry with a framing that has no meaning there.
const (
	LatestHandshake = Version20251125
	LatestStateless = Version20260728
)

var versionNames = [...]string{"", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}

// String returns the version as it appears on the wire.
func (v Version) String() string { return versionNames[v] }

// Stateless reports whether the version belongs to the era of per-request
// metadata rather than to that of the initialize handshake.
func (v Version) Stateless() bool { return v >= Version20260728 }

// ParseVersion returns the served version of that name, or VersionNone.
func ParseVersion(name string) Version {
	for v := Version20241105; int(v) < len(versionNames); v++ {
		if versionNames[v] == name {
			return v
		}
	}
	return VersionNone
}

// NegotiateHandshake returns the version that answers an initialize request for
// the named one: the same if it is served in the handshake era, else the
// newest of that era (2025-11-25, lifecycle, "Version Negotiation").
func NegotiateHandshake(requested string) Version {
	if v := ParseVersion(requested); v != VersionNone && !v.Stateless() {
		return v
	}
	return LatestHandshake
}
