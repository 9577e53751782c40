// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * Turns exceptions into text of a bounded size: the host keeps 16 KiB of a line, and a line of JSON
 * without its end says nothing. It knows nothing of logs.
 */
final class Stacks {
  /** The most of a text, in bytes of JSON. */
  static final int MAX_TEXT = 6 << 10;

  /** The most of a stack, in bytes of JSON. */
  static final int MAX_STACK = 8 << 10;

  private static final int MAX_LINE = 1 << 10; // of one line of a stack: a message can be endless

  private Stacks() {}

  /** The stack with its causes; of a long one the first and the last lines. */
  static String of(Throwable err) {
    List<String> lines = print(err).lines().map(line -> cut(line, MAX_LINE)).toList();
    var first = new ArrayList<String>();
    var last = new ArrayDeque<String>();
    int left = fill(first, lines, MAX_STACK * 3 / 4);
    int omitted = fillBack(last, lines.subList(first.size(), lines.size()), left + MAX_STACK / 4);
    if (omitted > 0) {
      first.add("\t... " + omitted + " frames left out");
    }
    first.addAll(last);
    return String.join("\n", first) + "\n";
  }

  /** Takes lines from the front. Returns what is left of the room. */
  private static int fill(List<String> into, List<String> lines, int room) {
    int left = room;
    for (String line : lines) {
      if (size(line) > left) {
        break;
      }
      left -= size(line);
      into.add(line);
    }
    return left;
  }

  /** Takes lines from the back. Returns how many do not fit. */
  private static int fillBack(Deque<String> into, List<String> lines, int room) {
    int left = room;
    for (int i = lines.size() - 1; i >= 0; i--) {
      left -= size(lines.get(i));
      if (left < 0) {
        return i + 1;
      }
      into.addFirst(lines.get(i));
    }
    return 0;
  }

  private static String print(Throwable err) {
    var stack = new StringWriter();
    try {
      err.printStackTrace(new PrintWriter(stack, true));
      return stack.toString();
    } catch (Throwable worse) { // getMessage is the author's
      var frames = Arrays.stream(err.getStackTrace()).map(frame -> "\tat " + frame).toList();
      return err.getClass().getName()
          + ", whose message cannot be read ("
          + worse.getClass().getName()
          + ")\n"
          + String.join("\n", frames);
    }
  }

  /** The text; of a long one the beginning, and how much is left out. */
  static String cut(String text, int room) {
    int kept = 0;
    for (int used = 0; kept < text.length(); kept++) {
      used += size(text.charAt(kept));
      if (used > room) {
        String rest = "... (" + (text.length() - kept) + " characters left out)";
        return text.substring(0, kept) + rest;
      }
    }
    return text;
  }

  /** What a line needs in a text that is written as JSON. */
  private static int size(String line) {
    return line.chars().map(c -> size((char) c)).sum() + 2; // and a newline
  }

  /** The most that a character needs, in UTF-8 or as an escape. */
  private static int size(char c) {
    if (c < ' ' || c == '\u2028' || c == '\u2029') {
      return 6;
    }
    if (c == '"' || c == '\\') {
      return 2;
    }
    return c < 0x80 ? 1 : 3; // a half of a pair is 2
  }
}
