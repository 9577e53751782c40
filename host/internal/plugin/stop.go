// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// shutdownMethod is go-plugin's. Its own call of it has no deadline, and its
// own wait after it cannot be changed.
const shutdownMethod = "/plugin.GRPCController/Shutdown"

// attend sees the plugin off: it waits for the end of the process, tells why,
// and releases all that belonged to it. It ends when the process does.
func (p *Plugin) attend() {
	endWatch := p.startWatch()
	select {
	case <-p.proc.done:
		p.end(p.proc.ended())
	case <-p.lost:
		p.end(&exitError{state: "killed, but still there"})
	}
	endWatch()
	p.health.stop()
	p.health.work.Wait()
	p.release()
	close(p.finished)
}

// end records why the plugin is over, and says so.
func (p *Plugin) end(exit *exitError) {
	p.mu.Lock()
	asked := true // or known to whoever reads the log
	switch {
	case p.stopped:
		p.err = ErrStopped
	case p.silent:
		p.err = errSilent
	default:
		p.err, asked = exit, false
	}
	p.mu.Unlock()
	close(p.done)
	if asked {
		p.log.Debug("plugin stopped", "state", exit.state)
		return
	}
	p.log.Warn("plugin ended by itself", "state", exit.state, "last_line", exit.lastLine)
}

// release frees what go-plugin, gRPC and the file system hold for a process
// that is over or was never there.
func (p *Plugin) release() {
	if p.conn != nil {
		_ = p.conn.Close() // first, so that Kill has nobody to wait for
	}
	select {
	case <-p.proc.done:
		// Ends go-plugin's goroutines. It waits for the process, so never before.
		if err := guard(func() error { p.client.Kill(); return nil }); err != nil {
			p.log.Error("release plugin", "err", err)
		}
	default:
	}
	p.dir.remove(p.log)
	if p.forker != nil {
		p.forker.Close()
	}
}

// Close stops the plugin and returns when it is gone and nothing is left of it.
// It is asked to shut down and given the configured grace, then terminated,
// then killed, each time with its whole group. When ctx ends there is no more
// grace. Closing again waits for the same end.
func (p *Plugin) Close(ctx context.Context) {
	p.stopping.Do(func() {
		if p.attached != nil {
			p.attached.close()
			return
		}
		p.stop(ctx)
	})
	<-p.finished
}

func (p *Plugin) stop(ctx context.Context) {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.health.stop()

	if p.askToStop(ctx) {
		return
	}
	p.proc.signal(sigTerm)
	if p.gone(ctx, termGrace) {
		return
	}
	p.log.Warn("plugin does not stop: killing it")
	p.proc.kill()
	if !p.gone(context.WithoutCancel(ctx), killWait) {
		p.lose()
	}
}

// lose gives up a process that was killed and is still there.
func (p *Plugin) lose() {
	p.losing.Do(func() {
		p.log.Error("killed plugin does not go")
		close(p.lost)
	})
}

// askToStop reports whether the plugin went when asked to.
func (p *Plugin) askToStop(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.StopGrace)
	defer cancel()
	err := p.conn.Invoke(ctx, shutdownMethod, &emptypb.Empty{}, &emptypb.Empty{})
	if status.Code(err) == codes.Unimplemented {
		return false // it cannot be asked: no use to wait
	}
	// Any other error may be the plugin's end itself.
	return p.gone(ctx, p.cfg.StopGrace)
}

// gone waits for the end of the process for as long as given.
func (p *Plugin) gone(ctx context.Context, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case <-p.done:
		return true
	case <-ctx.Done():
		return false
	}
}
