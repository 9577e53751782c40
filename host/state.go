// SPDX-License-Identifier: Apache-2.0

package host

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"github.com/mcphost/mcphost/host/internal/discover"
	"github.com/mcphost/mcphost/host/internal/seal"
)

// sealer is the runner's view of sealed state.
type sealer struct{ *seal.Sealer }

func (sealer) Digest(method string, params []byte) []byte {
	digest := seal.Digest(method, params)
	return digest[:]
}

// newSealer reads the configured keys, or makes one for the life of the process.
func newSealer(configured []string) (sealer, error) {
	keys := make([][]byte, len(configured))
	for i, text := range configured {
		text, err := discover.Expand(text, os.LookupEnv)
		if err != nil {
			return sealer{}, fmt.Errorf("state_keys: key %d: %w", i+1, err)
		}
		keys[i], err = base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil || len(keys[i]) != seal.KeySize {
			return sealer{}, fmt.Errorf("state_keys: key %d is not %d bytes in base64; make one with: openssl rand -base64 %d", i+1, seal.KeySize, seal.KeySize)
		}
	}
	s, err := seal.New(keys)
	if err != nil {
		return sealer{}, fmt.Errorf("state_keys: %w", err)
	}
	return sealer{s}, nil
}
