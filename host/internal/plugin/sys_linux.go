// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// childAttributes put the child at the head of a group of its own, which dies
// when the thread that forked it does: see Forker.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitExit waits for the end of the process but leaves its body, so that the
// id cannot mean another process or group until collect is done with it.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}

// collect ends the rest of the group, then reaps the process.
func (p *process) collect(cmd *exec.Cmd) error {
	p.mu.Lock()
	p.reaped = true
	err := signalGroup(cmd.Process, sigKill)
	p.mu.Unlock()
	return errors.Join(cmd.Wait(), err)
}

// checkPeer makes sure that the process at the other end belongs to the group.
// The socket's name alone does not say whose it is.
func checkPeer(conn net.Conn, group int) error {
	peer, err := peerOf(conn)
	if err != nil {
		return err
	}
	got, err := unix.Getpgid(int(peer.Pid))
	if err != nil {
		return fmt.Errorf("process group of %d: %w", peer.Pid, err)
	}
	if got != group {
		return fmt.Errorf("process %d of group %d answers at the plugin's socket, not the plugin's group %d", peer.Pid, got, group)
	}
	return nil
}

// checkOwner makes sure that the process at the other end is this user's or
// root's: who is attached to gets the plugin's settings, secrets included.
func checkOwner(conn net.Conn) error {
	peer, err := peerOf(conn)
	if err != nil {
		return err
	}
	if uid := os.Geteuid(); peer.Uid != 0 && int(peer.Uid) != uid {
		return fmt.Errorf("process %d, which answers there, belongs to user %d, not to %d", peer.Pid, peer.Uid, uid)
	}
	return nil
}

func peerOf(conn net.Conn) (*unix.Ucred, error) {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("connection of type %T has no socket", conn)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	var peer *unix.Ucred
	var peerErr error
	err = raw.Control(func(fd uintptr) {
		peer, peerErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, peerErr); err != nil {
		return nil, fmt.Errorf("who answers at the plugin's socket: %w", err)
	}
	return peer, nil
}
