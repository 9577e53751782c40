// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"
)

// One test for each known way in which go-plugin, gRPC or the system go wrong
// under a host. Number 19 is about Windows.

func TestPitfall01PluginCannotReadHostStdin(t *testing.T) {
	frames, client, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer frames.Close()
	hostStdin := os.Stdin
	os.Stdin = frames
	defer func() { os.Stdin = hostStdin }()

	p := start(t, config(t, "stdin"))
	if _, err := client.WriteString("frame\n"); err != nil {
		t.Fatal(err)
	}
	mustCall(t, p, "echo", "x")
	if got := mustCall(t, p, "stdin", ""); got != "reading" {
		t.Errorf("plugin's stdin: %s; want one that stays open and empty", got)
	}
	client.Close()
	if data, err := io.ReadAll(frames); string(data) != "frame\n" || err != nil {
		t.Errorf("host read %q, %v; want the whole frame", data, err)
	}
}

func TestPitfall02OddLogLinesDoNotCrashTheHost(t *testing.T) {
	cfg, log := config(t, "good"), logger(t)
	cfg.Log = log.log
	p := start(t, cfg)
	lines := []string{
		`{"@level":30,"@message":"numeric level"}`, `{"@message":5}`, `{"@timestamp":{},"@message":"odd time"}`,
		`{"@level":null}`, `{"@message":"a","@message":"b"}`, `{`, `[]`, "\xff\x00", "{\"@message\":\"\x1b[31mred\"}",
	}
	mustCall(t, p, "stderr", "x")
	for _, line := range lines {
		mustCall(t, p, "stderr", line)
	}
	eventually(t, "log of odd lines", 5*time.Second, func() bool {
		return strings.Contains(log.String(), "numeric level") && strings.Contains(log.String(), "odd time")
	})
	mustCall(t, p, "echo", "still here")
}

func TestPitfall03StrayCertificateIsIgnored(t *testing.T) {
	p := start(t, config(t, "cert"))
	mustCall(t, p, "echo", "x")
}

func TestPitfall04NoiseBeforeTheHandshakeIsLogged(t *testing.T) {
	cfg, log := config(t, "noisy"), logger(t)
	cfg.Log = log.log
	p := start(t, cfg)
	mustCall(t, p, "echo", "x")
	if !strings.Contains(log.String(), "loading the model") {
		t.Errorf("noise is not in the log: %s", log)
	}
	if strings.Contains(log.String(), "\x1b") {
		t.Error("control characters reach the log")
	}
}

func TestPitfall05LongStdoutLinesDoNotBlockThePlugin(t *testing.T) {
	p := start(t, config(t, "good"))
	for range 4 {
		mustCall(t, p, "stdout", strconv.Itoa(320<<10))
	}
}

func TestPitfall06FrozenPluginIsStopped(t *testing.T) {
	cfg := config(t, "good")
	cfg.StopGrace = 100 * time.Millisecond
	p := start(t, cfg)
	pid := p.proc.cmd.Process.Pid
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := callContext(ctx, p, "freeze", ""); err == nil {
		t.Fatal("frozen plugin answered")
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); p.Close(context.Background()) }()
	within(t, "close of a frozen plugin", stopped)
	if !groupGone(pid) {
		t.Error("process is left")
	}
}

func TestPitfall07GrandchildHidesNeitherCrashNorStop(t *testing.T) {
	t.Run("stop", func(t *testing.T) {
		p := start(t, config(t, "good"))
		pid, _ := strconv.Atoi(mustCall(t, p, "grandchild", ""))
		stopped := make(chan struct{})
		go func() { defer close(stopped); p.Close(context.Background()) }()
		within(t, "close with a grandchild", stopped)
		eventually(t, "end of the grandchild", time.Second, func() bool { return pidGone(pid) })
	})
	t.Run("crash", func(t *testing.T) {
		p := start(t, config(t, "good"))
		pid, _ := strconv.Atoi(mustCall(t, p, "grandchild", ""))
		_, err := call(p, "crash", "")
		pluginError(t, err, textCrashed)
		within(t, "crash with a grandchild", p.Done())
		eventually(t, "end of the grandchild", time.Second, func() bool { return pidGone(pid) })
	})
}

func TestPitfall08StartIsCancelledAtOnce(t *testing.T) {
	cfg := config(t, "mute")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		note(t, cfg) // the process runs
	}()
	begun := time.Now()
	failed := failStart(t, ctx, cfg)
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("took %v; the start timeout is 30 s", took)
	}
	if failed.Permanent() || failed.Unwrap() != context.Canceled {
		t.Errorf("error is %v, permanent %v", failed, failed.Permanent())
	}
	if !groupGone(note(t, cfg)) {
		t.Error("process is left")
	}
}

