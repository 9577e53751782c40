// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Serves a plugin to the host that has started this process, or to a debugger's: from the socket to
 * the end.
 */
final class Life implements GoPlugin.Listener {
  static final int PROTOCOL_VERSION = 1;
  static final String DEBUG_VARIABLE = "MCPHOST_DEBUG";

  /** What calls in flight have to end, where the host does not say. */
  static final Duration CALL_GRACE = Duration.ofSeconds(2);

  /** What the shutdown hooks have. */
  static final Duration HOOK_GRACE = Duration.ofMillis(500);

  /** What the host has to read that we stop. */
  static final Duration ANSWER_GRACE = Duration.ofMillis(250);

  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  /** A host that waits for us to stop. */
  private record Request(Duration patience, Runnable answer) {}

  private final Plugin plugin;
  private final Calls calls;
  private final boolean debugging;
  private final GoPlugin goPlugin = new GoPlugin(this);
  private final CountDownLatch stop = new CountDownLatch(1);
  private final AtomicReference<Request> asked = new AtomicReference<>();

  Life(Plugin plugin) {
    this.plugin = plugin;
    this.calls = new Calls(plugin.concurrentCalls());
    this.debugging = !Stdio.hosted() && "1".equals(System.getenv(DEBUG_VARIABLE));
  }

  /** Serves until the host asks to stop, or is gone. Returns the exit code. */
  int run() {
    if (!Stdio.hosted() && !debugging) {
      System.err.println(
          plugin.name()
              + " is a plugin for mcphost, an MCP server: put it into mcphost's plugin directory"
              + " and start mcphost. With "
              + DEBUG_VARIABLE
              + "=1 in its environment it waits for a debugger's host.");
      return 1;
    }
    OperatorLog.install();
    try {
      serve();
      return 0;
    } catch (InterruptedException | IOException | RuntimeException err) {
      LOG.log(Level.SEVERE, "the plugin cannot be served", err);
      return 1;
    }
  }

  private void serve() throws InterruptedException, IOException {
    // A terminal's Ctrl-C is meant for the host, unless there is none.
    Signals.handle("INT", debugging ? stop::countDown : () -> {});
    Signals.handle("TERM", stop::countDown);
    plugin.begin();
    SocketServer server = SocketServer.start(below(), services());
    HostInput input = debugging ? null : HostInput.watch(stop::countDown);
    try {
      announce(server.path());
      stop.await();
      end();
    } finally {
      if (input != null) {
        input.end();
      }
      server.stop();
    }
  }

  /** Tells the host where to connect, when everything is served. */
  private void announce(Path path) {
    if (!debugging) {
      Stdio.handshake("1|" + PROTOCOL_VERSION + "|unix|" + path + "|grpc|");
      return;
    }
    System.err.println("Start mcphost with this in its environment:");
    System.err.println("MCPHOST_REATTACH='" + reattach(path).replace("'", "\\u0027") + "'");
  }

  private List<ServerServiceDefinition> services() {
    var all = new ArrayList<>(Serving.definitions(plugin, calls));
    all.addAll(goPlugin.definitions());
    return all;
  }

  /** Where the socket goes. Java's own idea of a temporary folder does not heed TMPDIR. */
  private Path below() {
    String[] variables =
        debugging ? new String[] {"TMPDIR"} : new String[] {"PLUGIN_UNIX_SOCKET_DIR", "TMPDIR"};
    for (String variable : variables) {
      String value = System.getenv(variable);
      if (value != null && !value.isEmpty()) {
        return Path.of(value);
      }
    }
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  private String reattach(Path path) {
    var address = new JsonObject();
    address.addProperty("Network", "unix");
    address.addProperty("String", path.toString());
    var running = new JsonObject();
    running.addProperty("Protocol", "grpc");
    running.addProperty("ProtocolVersion", PROTOCOL_VERSION);
    running.addProperty("Pid", ProcessHandle.current().pid());
    running.addProperty("Test", true);
    running.add("Addr", address);
    var said = new JsonObject();
    said.add(plugin.name(), running);
    return said.toString();
  }

  @Override
  public void shutdown(Duration patience, Runnable answer) {
    if (debugging) {
      answer.run();
      return;
    }
    if (!asked.compareAndSet(null, new Request(patience == null ? CALL_GRACE : patience, answer))) {
      answer.run(); // it has asked already
    }
    stop.countDown();
  }

  @Override
  public void hostGone() {
    if (!debugging) {
      stop.countDown();
    }
  }

  private void end() throws InterruptedException {
    Request request = asked.get();
    calls.drain(request == null ? CALL_GRACE : request.patience());
    if (request != null) {
      request.answer().run();
    }
    calls.end();
    plugin.changes().end();
    runHooks();
    goPlugin.end();
    if (request != null) {
      goPlugin.awaitAnswered(ANSWER_GRACE);
    }
  }

  private void runHooks() throws InterruptedException {
    var hooks = new FutureTask<Void>(() -> plugin.shutdowns().forEach(this::runHook), null);
    var thread = new Thread(hooks, "shutdown");
    thread.setDaemon(true); // one that hangs must not hold the process
    thread.start();
    try {
      hooks.get(HOOK_GRACE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException err) {
      LOG.log(Level.SEVERE, "the shutdown hooks did not end", err);
    }
  }

  private void runHook(Runnable hook) {
    try {
      hook.run();
    } catch (RuntimeException err) {
      LOG.log(Level.SEVERE, "a shutdown hook failed", err);
    }
  }
}
