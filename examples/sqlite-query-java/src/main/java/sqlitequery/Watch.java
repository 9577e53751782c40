// SPDX-License-Identifier: Apache-2.0

package sqlitequery;

import io.mcphost.plugin.Call;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.logging.Level;
import org.sqlite.ProgressHandler;

/** Stops a statement when its time is over, or when nobody waits for it any more. */
final class Watch extends ProgressHandler {
  /** How many steps of SQLite's machine lie between two looks at the clock: about a millisecond. */
  private static final int STEPS = 50_000;

  private final Call call;
  private final long end;
  private volatile boolean over;

  Watch(Call call, Duration timeout) {
    this.call = call;
    this.end = System.nanoTime() + timeout.toNanos();
  }

  /** Whether the time was over. */
  boolean isOver() {
    return over;
  }

  /** SQLite's own look at the clock, while it works: no thread has to wait for that. */
  @Override
  protected int progress() {
    over = System.nanoTime() - end > 0;
    return over || call.isCancelled() ? 1 : 0;
  }

  /** Watches a statement until it is closed. */
  Guard guard(Connection connection, Statement statement) throws SQLException {
    ProgressHandler.setHandler(connection, STEPS, this);
    var guard = new Guard(connection, statement);
    call.onCancel(guard::cancel);
    return guard;
  }

  /** Cancels a statement as long as it is there; the driver must not be asked later. */
  final class Guard {
    private final Connection connection;
    private Statement statement;

    private Guard(Connection connection, Statement statement) {
      this.connection = connection;
      this.statement = statement;
    }

    private synchronized void cancel() {
      if (statement == null) {
        return;
      }
      try {
        statement.cancel();
      } catch (SQLException err) {
        call.logger().log(Level.WARNING, "a statement could not be cancelled", err);
      }
    }

    synchronized void close() throws SQLException {
      statement = null;
      ProgressHandler.clearHandler(connection);
    }
  }
}
