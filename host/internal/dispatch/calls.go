// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// cancelBound is how long telling the peer of a cancelled question may take.
const cancelBound = time.Second

// outcome is what came of a question.
type outcome struct {
	result []byte
	err    error
}

// calls correlates the questions that this side asks with their answers. It has
// one id space for the whole connection.
type calls struct {
	cancelMethod string // immutable

	mu      sync.Mutex
	last    int64
	waiting map[jsonrpc.ID]chan<- outcome
	closed  bool
}

func newCalls(cancelMethod string) *calls {
	return &calls{cancelMethod: cancelMethod, waiting: make(map[jsonrpc.ID]chan<- outcome)}
}

// do asks one question by way of send and waits for its answer.
func (c *calls) do(ctx context.Context, method string, params []byte, send func(context.Context, []byte) error) ([]byte, error) {
	id, answered, err := c.open()
	if err != nil {
		return nil, err
	}
	defer c.forget(id)
	if err := send(ctx, oneLine(jsonrpc.AppendRequest(nil, id, method, params))); err != nil {
		return nil, fmt.Errorf("ask %s: %w", method, err)
	}
	select {
	case o := <-answered:
		return o.result, o.err
	case <-ctx.Done():
		c.abandon(ctx, id, send)
		return nil, context.Cause(ctx)
	}
}

func (c *calls) open() (jsonrpc.ID, <-chan outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return jsonrpc.ID{}, nil, closedError()
	}
	c.last++
	id := jsonrpc.NumberID(c.last)
	answered := make(chan outcome, 1) // so that resolve never waits
	c.waiting[id] = answered
	return id, answered, nil
}

func (c *calls) forget(id jsonrpc.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// abandon tells the peer that nobody waits for its answer any more. That it
// cannot be told changes nothing.
func (c *calls) abandon(ctx context.Context, id jsonrpc.ID, send func(context.Context, []byte) error) {
	if c.cancelMethod == "" {
		return
	}
	reason := reasonOf(ctx)
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelBound)
	defer stop()
	params := id.AppendJSON([]byte(`{"requestId":`))
	params = rawjson.AppendString(append(params, `,"reason":`...), reason)
	_ = send(ctx, jsonrpc.AppendNotification(nil, c.cancelMethod, append(params, '}')))
}

// reasonOf says why ctx ended in words that are fit for the peer.
func reasonOf(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "timed out"
	}
	return "no longer needed"
}

// resolve delivers an answer, and reports false when nothing waits for it. Some
// peers echo a number as a string, so what matches no id exactly may match the
// number that it spells.
func (c *calls) resolve(id jsonrpc.ID, o outcome) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	answered, ok := c.waiting[id]
	if !ok {
		id = id.Canonical()
		if answered, ok = c.waiting[id]; !ok {
			return false
		}
	}
	delete(c.waiting, id) // a second answer finds nobody
	answered <- o
	return true
}

// close fails every question, now and later: no answer can arrive any more.
func (c *calls) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for id, answered := range c.waiting {
		delete(c.waiting, id)
		answered <- outcome{err: closedError()}
	}
}

func outcomeOf(msg jsonrpc.Message) outcome {
	if msg.Err != nil {
		return outcome{err: msg.Err}
	}
	return outcome{result: msg.Result}
}
