// SPDX-License-Identifier: Apache-2.0

package sqlitequery;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.mcphost.plugin.Call;
import io.mcphost.plugin.ToolException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;
import org.sqlite.SQLiteLimits;

/**
 * Turns SQL into rows of one SQLite database.
 *
 * <p>Each call has a connection of its own, so calls do not wait for each other and none can change
 * what another sees. It knows nothing of tools.
 */
final class Database {
  /** How much a query returns at most, in characters of JSON: more than any model reads. */
  static final int MAX_SIZE = 1 << 20;

  private static final int ROWS_PER_PROGRESS = 1000;

  private final Settings settings;

  Database(Settings settings) {
    this.settings = settings;
  }

  /** Runs a statement. */
  @FunctionalInterface
  private interface Work<T> {
    T run(PreparedStatement statement) throws SQLException;
  }

  /** The rows of a query, which cannot change anything. ToolException: what is wrong with it. */
  Rows query(String sql, List<JsonElement> parameters, int maxRows, Call call) {
    return run(
        true,
        sql,
        parameters,
        call,
        statement -> rows(statement, Math.min(maxRows, settings.maxRows()), call));
  }

  /** Runs a statement that may change the database, and returns how many rows it changed. */
  int execute(String sql, List<JsonElement> parameters, Call call) {
    return run(false, sql, parameters, call, PreparedStatement::executeUpdate);
  }

  /** The statements that made the tables and views, by name. */
  Map<String, String> schema() {
    String sql =
        "SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE"
            + " 'sqlite\\_%' ESCAPE '\\'";
    var found = new TreeMap<String, String>();
    try (Connection connection = open(true);
        PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet result = statement.executeQuery()) {
      while (result.next()) {
        found.put(result.getString(1), result.getString(2) + ";");
      }
      return found;
    } catch (SQLException err) {
      throw new ToolException(err.getMessage(), err);
    }
  }

  private <T> T run(
      boolean readOnly, String sql, List<JsonElement> parameters, Call call, Work<T> work) {
    var watch = new Watch(call, settings.timeout());
    try (Connection connection = open(readOnly);
        PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, parameters);
      Watch.Guard guard = watch.guard(connection, statement);
      try {
        return work.run(statement);
      } finally {
        guard.close();
      }
    } catch (SQLException err) {
      throw told(err, watch);
    }
  }

  private Connection open(boolean readOnly) throws SQLException {
    var config = new SQLiteConfig();
    config.setReadOnly(readOnly);
    config.setBusyTimeout(settings.timeoutSeconds() * 1000);
    config.enforceForeignKeys(true);
    Connection connection = config.createConnection("jdbc:sqlite:" + settings.database());
    // Neither ATTACH nor VACUUM INTO: no other file is this plugin's business.
    ((SQLiteConnection) connection).setLimit(SQLiteLimits.SQLITE_LIMIT_ATTACHED, 0);
    return connection;
  }

  private static void bind(PreparedStatement statement, List<JsonElement> parameters)
      throws SQLException {
    int wanted = statement.getParameterMetaData().getParameterCount();
    if (wanted != parameters.size()) {
      throw new ToolException(
          "the statement has "
              + wanted
              + " parameters, and "
              + parameters.size()
              + " were given: give one for each ?");
    }
    for (int i = 0; i < parameters.size(); i++) {
      statement.setObject(i + 1, parameter(parameters.get(i), i));
    }
  }

  private static Object parameter(JsonElement value, int index) {
    if (value.isJsonNull()) {
      return null;
    }
    if (!(value instanceof JsonPrimitive primitive)) {
      throw new ToolException(
          "parameters[" + index + "]: is none of string, number, boolean and null");
    }
    if (primitive.isNumber()) {
      BigDecimal number = primitive.getAsBigDecimal();
      return isLong(number) ? (Object) number.longValueExact() : (Object) number.doubleValue();
    }
    return primitive.isBoolean() ? (Object) primitive.getAsBoolean() : primitive.getAsString();
  }

  private static boolean isLong(BigDecimal number) {
    try {
      number.longValueExact();
      return true;
    } catch (ArithmeticException err) {
      return false;
    }
  }

  private static Rows rows(PreparedStatement statement, int maxRows, Call call)
      throws SQLException {
    if (!statement.execute()) {
      throw new ToolException("the statement returns no rows; query takes SELECT and its like");
    }
    try (ResultSet result = statement.getResultSet()) {
      List<String> columns = columns(result.getMetaData());
      var rows = new ArrayList<List<JsonElement>>();
      int size = 0;
      while (result.next()) {
        List<JsonElement> row = row(result, columns.size());
        size += row.toString().length();
        if (rows.size() == maxRows || size > MAX_SIZE) {
          return new Rows(columns, rows, true);
        }
        rows.add(row);
        if (rows.size() % ROWS_PER_PROGRESS == 0) {
          call.progress(rows.size(), 0, "read " + rows.size() + " rows");
        }
      }
      return new Rows(columns, rows, false);
    }
  }

  private static List<String> columns(ResultSetMetaData found) throws SQLException {
    var columns = new ArrayList<String>();
    for (int i = 1; i <= found.getColumnCount(); i++) {
      columns.add(found.getColumnLabel(i));
    }
    return columns;
  }

  private static List<JsonElement> row(ResultSet result, int columns) throws SQLException {
    var row = new ArrayList<JsonElement>(columns);
    for (int i = 1; i <= columns; i++) {
      row.add(cell(result.getObject(i)));
    }
    return row;
  }

  private static JsonElement cell(Object value) {
    if (value == null) {
      return JsonNull.INSTANCE;
    }
    if (value instanceof byte[] blob) {
      var object = new JsonObject();
      object.addProperty("base64", Base64.getEncoder().encodeToString(blob));
      return object;
    }
    // JSON has no number for the infinities, which SQLite has.
    boolean finite = value instanceof Number number && Double.isFinite(number.doubleValue());
    return finite ? new JsonPrimitive((Number) value) : new JsonPrimitive(value.toString());
  }

  private ToolException told(SQLException err, Watch watch) {
    if (watch.isOver()) {
      return new ToolException(
          "the statement ran for more than "
              + settings.timeoutSeconds()
              + " s and was stopped; narrow it down, or have the operator raise timeout_seconds",
          err);
    }
    SQLiteErrorCode code =
        err instanceof SQLiteException sqlite
            ? sqlite.getResultCode()
            : SQLiteErrorCode.UNKNOWN_ERROR;
    String message = String.valueOf(err.getMessage());
    if (code.name().startsWith("SQLITE_READONLY")) {
      message =
          "query cannot change the database; where the operator has set writable there is the tool"
              + " execute";
    } else if (message.contains("no such table") || message.contains("no such column")) {
      message += "; call schema to see what there is";
    } else if (message.contains("too many attached databases")) {
      message = "other files cannot be reached from here, neither by ATTACH nor by VACUUM INTO";
    }
    return new ToolException(message, err);
  }
}
