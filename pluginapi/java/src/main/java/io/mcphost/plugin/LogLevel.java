// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import mcphost.plugin.v1.Context;

/** The severity of a message for the client (RFC 5424), the least first. */
public enum LogLevel {
  /** Details for those who look for a mistake. */
  DEBUG,
  /** What is done. */
  INFO,
  /** What is worth a look. */
  NOTICE,
  /** What may go wrong. */
  WARNING,
  /** What went wrong. */
  ERROR,
  /** A part fails. */
  CRITICAL,
  /** Somebody has to act. */
  ALERT,
  /** Nothing works. */
  EMERGENCY;

  /** The protocol has the same order, with "none" before. */
  Context.LogLevel wire() {
    return Context.LogLevel.forNumber(ordinal() + 1);
  }

  /** The level, or null for none and for those that are not known. */
  static LogLevel read(Context.LogLevel wire) {
    int number = wire == Context.LogLevel.UNRECOGNIZED ? 0 : wire.getNumber();
    return number == 0 ? null : values()[number - 1];
  }
}
