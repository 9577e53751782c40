// SPDX-License-Identifier: Apache-2.0

package sqlitequery;

import com.google.gson.JsonElement;
import io.mcphost.plugin.Call;
import io.mcphost.plugin.Completion;
import io.mcphost.plugin.Default;
import io.mcphost.plugin.Description;
import io.mcphost.plugin.Limit;
import io.mcphost.plugin.Name;
import io.mcphost.plugin.Plugin;
import io.mcphost.plugin.ProtocolException;
import io.mcphost.plugin.ReadRequest;
import io.mcphost.plugin.ReadResult;
import io.mcphost.plugin.Resource;
import io.mcphost.plugin.Tool;
import io.mcphost.plugin.ToolException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Offers one SQLite database to models: its schema, and queries. */
public final class Main {
  private static final String TABLE = "sqlite://tables/{name}";
  private static final String PARAMETERS =
      "for each ? of the statement a string, number, boolean or null";

  record Query(
      @Description("one SELECT statement; use ? for values") String sql,
      @Description(PARAMETERS) @Default("[]") List<JsonElement> parameters,
      @Name("max_rows")
          @Description("the most rows to return, below the operator's limit")
          @Limit(min = 1)
          Optional<Integer> maxRows) {}

  record Statement(
      @Description("one statement; use ? for values") String sql,
      @Description(PARAMETERS) @Default("[]") List<JsonElement> parameters) {}

  record Changed(@Description("how many rows") int changed) {}

  record Of(@Description("a table or view; all if it is not given") Optional<String> table) {}

  private final Plugin plugin = new Plugin("sqlite-query-java", "1.0.0");
  private volatile Database database;

  private Main() {}

  public static void main(String[] args) {
    unpackBelowTemporaryFolder();
    plugin().run();
  }

  /** The driver unpacks its native library, which should go where the host cleans up. */
  private static void unpackBelowTemporaryFolder() {
    String folder = System.getenv("TMPDIR");
    if (folder != null && !folder.isEmpty()) {
      System.setProperty("org.sqlite.tmpdir", folder);
    }
  }

  static Plugin plugin() {
    return new Main().declare();
  }

  private Plugin declare() {
    return plugin
        .title("SQLite")
        .description("Queries one SQLite database, read-only unless it is told otherwise.")
        .onConfigure(Settings.class, this::configure)
        .add(
            Tool.structured("query", Query.class, Rows.class, this::query)
                .title("Query")
                .description(
                    "Run a SELECT statement and return its rows. Call schema first to see the"
                        + " tables.")
                .readOnly()
                .openWorld(false))
        .add(
            Tool.text("schema", Of.class, this::schema)
                .title("Schema")
                .description("Return the CREATE statements of the tables and views.")
                .readOnly()
                .openWorld(false))
        .add(
            Resource.of("sqlite://schema", "schema", (in, call) -> ReadResult.text(statements()))
                .description("The CREATE statements of all tables and views.")
                .mimeType("application/sql"))
        .add(
            Resource.template(TABLE, "table", this::read)
                .description("The CREATE statement of a table or view.")
                .mimeType("application/sql"))
        .completeTemplate(TABLE, "name", (typed, given) -> complete(typed));
  }

  private void configure(Settings settings) {
    database = new Database(settings);
    if (settings.writable()) {
      plugin.add(
          Tool.structured("execute", Statement.class, Changed.class, this::execute)
              .title("Execute")
              .description(
                  "Run a statement that changes the database, such as INSERT, UPDATE or CREATE"
                      + " TABLE.")
              .openWorld(false));
    }
  }

  private Database database() {
    if (database == null) {
      throw new ToolException("no database is configured; have the operator set database");
    }
    return database;
  }

  private Rows query(Query in, Call call) {
    return database()
        .query(in.sql(), in.parameters(), in.maxRows().orElse(Integer.MAX_VALUE), call);
  }

  private Changed execute(Statement in, Call call) {
    return new Changed(database().execute(in.sql(), in.parameters(), call));
  }

  private String schema(Of in, Call call) {
    if (in.table().isEmpty()) {
      return statements();
    }
    Map<String, String> all = database().schema();
    String statement = all.get(in.table().get());
    if (statement == null) {
      throw new ToolException(
          "there is no table "
              + in.table().get()
              + "; there are "
              + String.join(", ", all.keySet()));
    }
    return statement;
  }

  private String statements() {
    return String.join("\n", database().schema().values());
  }

  private Completion complete(String typed) {
    return Completion.of(
        database().schema().keySet().stream().filter(name -> name.startsWith(typed)).toList());
  }

  private ReadResult read(ReadRequest in, Call call) {
    String statement = database().schema().get(in.variable("name"));
    if (statement == null) {
      throw ProtocolException.notFound("there is no table " + in.variable("name"));
    }
    return ReadResult.text(statement);
  }
}