func TestPitfall09KilledHostLeavesNoPlugin(t *testing.T) {
	host := selfCommand("host")
	host.Env = append(host.Env, noteVar+"="+filepath.Join(t.TempDir(), "note"), "RUN_DIR="+shortDir(t))
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(line))
	if pid == 0 || pidGone(pid) {
		t.Fatalf("mini host says %q", line)
	}
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait()
	eventually(t, "end of the plugin", time.Second, func() bool { return pidGone(pid) })
}

// beHost is a host that starts a plugin, says its process id and waits.
func beHost() {
	self, _ := os.Executable()
	p, err := Start(context.Background(), Config{
		Name: "fake", Command: self, RunDir: os.Getenv("RUN_DIR"), Env: []string{modeVar + "=good"},
	})
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString(strconv.Itoa(p.proc.cmd.Process.Pid) + "\n")
	select {}
}

func TestPitfall10PluginOutlivesTheThreadThatAskedForIt(t *testing.T) {
	for range 5 {
		var p *Plugin
		var err error
		var thread int
		started := make(chan struct{})
		go func() {
			defer close(started)
			runtime.LockOSThread() // never unlocked: the thread ends with us
			thread = syscall.Gettid()
			p, err = Start(context.Background(), config(t, "good"))
		}()
		<-started
		if err != nil {
			t.Fatal(err)
		}
		if thread != os.Getpid() { // the main thread never ends
			eventually(t, "end of the thread", 10*time.Second, func() bool {
				_, err := os.Stat("/proc/self/task/" + strconv.Itoa(thread))
				return err != nil
			})
		}
		if got := mustCall(t, p, "echo", "alive"); got != "alive" {
			t.Errorf("got %q", got)
		}
		p.Close(context.Background())
	}
}

func TestPitfall11NoFilesAreLeft(t *testing.T) {
	ends := map[string]func(*Plugin){
		"close": func(p *Plugin) { p.Close(context.Background()) },
		"crash": func(p *Plugin) { _, _ = call(p, "crash", "") },
		"kill":  func(p *Plugin) { _ = syscall.Kill(p.proc.cmd.Process.Pid, syscall.SIGKILL) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, "good")
			p := start(t, cfg)
			end(p)
			within(t, "release", p.finished)
			emptyDir(t, cfg.RunDir)
		})
	}
	t.Run("failed start", func(t *testing.T) {
		cfg := config(t, "exit")
		failStart(t, t.Context(), cfg)
		emptyDir(t, cfg.RunDir)
	})
}

func emptyDir(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left in the run directory: %v, %v", entries, err)
	}
}

