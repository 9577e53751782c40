// SPDX-License-Identifier: Apache-2.0

package pluginapi

import goplugin "github.com/hashicorp/go-plugin"

// ProtocolVersion is the major version of the plugin protocol,
// proto/mcphost/plugin/v1, that this package speaks. It is the second field of
// go-plugin's handshake line.
const ProtocolVersion = 1

// MaxMessageSize is the largest gRPC message, in bytes, that host and plugins
// exchange in either direction.
const MaxMessageSize = 64 << 20

// Handshake is what host and plugin agree on before the first byte of gRPC. The
// cookie is no secret: it lets a plugin that a person runs by hand explain
// itself instead of waiting for a host.
func Handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{
		ProtocolVersion:  ProtocolVersion,
		MagicCookieKey:   "MCPHOST_PLUGIN",
		MagicCookieValue: "mcphost-plugin-v1",
	}
}
