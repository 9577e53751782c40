// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"context"
	"sync"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// acceptBatch handles each message of a batch as if it had come alone, but
// collects their answers into one.
func (d *Dispatcher) acceptBatch(frame *jsonrpc.Frame) {
	messages, err := d.splitBatch(frame.Data)
	if err != nil {
		w := d.wire(frame.Reply)
		d.engine.refuse(&w, jsonrpc.ID{}, jsonrpc.AsError(err))
		return
	}
	b := &batch{
		ctx:     d.engine.base,
		reply:   frame.Reply,
		written: make(chan struct{}),
		open:    len(messages) + 1, // and the loop below
	}
	for _, data := range messages {
		part := &jsonrpc.Frame{Data: data, Header: frame.Header, Reply: &batchPart{batch: b}}
		d.acceptMessage(part, true)
	}
	d.engine.aside(b.leave)
}

func (d *Dispatcher) splitBatch(data []byte) ([][]byte, error) {
	if allowed := d.engine.opts.AllowBatch; allowed == nil || !allowed() {
		return nil, batchRefused()
	}
	return jsonrpc.SplitBatch(data)
}

func batchRefused() *jsonrpc.Error {
	return &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "batches are not allowed here"}
}

// batch collects the answers of the messages that came together. The last to
// leave writes them, outside the lock.
type batch struct {
	ctx     context.Context // of that write, which belongs to no single message
	reply   jsonrpc.Reply
	written chan struct{} // closed once the answer is on its way, or is none

	mu      sync.Mutex
	open    int    // messages that may still cause something
	answers []byte // a JSON array without its end, nil if nothing was answered
}

func (b *batch) add(answer []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	separator := byte(',')
	if b.answers == nil {
		separator = '['
	}
	b.answers = append(append(b.answers, separator), answer...)
}

func (b *batch) leave() {
	if !b.isLast() {
		return
	}
	defer close(b.written)
	if b.answers != nil {
		// The peer that cannot be reached is noticed by the read loop.
		_ = b.reply.Answer(b.ctx, append(b.answers, ']'), nil)
	}
	b.reply.Close()
}

func (b *batch) isLast() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	return b.open == 0
}

// batchPart is the Reply of one message in a batch.
type batchPart struct {
	batch *batch
	once  sync.Once
}

// Send goes out at once: only answers are collected.
func (p *batchPart) Send(ctx context.Context, data []byte) error {
	return p.batch.reply.Send(ctx, data)
}

// Answer keeps a copy for the answer of the batch.
func (p *batchPart) Answer(_ context.Context, data []byte, _ *jsonrpc.Error) error {
	p.batch.add(data)
	return nil
}

// Close leaves the batch.
func (p *batchPart) Close() { p.once.Do(p.batch.leave) }
