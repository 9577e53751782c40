// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.util.logging.Level;
import java.util.logging.Logger;
import mcphost.plugin.v1.Context.ProtocolError;

/** Tells what a client may read of an exception. What is a bug has its stack in the log alone. */
final class Mistakes {
  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  private Mistakes() {}

  /** Whether the message was written for whoever made the call. */
  static boolean isTold(Throwable err) {
    return err instanceof ToolException || err instanceof IllegalArgumentException;
  }

  /** The message, of which there is always one. */
  static String text(Throwable err) {
    String message = message(err);
    return message == null || message.isEmpty() ? Round.INTERNAL : Json.validText(message);
  }

  /** The message; null if there is none, or if the author's own method fails. */
  private static String message(Throwable err) {
    try {
      return err.getMessage();
    } catch (Throwable worse) {
      LOG.log(Level.SEVERE, err.getClass().getName() + " has a message that cannot be read", worse);
      return null;
    }
  }

  /** An error for the client's developer. */
  static ProtocolError protocol(Throwable err, String what) {
    if (err instanceof ProtocolException told) {
      return told.wire();
    }
    if (isTold(err)) {
      return ProtocolException.internal(text(err)).wire();
    }
    LOG.log(Level.SEVERE, what + " failed", err);
    return ProtocolException.internal(Round.INTERNAL).wire();
  }
}
