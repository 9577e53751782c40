// SPDX-License-Identifier: Apache-2.0

// Package jsonrpc turns the bytes of one JSON-RPC 2.0 message into its parts
// and back, and holds the vocabulary in which the stages of the host speak of
// messages: frames and their replies, requests, handlers and channels. It is
// pure: it starts no goroutine, does no I/O, and knows no method of MCP and no
// transport. Params, results and error data stay raw JSON that nobody
// re-encodes.
package jsonrpc

import "context"

// A Kind says which of the three shapes of a message it is.
type Kind uint8

// The kinds of messages. Of a malformed message that fits none, it is
// KindInvalid.
const (
	KindInvalid Kind = iota
	KindRequest
	KindNotification
	KindResponse
)

// A Message is one parsed message. Its byte slices alias the parsed data.
type Message struct {
	Kind   Kind
	ID     ID     // zero in a notification, and where a response names none
	Method string // of a request or notification
	Params []byte // a raw object, nil if absent
	Result []byte // raw, of a response that succeeded
	Err    *Error // of a response that failed
}

// A Result is what a handler answers with. It appends itself to the buffer of
// the response, so that nothing is encoded twice.
type Result interface {
	AppendJSON(dst []byte) ([]byte, error)
}

// Raw is a Result that is already encoded.
type Raw []byte

// AppendJSON appends the bytes as they are.
func (r Raw) AppendJSON(dst []byte) ([]byte, error) { return append(dst, r...), nil }

// A Handler answers one request. It runs in a goroutine of its own; ctx ends
// when the peer cancels the request or the connection stops, and
// [context.Cause] says which. An *Error goes to the peer verbatim, every other
// error as "internal error". A nil Result with a nil error answers {}.
type Handler func(ctx context.Context, req *Request) (Result, error)

// A NotificationHandler takes one notification. Those of one connection arrive
// one after another, in order, so it should not take long.
type NotificationHandler func(ctx context.Context, n *Notification)

// A Request is what a Handler answers. It is not changed after the handler has
// been called.
type Request struct {
	ID      ID
	Method  string
	Params  []byte              // a raw object, nil if absent
	Header  map[string][]string // as the transport got it; nil where it has none
	Channel Channel             // never nil
	Batched bool                // it came with others in one frame
}

// A Notification is a message that is never answered.
type Notification struct {
	Method string
	Params []byte
	Header map[string][]string
}

// A Channel is what a handler may do on the exchange that its request came on.
// It is safe for concurrent use.
type Channel interface {
	// Notify sends a notification that belongs to the request, such as its
	// progress. After the answer or a cancel it is dropped with ErrRetired.
	Notify(ctx context.Context, method string, params []byte) error
	// Call asks the client something on the same exchange and returns the raw
	// result. The error is an *Error if the client answered one. When ctx ends,
	// the client is told that the question is cancelled.
	Call(ctx context.Context, method string, params []byte) ([]byte, error)
	// AfterAnswer has f run once, after the response was written or suppressed
	// and before a drain may take the request for done. A late call runs f at
	// once.
	AfterAnswer(f func())
	// Standing declares that this request has no end of its own, such as a
	// subscription. The channel is closed when the connection drains and only
	// standing requests are left: return the final result then.
	Standing() <-chan struct{}
}

// A Reply takes the messages that one frame causes. It is safe for concurrent
// use and must not retain data after it returns.
type Reply interface {
	// Send writes a related notification or a server-to-client request.
	Send(ctx context.Context, data []byte) error
	// Answer writes a response. err is nil for a result and for the answer to a
	// batch; HTTP picks its status from it.
	Answer(ctx context.Context, data []byte, err *Error) error
	// Close says that nothing more will come. It is idempotent.
	Close()
}

// A Frame is the bytes of one message or batch, with its carriage. Exactly one
// of Data and Fault is set.
type Frame struct {
	Data   []byte              // owned by the receiver
	Header map[string][]string // nil where the transport has none
	Reply  Reply               // never nil; closed by whoever handles the frame
	Fault  *Error              // the message could not be delivered whole: answer this, with no id

	parsed  bool
	message Message
	err     error
}

// Parse is Parse of the frame's data, done once. It is not safe for concurrent
// use: a frame has one owner at a time.
func (f *Frame) Parse() (Message, error) {
	if f.Fault != nil {
		return Message{}, f.Fault
	}
	if !f.parsed {
		f.message, f.err = Parse(f.Data)
		f.parsed = true
	}
	return f.message, f.err
}
