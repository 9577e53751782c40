// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Writes java.util.logging to standard error, in the form that the host reads: go-hclog's. */
final class OperatorLog extends Handler {
  private OperatorLog() {}

  /** Has the root logger write to the operator, unless the author has configured logging. */
  static void install() {
    boolean configured =
        System.getProperty("java.util.logging.config.file") != null
            || System.getProperty("java.util.logging.config.class") != null;
    if (configured) {
      return;
    }
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      if (handler instanceof ConsoleHandler) {
        root.removeHandler(handler); // the JDK's own, in a form that the host cannot read
      }
    }
    root.addHandler(new OperatorLog());
  }

  /** A logger that names the call in every line. */
  static Logger of(String requestId) {
    return new CallLogger(requestId);
  }

  @Override
  public void publish(LogRecord record) {
    if (isLoggable(record)) {
      System.err.println(line(record));
    }
  }

  static String line(LogRecord record) {
    var said = new JsonObject();
    said.addProperty("@level", level(record.getLevel()));
    said.addProperty("@message", message(record));
    said.addProperty("@module", record.getLoggerName() == null ? "plugin" : record.getLoggerName());
    said.addProperty("@timestamp", record.getInstant().toString());
    if (record instanceof CallRecord call) {
      said.addProperty("request_id", call.requestId);
    }
    return said.toString();
  }

  private static String message(LogRecord record) {
    Object[] given = record.getParameters();
    String text = String.valueOf(record.getMessage());
    for (int i = 0; given != null && i < given.length; i++) {
      text = text.replace("{" + i + "}", String.valueOf(given[i]));
    }
    text = Stacks.cut(text, Stacks.MAX_TEXT);
    return record.getThrown() == null ? text : text + "\n" + Stacks.of(record.getThrown());
  }

  private static String level(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "error";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "warn";
    }
    if (level.intValue() >= Level.INFO.intValue()) {
      return "info";
    }
    return level.intValue() >= Level.FINE.intValue() ? "debug" : "trace";
  }

  @Override
  public void flush() {
    System.err.flush();
  }

  @Override
  public void close() {
    // Standard error is not ours to close.
  }

  /** What a call has logged. */
  private static final class CallRecord extends LogRecord {
    private static final long serialVersionUID = 1;

    final String requestId;

    CallRecord(LogRecord record, String requestId) {
      super(record.getLevel(), record.getMessage());
      this.requestId = requestId;
      setParameters(record.getParameters());
      setThrown(record.getThrown());
      setLoggerName("plugin");
    }
  }

  private static final class CallLogger extends Logger {
    private final String requestId;

    CallLogger(String requestId) {
      super("plugin", null);
      this.requestId = requestId;
      setParent(Logger.getLogger("plugin"));
    }

    @Override
    public void log(LogRecord record) {
      super.log(new CallRecord(record, requestId));
    }
  }
}
