// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/plugins/files/internal/tree"
)

// When a person is asked before a file is replaced.
const (
	confirmAuto   = "auto"   // where the client can ask
	confirmAlways = "always" // and where it cannot, nothing is replaced
	confirmNever  = "never"
)

func checkConfirm(value string) error {
	switch value {
	case "", confirmAuto, confirmAlways, confirmNever:
		return nil
	}
	return fmt.Errorf("confirm is %q; it can be %s, %s or %s", value, confirmAuto, confirmAlways, confirmNever)
}

// write writes a file. It asks before it replaces one.
func (s *server) write(ctx context.Context, req tree.WriteRequest) (*tree.WriteResult, error) {
	files := s.tree.Load()
	if req.Mode == tree.ModeOverwrite {
		// What the person is asked about must be what is replaced, also if the
		// answer takes an hour.
		seen, err := pluginapi.Memo(ctx, "seen", func() (tree.Version, error) { return files.Existing(req.Path) })
		if err != nil {
			return nil, err
		}
		if req.Seen, err = s.confirmed(ctx, seen); err != nil {
			return nil, err
		}
	}
	return files.Write(ctx, req)
}

// confirmed asks whether to replace a file, if there is one. It returns the only
// version that may be replaced, nil for any.
func (s *server) confirmed(ctx context.Context, seen tree.Version) (*tree.Version, error) {
	mode, canAsk := *s.confirm.Load(), pluginapi.Caller(ctx).Capabilities.ElicitationForm
	switch {
	case mode == confirmNever, mode == confirmAuto && !canAsk:
		return nil, nil
	case seen == tree.Version{}:
		return &seen, nil
	case !canAsk:
		return nil, fmt.Errorf("%q: nothing was written: a person has to agree to replacing it (confirm is %q in the settings of this plugin), and this client cannot ask one", seen.Path, mode)
	}
	answer, err := pluginapi.Elicit[struct {
		Replace bool `json:"replace" jsonschema:"whether to replace the file" form:"title=Replace it"`
	}](ctx, "overwrite", fmt.Sprintf("Replace the file %q (%d bytes, changed %s)?", seen.Path, seen.Size, seen.Modified))
	if err != nil {
		return nil, err
	}
	if !answer.Accepted() || !answer.Value.Replace {
		return nil, fmt.Errorf("%q: nothing was written: the user does not want it replaced", seen.Path)
	}
	return &seen, nil
}
