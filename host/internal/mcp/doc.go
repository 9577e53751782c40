// SPDX-License-Identifier: Apache-2.0

// Package mcp is the vocabulary of the Model Context Protocol that the host
// itself reads and writes: versions, method names, definitions, content and
// results, and how each is written for a peer of each version. What the host
// only carries (schemas, arguments, structured content, _meta) stays raw JSON
// in []byte fields. The package knows nothing of JSON-RPC, transports or
// plugins, and has no goroutines.
package mcp
