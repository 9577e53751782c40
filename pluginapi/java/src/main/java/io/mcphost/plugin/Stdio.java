// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Keeps standard output for the handshake line, where a host has started us.
 *
 * <p>What is printed from then on goes to standard error. It knows nothing of plugins.
 */
final class Stdio {
  /** The cookie tells a host from a person; it is no secret. */
  static final String COOKIE_NAME = "MCPHOST_PLUGIN";

  static final String COOKIE = "mcphost-plugin-v1";

  private Stdio() {}

  /** Whether a host has started us. */
  static boolean hosted() {
    return COOKIE.equals(System.getenv(COOKIE_NAME));
  }

  /** Has all that prints print to standard error, in UTF-8, if a host has started us. */
  static void guard() {
    if (hosted() && !(System.out instanceof Guarded)) {
      System.setErr(new Guarded());
      System.setOut(new Guarded());
    }
  }

  /** Writes the line that the host waits for. */
  static void handshake(String line) {
    var out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    out.print(line + "\n");
    out.flush();
  }

  private static final class Guarded extends PrintStream {
    Guarded() {
      super(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    }
  }
}
