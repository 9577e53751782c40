// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bytes"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// A logBuffer is a log to read.
type logBuffer struct {
	log hclog.Logger
	mu  sync.Mutex
	buf bytes.Buffer
}

func logger(testing.TB) *logBuffer {
	b := &logBuffer{}
	b.log = hclog.New(&hclog.LoggerOptions{Level: hclog.Debug, Output: b})
	return b
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
