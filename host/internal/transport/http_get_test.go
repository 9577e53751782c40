// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnrelatedMessagesGoToTheGetStream(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{}, answerEmpty)
	id := rig.open()
	s := <-rig.opened
	in := rig.listen(id)
	for i := range 3 {
		if err := s.Send(t.Context(), fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
		in.want(t, "message", fmt.Sprint(i))
	}
	rig.do("DELETE", "", "Mcp-Session-Id: "+id)
	in.wantEnd(t)
}

func TestMessagesWaitForAGetStream(t *testing.T) {
	const limit = 3
	rig := newSessionRig(t, HTTPOptions{PendingNotices: limit}, answerEmpty)
	id := rig.open()
	s := <-rig.opened
	for i := range 5 {
		data := fmt.Append(nil, i)
		_ = s.Send(t.Context(), data)
		copy(data, "#") // the sender may use its buffer again
	}
	in := rig.listen(id)
	for _, want := range []string{"2", "3", "4"} { // the oldest were dropped
		in.want(t, "message", want)
	}
	_ = s.Send(t.Context(), []byte("5"))
	in.want(t, "message", "5")
}

func TestNewGetStreamReplacesTheOld(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{}, answerEmpty)
	id := rig.open()
	s := <-rig.opened
	older := rig.listen(id)
	newer := rig.listen(id)
	older.wantEnd(t)
	_ = s.Send(t.Context(), []byte("1"))
	newer.want(t, "message", "1")
}

func TestSilentGetStreamIsKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newSessionRig(t, HTTPOptions{}, answerEmpty)
		id := rig.open()
		began := time.Now()
		in := rig.listen(id)
		in.want(t, "comment", "")
		in.want(t, "comment", "")
		if waited := time.Since(began); waited != 30*time.Second {
			t.Errorf("two comments after %v, want 30s", waited)
		}
		rig.do("DELETE", "", "Mcp-Session-Id: "+id)
	})
}

func TestGetStreamThatLeftDoesNotHoldItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newSessionRig(t, HTTPOptions{}, answerEmpty)
		id := rig.open()
		ctx, cancel := context.WithCancel(t.Context())
		req := rig.request(ctx, "GET", "", "Mcp-Session-Id: "+id)
		events(rig.send(req).Body).want(t, "comment", "")
		cancel()
		time.Sleep(61 * time.Minute)
		rig.wantStatus(id, http.StatusNotFound)
	})
}
