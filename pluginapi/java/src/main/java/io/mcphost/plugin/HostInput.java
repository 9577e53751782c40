// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Watches standard input, the pipe that the host holds and never writes to: its end is the host's.
 *
 * <p>A channel can be closed under a thread that reads it, and a stream cannot. A thread that is
 * still in a read would hold up the end of the JVM by 300 ms.
 */
final class HostInput {
  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");
  private static final int S_IFMT = 0170000;
  private static final int S_IFIFO = 0010000;

  private final FileChannel in;
  private final Thread reader;

  private HostInput(FileChannel in, Runnable gone) {
    this.in = in;
    reader = new Thread(() -> read(gone), "stdin");
    reader.setDaemon(true);
  }

  /** Begins. The author's code finds an empty input. */
  static HostInput watch(Runnable gone) {
    var input = new HostInput(new FileInputStream(FileDescriptor.in).getChannel(), gone);
    System.setIn(InputStream.nullInputStream());
    if (isPipe()) {
      input.reader.start();
    }
    return input;
  }

  /** A terminal, a file or the null device says nothing of the host. */
  private static boolean isPipe() {
    try {
      return ((Integer) Files.getAttribute(Path.of("/dev/fd/0"), "unix:mode") & S_IFMT) == S_IFIFO;
    } catch (IOException | UnsupportedOperationException err) {
      LOG.log(Level.FINE, "standard input cannot be told", err);
      return false;
    }
  }

  private void read(Runnable gone) {
    var ignored = ByteBuffer.allocate(4096);
    try {
      while (in.read(ignored) >= 0) {
        ignored.clear();
      }
    } catch (ClosedChannelException err) {
      return; // by end
    } catch (IOException err) {
      LOG.log(Level.FINE, "standard input cannot be read", err); // the host is gone, too
    }
    gone.run();
  }

  /** Ends the watch, and waits for it. */
  void end() throws IOException, InterruptedException {
    in.close();
    reader.join();
  }
}
