// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of calls that do not end well. */
@Timeout(60)
class FailureTest {
  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  private final List<LogRecord> logged = new CopyOnWriteArrayList<>();
  private volatile boolean broken;

  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          logged.add(record);
          if (broken) {
            throw new IllegalStateException("the log is full");
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    LOG.addHandler(handler);
    LOG.setUseParentHandlers(false);
  }

  @AfterEach
  void listenNoMore() {
    LOG.removeHandler(handler);
    LOG.setUseParentHandlers(true);
  }

  static final class Unspeakable extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }
  }

  @Test
  void anExceptionWhoseMessageFailsIsAnInternalError() {
    Plugin plugin =
        new Plugin("p", "1")
            .add(
                Tool.text(
                    "fail",
                    NoArguments.class,
                    (in, call) -> {
                      throw new Unspeakable();
                    }))
            .add(
                Resource.of(
                    "a://b",
                    "b",
                    (in, call) -> {
                      throw new Unspeakable();
                    }));
    try (var test = new TestPlugin(plugin)) {
      var called = test.call("fail", Map.of());
      assertTrue(called.isError());
      assertEquals("internal error", called.text());
      var err = assertThrows(ProtocolException.class, () -> test.read("a://b"));
      assertEquals("internal error", err.getMessage());
    }
    assertTrue(logged.get(0).getMessage().contains("Unspeakable"));
  }

  @Test
  void aCallIsAnsweredThoughItsFailureCannotBeLogged() {
    broken = true;
    Tool fail =
        Tool.text(
            "fail",
            NoArguments.class,
            (in, call) -> {
              throw new IllegalStateException("secret");
            });
    try (var test = new TestPlugin(new Plugin("p", "1").add(fail))) {
      var err = assertThrows(ProtocolException.class, () -> test.call("fail", Map.of()));
      assertEquals("internal error", err.getMessage());
    }
  }

  @Test
  void aCancelledCallThatHeedsItsInterruptIsNoError() throws Exception {
    var working = new CountDownLatch(1);
    Tool hang =
        Tool.text(
            "hang",
            NoArguments.class,
            (in, call) -> {
              working.countDown();
              Thread.sleep(3_600_000);
              return "";
            });
    var test = new TestPlugin(new Plugin("p", "1").add(hang));
    var call =
        CompletableFuture.runAsync(
            () -> assertThrows(RuntimeException.class, () -> test.call("hang", Map.of())));
    assertTrue(working.await(10, TimeUnit.SECONDS));
    test.close(); // cancels the call, and waits for it
    call.get(10, TimeUnit.SECONDS);
    assertTrue(
        logged.stream().allMatch(one -> one.getLevel().intValue() <= Level.FINE.intValue()),
        () -> logged.get(0).getMessage());
  }
}
