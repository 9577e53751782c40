// SPDX-License-Identifier: Apache-2.0

package sqlitequery;

import io.mcphost.plugin.Default;
import io.mcphost.plugin.Description;
import io.mcphost.plugin.Limit;
import io.mcphost.plugin.Name;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** What the operator sets. */
record Settings(
    @Description("the database's file, an absolute path") String database,
    @Description("whether the tool execute is there, which may change the database")
        @Default("false")
        boolean writable,
    @Name("max_rows")
        @Description("the most rows that a query returns")
        @Limit(min = 1, max = 100_000)
        @Default("1000")
        int maxRows,
    @Name("timeout_seconds")
        @Description("how long a statement may run")
        @Limit(min = 1, max = 3600)
        @Default("30")
        int timeoutSeconds) {

  Settings {
    if (!Path.of(database).isAbsolute()) {
      throw new IllegalArgumentException(
          "database: " + database + " is not an absolute path; name the file in full");
    }
    if (!Files.isReadable(Path.of(database))) {
      throw new IllegalArgumentException("database: " + database + " cannot be read; is it there?");
    }
  }

  Duration timeout() {
    return Duration.ofSeconds(timeoutSeconds);
  }
}
