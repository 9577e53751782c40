// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// An awayError is that nobody of use answers at the address.
type awayError struct {
	to    *Running
	phase Phase
	err   error
}

// text is for clients, and completes "plugin <name> ...".
func (e *awayError) text() string {
	if e.phase != PhaseHandshake {
		return fmt.Sprintf("is attached to a process that cannot be used (%s); the host's log has the details", e.phase)
	}
	return "is attached to a process that is not running: start it again under the debugger"
}

func (e *awayError) Error() string { return fmt.Sprintf("attach to %s: %v", e.to, e.err) }
func (e *awayError) Unwrap() error { return e.err }

var (
	errHungUp = errors.New("the connection is over")
	errNobody = errors.New("there is no connection")
)

// An attachment is the connection to a Running plugin. It dials when a call
// needs it, so that whoever answers at the address by then is used, and is told
// what a new process is told.
type attachment struct {
	plugin *Plugin
	to     *Running
	turn   chan struct{} // holds one token while somebody connects
	ends   chan *link    // links that are over, to be tidied up
	left   chan struct{} // closed by close

	mu         sync.Mutex
	link       *link         // nil while nobody is there
	up         chan struct{} // closed while there is a link
	links      int           // how many there were
	closed     bool          // left is
	subscribed []string      // the last set that was handed over
}

func newAttachment(p *Plugin) *attachment {
	return &attachment{
		plugin: p,
		to:     p.cfg.Attach,
		turn:   make(chan struct{}, 1),
		ends:   make(chan *link, 1),
		left:   make(chan struct{}),
		up:     make(chan struct{}),
	}
}

// A link is one connection to one process.
type link struct {
	net.Conn
	at   *attachment
	conn *grpc.ClientConn
	once sync.Once
	gone bool // guarded by attachment.mu
}

// Close is called by gRPC when the process hangs up, among others.
func (l *link) Close() error {
	l.once.Do(func() { l.at.lose(l) })
	return l.Conn.Close()
}

// Invoke and NewStream make an attachment a grpc.ClientConnInterface.
func (a *attachment) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	conn, err := a.reach(ctx, method)
	if err != nil {
		return err
	}
	return conn.Invoke(ctx, method, args, reply, opts...)
}

// NewStream is for calls that stream.
func (a *attachment) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, err := a.reach(ctx, method)
	if err != nil {
		return nil, err
	}
	return conn.NewStream(ctx, desc, method, opts...)
}

// reach returns the connection for an RPC. Only what somebody asks for makes
// one: the watch waits, and who says good-bye does not knock.
func (a *attachment) reach(ctx context.Context, method string) (*grpc.ClientConn, error) {
	switch method {
	case pluginv1.PluginService_Watch_FullMethodName:
		return a.await(ctx)
	case pluginv1.PluginService_EndConnection_FullMethodName:
		if link, _ := a.current(); link != nil {
			return link.conn, nil
		}
		return nil, a.away(PhaseHandshake, errNobody)
	}
	return a.connect(ctx)
}

func (a *attachment) current() (*link, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.link, a.up
}