func TestPitfall12LongTemporaryDirectory(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.MkdirAll(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	t.Setenv("XDG_RUNTIME_DIR", long)
	cfg := config(t, "good")
	cfg.RunDir = ""
	p := start(t, cfg)
	mustCall(t, p, "echo", "x")
	base := p.dir.base
	p.Close(context.Background())
	if _, err := os.Lstat(base); err == nil {
		t.Errorf("%s is left", base)
	}

	cfg.RunDir = long
	if failed := failStart(t, t.Context(), cfg); !strings.Contains(failed.Error(), "set a shorter one") {
		t.Errorf("error does not help: %v", failed)
	}
}

func TestPitfall13CrashesLeakNothing(t *testing.T) {
	cfg := config(t, "good")
	cycle := func() {
		p := start(t, cfg)
		_, _ = call(p, "crash", "")
		within(t, "release", p.finished)
	}
	cycle()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 8 {
		cycle()
	}
	eventually(t, "end of goroutines and files", 5*time.Second, func() bool {
		return runtime.NumGoroutine() <= goroutines+2 && openFiles(t) <= files+1
	})
}

func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestPitfall14NoKeepaliveIsConfigured(t *testing.T) {
	p := start(t, config(t, "good"))
	params := reflect.ValueOf(p.conn).Elem().FieldByName("dopts").FieldByName("copts").FieldByName("KeepaliveParams")
	if !params.IsValid() {
		t.Skip("gRPC keeps its options elsewhere now")
	}
	if every := time.Duration(params.FieldByName("Time").Int()); every != 0 {
		t.Errorf("pings every %v; servers drop those who ping more than every 5 min", every)
	}
}

func TestPitfall15EveryRPCHasADeadlineAndAFrozenPluginIsReplaced(t *testing.T) {
	var mu sync.Mutex
	unbounded := []string{}
	seen := map[string]bool{}
	see := func(ctx context.Context, method string) {
		mu.Lock()
		defer mu.Unlock()
		_, bounded := ctx.Deadline()
		if !bounded && method == shutdownMethod {
			return // go-plugin's own, made over the closed connection; ours is bounded
		}
		seen[method] = true
		if !bounded {
			unbounded = append(unbounded, method)
		}
	}
	cfg := config(t, "good")
	cfg.Unary = []grpc.UnaryClientInterceptor{func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		see(ctx, method)
		return next(ctx, method, req, reply, cc, opts...)
	}}
	cfg.Stream = []grpc.StreamClientInterceptor{func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		if strings.HasPrefix(method, "/mcphost.") && !strings.HasSuffix(method, "/Watch") { // Watch lives as long as the plugin
			see(ctx, method)
		}
		return next(ctx, desc, cc, method, opts...)
	}}
	p := start(t, cfg)
	mustCall(t, p, "echo", "x")
	if _, err := p.ListTools(context.Background()); err != nil {
		t.Error(err)
	}
	p.EndConnection(context.Background(), "c")
	// Nobody reads what is sent to a process that is stopped, so nothing of it
	// fails: only the deadline of the check shows it.
	pid := stopProcess(t, p)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := callContext(ctx, p, "echo", ""); err == nil {
		t.Error("a stopped process answered")
	}
	mustBeDeclaredDead(t, p, pid)

	p = start(t, cfg) // what the registry does with the next call
	mustCall(t, p, "echo", "x")
	p.Close(context.Background())
	mu.Lock()
	defer mu.Unlock()
	if !seen["/grpc.health.v1.Health/Check"] || len(seen) != 7 {
		t.Errorf("interceptors saw %v", seen)
	}
	if len(unbounded) > 0 {
		t.Errorf("without a deadline: %v", unbounded)
	}
}

func TestPitfall16DroppedConnectionIsDialledAgain(t *testing.T) {
	p := start(t, config(t, "rapidreset"))
	ctx, cancel := context.WithCancel(t.Context())
	var calls []<-chan error
	for range 20 {
		calls = append(calls, hang(ctx, t, p))
	}
	cancel()
	for _, ended := range calls {
		<-ended
	}
	eventually(t, "call over a new connection", 10*time.Second, func() bool {
		got, err := call(p, "cancelled", "")
		n, _ := strconv.Atoi(got)
		return err == nil && n >= 20 // the one that dropped it came through
	})
	if err := p.Err(); err != nil {
		t.Errorf("plugin is over: %v", err)
	}
}

func TestPitfall17GoPluginLogsNowhere(t *testing.T) {
	var stray bytes.Buffer
	output := hclog.DefaultOutput
	hclog.DefaultOutput = &stray
	defer func() { hclog.DefaultOutput = output }()

	cfg, log := config(t, "nocontroller"), logger(t)
	cfg.Log = log.log
	p := start(t, cfg)
	p.Close(context.Background())
	if stray.Len() > 0 {
		t.Errorf("go-plugin logged by itself: %s", &stray)
	}
	if strings.Contains(log.String(), "[ERROR]") || strings.Contains(log.String(), "[WARN]") {
		t.Errorf("an ordinary stop is reported as trouble: %s", log)
	}
}

func TestPitfall18DeadSocketFailsTheStart(t *testing.T) {
	cfg := config(t, "deadsocket")
	failed := failStart(t, t.Context(), cfg)
	if failed.Phase != PhaseDescribe || failed.Permanent() {
		t.Errorf("failed at %q, permanent %v: %v", failed.Phase, failed.Permanent(), failed)
	}
	if !groupGone(note(t, cfg)) {
		t.Error("process is left")
	}
}

func TestPitfall20StartTimeoutIsKept(t *testing.T) {
	cfg := config(t, "mute")
	cfg.StartTimeout = 300 * time.Millisecond
	begun := time.Now()
	failed := failStart(t, t.Context(), cfg)
	if took := time.Since(begun); took < cfg.StartTimeout || took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if failed.Permanent() || !strings.Contains(failed.Error(), "raise its start timeout") {
		t.Errorf("error is %v, permanent %v", failed, failed.Permanent())
	}
	if complete, err := (Config{Name: "a", Command: "b"}).complete(); err != nil || complete.StartTimeout != 30*time.Second {
		t.Errorf("default is %v, %v", complete.StartTimeout, err)
	}
}
