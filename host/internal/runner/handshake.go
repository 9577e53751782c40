// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// discoverTTL is long: what the server offers changes with its configuration
// alone.
const discoverTTL = time.Hour

type initializeParams struct {
	version      string
	capabilities mcp.ClientCapabilities
	client       mcp.Implementation
}

func decodeInitialize(params []byte) (initializeParams, error) {
	version, ok := stringParam(params, "protocolVersion")
	if !ok {
		return initializeParams{}, errors.New("protocolVersion must be a string")
	}
	capabilities, ok := rawjson.Get(params, "capabilities")
	if !ok || rawjson.KindOf(capabilities) != rawjson.KindObject {
		return initializeParams{}, errors.New("capabilities must be an object")
	}
	client, _ := rawjson.Get(params, "clientInfo")
	return initializeParams{version, mcp.ParseClientCapabilities(capabilities), mcp.ParseImplementation(client)}, nil
}

// initialize is the handshake of the versions before 2026-07-28. It starts no
// plugin.
func (r *Runner) initialize(_ context.Context, q *Request, p initializeParams) (*mcp.InitializeResult, error) {
	version := mcp.NegotiateHandshake(p.version)
	if !q.Conn.negotiate(version, p) {
		return nil, &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "this connection is initialized already"}
	}
	r.opts.Log.Info("client connected", "client", p.client.Name, "client_version", p.client.Version, "protocol", version)
	return &mcp.InitializeResult{
		Version:      version,
		Capabilities: r.capabilities(),
		Server:       &r.opts.Info,
		Instructions: r.opts.Instructions,
	}, nil
}

// negotiate settles the handshake, once.
func (c *Connection) negotiate(v mcp.Version, p initializeParams) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version != mcp.VersionNone {
		return false
	}
	c.version, c.client, c.caps = v, p.client, p.capabilities
	return true
}

func encodeInitialize(dst []byte, _ *Request, result *mcp.InitializeResult) ([]byte, error) {
	return result.AppendJSON(dst), nil
}

// initialized ends the handshake: from here on the server may speak unasked.
func (r *Runner) initialized(_ context.Context, q *Request) error {
	if q.Conn.Version() == mcp.VersionNone {
		return errors.New("before initialize")
	}
	q.Conn.startNotices()
	return nil
}

func (r *Runner) ping(context.Context, *Request, none) (none, error) { return none{}, nil }

// discover answers for the stateless era what initialize does for the others,
// and starts no plugin either.
func (r *Runner) discover(context.Context, *Request, none) (*mcp.DiscoverResult, error) {
	return &mcp.DiscoverResult{
		Capabilities: r.capabilities(),
		Instructions: r.opts.Instructions,
		Cache:        mcp.Cache{TTLMillis: discoverTTL.Milliseconds(), Public: true},
	}, nil
}

func (r *Runner) encodeDiscover(dst []byte, q *Request, result *mcp.DiscoverResult) ([]byte, error) {
	return result.AppendJSON(dst, q.Version, r.stamp(q)), nil
}

func decodeLogLevel(params []byte) (mcp.LogLevel, error) {
	name, _ := stringParam(params, "level")
	level := mcp.ParseLogLevel(name)
	if level == mcp.LogNone {
		return level, errors.New("level must be one of debug, info, notice, warning, error, critical, alert, emergency")
	}
	return level, nil
}

func (r *Runner) setLogLevel(_ context.Context, q *Request, level mcp.LogLevel) (none, error) {
	q.Conn.mu.Lock()
	defer q.Conn.mu.Unlock()
	q.Conn.level = level
	return none{}, nil
}

func stringParam(params []byte, key string) (string, bool) {
	value, ok := rawjson.Get(params, key)
	if !ok {
		return "", false
	}
	return rawjson.String(value)
}
