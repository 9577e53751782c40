// SPDX-License-Identifier: Apache-2.0

package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/mcphost/mcphost/host/internal/discover"
	"github.com/mcphost/mcphost/host/internal/plugin"
)

// ReattachConfig is where a plugin listens that runs already, under a debugger.
// A plugin that is started with MCPHOST_DEBUG=1 prints its own.
type ReattachConfig struct {
	Protocol        string // "grpc", which is the default
	ProtocolVersion int    // 1
	Pid             int    // for people
	Test            bool   // go-plugin's mark that nobody but the debugger ends the process; so it is here always
	Addr            ReattachAddr
}

// ReattachAddr is what to dial.
type ReattachAddr struct {
	Network string // "unix" or "tcp"
	String  string // the path of the socket, or host:port
}

const reattachShape = `{"NAME":{"Protocol":"grpc","ProtocolVersion":1,"Pid":123,"Test":true,"Addr":{"Network":"unix","String":"/tmp/..."}}}`

// ParseReattach reads the value of MCPHOST_REATTACH, for Config.Reattach. It is
// what a plugin under a debugger prints, or several such in one object; empty
// means none. The error shows the form.
func ParseReattach(value string) (map[string]ReattachConfig, error) {
	if value == "" {
		return nil, nil
	}
	var running map[string]ReattachConfig
	err := json.Unmarshal([]byte(value), &running)
	if misfit := (*json.UnmarshalTypeError)(nil); errors.As(err, &misfit) {
		// The library's text names types of the program.
		err = fmt.Errorf("%s at byte %d does not fit", misfit.Value, misfit.Offset)
	}
	if problems := reattachProblems(running); err == nil && len(problems) > 0 {
		err = fmt.Errorf("%s: %s", problems[0].Path[1], problems[0].Text)
	}
	if err != nil {
		return nil, fmt.Errorf("MCPHOST_REATTACH: %w; it must look like %s", err, reattachShape)
	}
	return running, nil
}

func reattachProblems(running map[string]ReattachConfig) []discover.Problem {
	var found []discover.Problem
	for _, name := range slices.Sorted(maps.Keys(running)) {
		if fault := running[name].fault(name); fault != "" {
			found = append(found, discover.Problem{Path: []string{"reattach", name}, Text: fault})
		}
	}
	return found
}

func (r ReattachConfig) fault(name string) string {
	if fault := discover.IdentityFault(name); fault != "" {
		return fault
	}
	switch {
	case r.Protocol != "" && r.Protocol != "grpc":
		return fmt.Sprintf("it serves %q, not grpc", r.Protocol)
	case r.ProtocolVersion != plugin.ProtocolVersion:
		return fmt.Sprintf("it speaks plugin protocol %d, the host %d", r.ProtocolVersion, plugin.ProtocolVersion)
	case r.Addr.Network != "unix" && r.Addr.Network != "tcp":
		return fmt.Sprintf("its network is %q, not unix or tcp", r.Addr.Network)
	case r.Addr.String == "":
		return "it has no address"
	}
	return ""
}

// running returns what the plugin of a name is attached to, or nil.
func (s *Server) running(name string) *plugin.Running {
	r, attached := s.cfg.Reattach[name]
	if !attached {
		return nil
	}
	return &plugin.Running{Network: r.Addr.Network, Addr: r.Addr.String, Pid: r.Pid}
}

// noteReattach says at the start what is out of the ordinary.
func (s *Server) noteReattach() {
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Reattach)) {
		r := s.cfg.Reattach[name]
		s.log.Info(fmt.Sprintf("plugin %s is attached to pid %d; its calls have no time limit", name, r.Pid), "addr", r.Addr.String)
	}
}

// scan finds the plugins that the configuration names, and those that run
// already: a name that is in neither place, or is there but cannot be used, is
// a plugin all the same.
func (s *Server) scan() ([]discover.Candidate, []discover.Skipped, error) {
	found, skipped, err := discover.Scan(s.cfg.PluginDirs, s.cfg.Plugins)
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Reattach)) {
		if slices.ContainsFunc(found, func(c discover.Candidate) bool { return c.Name == name }) {
			continue
		}
		added := discover.Candidate{Manifest: discover.Manifest{Name: name}}
		for i := range s.cfg.Plugins {
			if s.cfg.Plugins[i].Name == name {
				added.Manifest = s.cfg.Plugins[i]
			}
		}
		found = append(found, added)
		skipped = slices.DeleteFunc(skipped, func(skip discover.Skipped) bool { return skip.Name == name })
	}
	return found, skipped, err
}
