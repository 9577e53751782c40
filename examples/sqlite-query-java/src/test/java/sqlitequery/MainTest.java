// SPDX-License-Identifier: Apache-2.0

package sqlitequery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.mcphost.plugin.ProtocolException;
import io.mcphost.plugin.TestPlugin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class MainTest {
  private static final String ENDLESS =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
  private static final String MANY =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2500) SELECT i FROM n";

  @TempDir Path folder;
  private TestPlugin plugin;

  @BeforeEach
  void makeDatabase() throws SQLException {
    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file());
        var statement = connection.createStatement()) {
      statement.executeUpdate(
          "CREATE TABLE people (name TEXT, born INTEGER, height REAL, photo BLOB)");
      statement.executeUpdate(
          "INSERT INTO people VALUES ('Ada', 1815, 1.65, x'00ff'), ('Grace', 1906, NULL, NULL)");
    }
    plugin = new TestPlugin(Main.plugin());
  }

  @AfterEach
  void close() {
    plugin.close();
  }

  private String file() {
    return folder.resolve("people.db").toString();
  }

  private void configure(Map<String, ?> more) {
    var settings = new HashMap<String, Object>(more);
    settings.put("database", file());
    plugin.configure(settings);
  }

  private JsonObject query(Object args) {
    var called = plugin.call("query", args);
    assertFalse(called.isError(), called.text());
    return called.structured().getAsJsonObject();
  }

  private String error(String tool, Map<String, ?> args) {
    var called = plugin.call(tool, args);
    assertTrue(called.isError(), called.text());
    return called.text();
  }

  @Test
  void rowsHaveTheTypesOfTheirCells() {
    configure(Map.of());
    var found = query(Map.of("sql", "SELECT * FROM people ORDER BY born"));
    assertEquals("[\"name\",\"born\",\"height\",\"photo\"]", found.get("columns").toString());
    assertEquals(
        "[[\"Ada\",1815,1.65,{\"base64\":\"AP8=\"}],[\"Grace\",1906,null,null]]",
        found.get("rows").toString());
    assertFalse(found.get("truncated").getAsBoolean());
  }

  @Test
  void valuesAreBoundAndNotPastedIn() {
    configure(Map.of());
    var args =
        Map.of("sql", "SELECT born FROM people WHERE name = ?", "parameters", List.of("Ada"));
    assertEquals("[[1815]]", query(args).get("rows").toString());
    String hostile = "x' OR '1'='1";
    args = Map.of("sql", "SELECT born FROM people WHERE name = ?", "parameters", List.of(hostile));
    assertEquals("[]", query(args).get("rows").toString());
    assertTrue(
        error("query", Map.of("sql", "SELECT ?")).contains("1 parameters, and 0 were given"));
  }

  @Test
  void rowsAreLimited() {
    configure(Map.of("max_rows", 2000));
    var few = query(Map.of("sql", MANY, "max_rows", 3));
    assertEquals("[[1],[2],[3]]", few.get("rows").toString());
    assertTrue(few.get("truncated").getAsBoolean());
    var many = plugin.call("query", Map.of("sql", MANY));
    assertEquals(2000, many.structured().getAsJsonObject().getAsJsonArray("rows").size());
    assertEquals(
        List.of(1000.0, 2000.0),
        many.heard().progress().stream().map(TestPlugin.Progress::done).toList());
    String large = "SELECT hex(zeroblob(" + Database.MAX_SIZE + ")) UNION ALL SELECT 1";
    assertTrue(query(Map.of("sql", large)).get("truncated").getAsBoolean());
  }

  @Test
  void aQueryChangesNothing() {
    configure(Map.of());
    Path copy = folder.resolve("copy.db");
    for (String sql :
        List.of(
            "DELETE FROM people RETURNING name",
            "VACUUM INTO '" + copy + "'",
            "ATTACH '" + copy + "' AS other")) {
      assertNotNull(error("query", Map.of("sql", sql)));
    }
    assertFalse(Files.exists(copy));
    assertEquals(
        "[[2]]", query(Map.of("sql", "SELECT count(*) FROM people")).get("rows").toString());
    assertThrows(
        ProtocolException.class, () -> plugin.call("execute", Map.of("sql", "DELETE FROM people")));
  }

  @Test
  void theOperatorMayAllowChanges() {
    configure(Map.of("writable", true));
    var called =
        plugin.call(
            "execute",
            Map.of("sql", "DELETE FROM people WHERE born > ?", "parameters", List.of(1900)));
    assertEquals("{\"changed\":1}", called.text());
    assertTrue(
        error("query", Map.of("sql", "DELETE FROM people RETURNING 1"))
            .contains("there is the tool execute"));
    Path copy = folder.resolve("copy.db");
    assertTrue(
        error("execute", Map.of("sql", "VACUUM INTO '" + copy + "'")).contains("other files"));
    assertFalse(Files.exists(copy));
  }

  @Test
  void aStatementThatTakesTooLongIsStopped() {
    configure(Map.of("timeout_seconds", 1));
    assertTrue(
        error("query", Map.of("sql", ENDLESS)).startsWith("the statement ran for more than 1 s"));
  }

  @Test
  void aCancelledQueryStops() throws Exception {
    configure(Map.of("timeout_seconds", 3600));
    var endless = CompletableFuture.runAsync(() -> plugin.call("query", Map.of("sql", ENDLESS)));
    query(Map.of("sql", "SELECT 1")); // by then the other is on its way
    plugin.close(); // throws if the query goes on
    assertThrows(ExecutionException.class, () -> endless.get(20, TimeUnit.SECONDS));
  }

  @Test
  void mistakesSayWhatToDo() {
    configure(Map.of());
    assertTrue(error("query", Map.of("sql", "SELECT * FROM persons")).contains("call schema"));
    assertTrue(
        error("query", Map.of("sql", "CREATE TABLE x (y)"))
            .contains("query cannot change the database"));
    assertTrue(error("query", Map.of("sql", "BEGIN")).contains("query takes SELECT"));
    assertTrue(error("schema", Map.of("table", "persons")).contains("there are people"));
  }

  @Test
  void theSchemaCanBeRead() {
    configure(Map.of());
    String people = "CREATE TABLE people (name TEXT, born INTEGER, height REAL, photo BLOB);";
    assertEquals(people, plugin.call("schema", Map.of()).text());
    assertEquals(people, plugin.call("schema", Map.of("table", "people")).text());
    assertEquals(List.of(people), plugin.read("sqlite://schema"));
    assertEquals(List.of(people), plugin.read("sqlite://tables/people"));
    assertThrows(ProtocolException.class, () -> plugin.read("sqlite://tables/persons"));
    assertEquals(List.of("people"), plugin.completeTemplate("sqlite://tables/{name}", "name", "p"));
  }

  @Test
  void settingsThatCannotWorkAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> plugin.configure(Map.of()));
    assertThrows(
        IllegalArgumentException.class, () -> plugin.configure(Map.of("database", "people.db")));
    assertThrows(
        IllegalArgumentException.class, () -> plugin.configure(Map.of("database", file() + "x")));
    assertTrue(
        error("query", Map.of("sql", "SELECT 1")).contains("have the operator set database"));
  }
}
