// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LogTest {
  /** What the host keeps of a line, in bytes. */
  private static final int HOST_KEEPS = 16 << 10;

  static final class Unspeakable extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }
  }

  private static int endless(int n) {
    return endless(n + 1) + n;
  }

  private static JsonObject line(LogRecord record) {
    String line = OperatorLog.line(record);
    int bytes = line.getBytes(StandardCharsets.UTF_8).length;
    assertTrue(bytes < HOST_KEEPS, () -> bytes + " bytes");
    return Json.object(Json.parse(line), "the line");
  }

  private static String logged(String message, Throwable thrown) {
    var record = new LogRecord(Level.SEVERE, message);
    record.setThrown(thrown);
    JsonObject line = line(record);
    assertEquals("error", line.get("@level").getAsString());
    return line.get("@message").getAsString();
  }

  @Test
  void theOperatorsLogIsInTheFormOfTheHost() {
    var record = new LogRecord(Level.WARNING, "mind {0}");
    record.setParameters(new Object[] {"the gap"});
    JsonObject line = line(record);
    assertEquals("warn", line.get("@level").getAsString());
    assertEquals("mind the gap", line.get("@message").getAsString());
  }

  private static <T extends Throwable> T at(T err, String... methods) {
    var frames = Stream.of(methods).map(one -> new StackTraceElement("A", one, "A.java", 1));
    err.setStackTrace(frames.toArray(StackTraceElement[]::new));
    return err;
  }

  @Test
  void aStackIsLoggedWhole() {
    var cause = at(new Exception("because"), "inner", "outer");
    String want =
        """
        it failed
        java.lang.IllegalStateException: why
        \tat A.outer(A.java:1)
        Caused by: java.lang.Exception: because
        \tat A.inner(A.java:1)
        \t... 1 more
        """;
    assertEquals(want, logged("it failed", at(new IllegalStateException("why", cause), "outer")));
  }

  @Test
  void aLongStackKeepsItsEndsAndFitsIntoALine() {
    var err = assertThrows(StackOverflowError.class, () -> endless(0));
    String said = logged("it failed", err);
    assertTrue(said.startsWith("it failed\njava.lang.StackOverflowError\n\tat "), said);
    assertTrue(said.matches("(?s).*\n\t\\.\\.\\. \\d+ frames left out\n\tat .*"), said);
    StackTraceElement[] frames = err.getStackTrace();
    assertTrue(said.endsWith("\tat " + frames[frames.length - 1] + "\n"), said);
  }

  @Test
  void whatIsSaidAtLengthFitsIntoALine() {
    for (String letter : new String[] {"x", "\n", "\"", "\u20ac", "\ud83d\ude00", "\u0000"}) {
      String much = letter.repeat(1 << 20);
      String said = logged(much, new IllegalStateException(much));
      assertTrue(said.contains("characters left out)\njava.lang.Illegal"), letter);
    }
  }

  @Test
  void anExceptionWithoutAReadableMessageIsLoggedWithItsStack() {
    String said = logged("it failed", new Unspeakable());
    assertTrue(said.contains("Unspeakable, whose message cannot be read (java.lang.Illegal"), said);
    assertTrue(said.contains("\tat io.mcphost.plugin.LogTest."), said);
  }
}