func (a *attachment) await(ctx context.Context) (*grpc.ClientConn, error) {
	for {
		link, up := a.current()
		if link != nil {
			return link.conn, nil
		}
		select {
		case <-up:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// connect returns the connection, a new one if there is none. One caller makes
// it for all.
func (a *attachment) connect(ctx context.Context) (*grpc.ClientConn, error) {
	if link, _ := a.current(); link != nil {
		return link.conn, nil
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-a.left:
		return nil, a.away(PhaseHandshake, errHungUp)
	}
	if link, _ := a.current(); link != nil {
		return link.conn, nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.plugin.cfg.StartTimeout)
	defer cancel()
	next, err := a.dial(ctx)
	if err != nil {
		return nil, a.away(PhaseHandshake, err)
	}
	if phase, err := a.plugin.introduce(ctx, pluginv1.NewPluginServiceClient(next.conn)); err != nil {
		next.hangUp()
		return nil, a.away(phase, err)
	}
	a.resubscribe(ctx, next)
	return a.adopt(next)
}

// resubscribe hands over the subscriptions that the process before had. The
// registry knows of one life only.
func (a *attachment) resubscribe(ctx context.Context, l *link) {
	a.mu.Lock()
	uris := a.subscribed
	a.mu.Unlock()
	if len(uris) == 0 || !a.plugin.Provides().Has(mcp.KindSubscriptions) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, subscribeTimeout)
	defer cancel()
	req := &pluginv1.SetSubscriptionsRequest{Uris: uris}
	if _, err := pluginv1.NewResourceServiceClient(l.conn).SetSubscriptions(ctx, req); err != nil {
		a.plugin.log.Warn("attached plugin did not take the subscriptions again", "err", err)
	}
}

// subscribe keeps the set of subscriptions for the next process.
func (a *attachment) subscribe(uris []string) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.subscribed = uris
}

func (a *attachment) away(phase Phase, err error) error {
	err = &awayError{to: a.to, phase: phase, err: err}
	a.plugin.log.Debug("attached plugin cannot be reached", "phase", phase, "err", err)
	return err
}

// dial makes a link. Its gRPC connection gets no second one: it may lead to
// another process, who has to be told everything first.
func (a *attachment) dial(ctx context.Context) (*link, error) {
	var d net.Dialer
	wire, err := d.DialContext(ctx, a.to.Network, a.to.Addr)
	if err != nil {
		return nil, err
	}
	if a.to.Network == "unix" {
		if err := checkOwner(wire); err != nil {
			return nil, errors.Join(err, wire.Close())
		}
	}
	l := &link{Conn: wire, at: a}
	first := make(chan net.Conn, 1)
	first <- l
	options := append(dialOptions(a.plugin.cfg, func(context.Context, string) (net.Conn, error) {
		select {
		case conn := <-first:
			return conn, nil
		default:
			return nil, errHungUp
		}
	}), grpc.WithTransportCredentials(insecure.NewCredentials()))
	l.conn, err = grpc.NewClient("passthrough:///plugin", options...)
	if err != nil {
		return nil, errors.Join(err, wire.Close())
	}
	return l, nil
}

// hangUp ends a link from this side.
func (l *link) hangUp() {
	_ = l.conn.Close() // nothing is under way on it that matters
	_ = l.Close()      // gRPC may never have taken it
}

// adopt makes a link the one that is used, unless it is lost already.
func (a *attachment) adopt(next *link) (*grpc.ClientConn, error) {
	a.mu.Lock()
	usable := !next.gone && !a.closed
	if usable {
		a.link = next
		a.links++
		close(a.up)
	}
	again := a.links > 1
	a.mu.Unlock()
	if !usable {
		next.hangUp()
		return nil, a.away(PhaseHandshake, errHungUp)
	}
	if again {
		a.plugin.log.Info("attached again", "to", a.to)
		a.plugin.renewed()
	}
	return next.conn, nil
}

// lose notes that a link is over. gRPC waits for it to return, so the rest of
// the link is tidied up elsewhere.
func (a *attachment) lose(l *link) {
	a.mu.Lock()
	l.gone = true
	lost := a.link == l && !a.closed
	if lost {
		a.link, a.up = nil, make(chan struct{})
	}
	a.mu.Unlock()
	if !lost {
		return
	}
	a.plugin.log.Warn("the attached process is gone: start it again under the debugger", "was", a.to)
	select {
	case a.ends <- l:
	case <-a.left:
	}
}

// tidy frees what is left of links that are over, until close.
func (a *attachment) tidy() {
	for {
		select {
		case l := <-a.ends:
			l.hangUp()
		case <-a.left:
			return
		}
	}
}

// close lets go of the process, which lives on. It does not wait.
func (a *attachment) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	close(a.left)
}

// hangUp ends what tidy has left.
func (a *attachment) hangUp() {
	select {
	case l := <-a.ends:
		l.hangUp()
	default:
	}
	if l, _ := a.current(); l != nil {
		l.hangUp()
	}
}
