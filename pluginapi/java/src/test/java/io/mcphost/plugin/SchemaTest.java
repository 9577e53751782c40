// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SchemaTest {
  enum Colour {
    RED,
    @Name("sky blue")
    BLUE
  }

  record Point(int x, double y) {}

  record Everything(
      @Description("what it is called") @Limit(minLength = 1, maxLength = 3, pattern = "^[a-z]+$")
          String name,
      @Name("how_many") @Limit(min = 1, max = 10) long howMany,
      @Default("true") boolean sure,
      Optional<Colour> colour,
      List<Point> points,
      Map<String, BigDecimal> sums,
      JsonElement any) {}

  record Itself(Optional<Itself> next) {}

  record Impossible(Thread thread) {}

  record BadPattern(@Limit(pattern = "(") String text) {}

  record BadDefault(@Default("x") int n) {}

  record Even(int n) {
    Even {
      if (n % 2 != 0) {
        throw new IllegalArgumentException("n must be even");
      }
    }
  }

  @Test
  void recordsBecomeSchemas() {
    String everything =
        """
        {
          "type": "object",
          "properties": {
            "name": {
              "type": "string",
              "description": "what it is called",
              "minLength": 1,
              "maxLength": 3,
              "pattern": "^[a-z]+$"
            },
            "how_many": {"type": "integer", "minimum": 1, "maximum": 10},
            "sure": {"type": "boolean", "default": true},
            "colour": {"type": "string", "enum": ["RED", "sky blue"]},
            "points": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {
                  "x": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647},
                  "y": {"type": "number"}
                },
                "additionalProperties": false,
                "required": ["x", "y"]
              }
            },
            "sums": {"type": "object", "additionalProperties": {"type": "number"}},
            "any": {}
          },
          "additionalProperties": false,
          "required": ["name", "how_many", "points", "sums", "any"]
        }
        """;
    assertEquals(shortest(everything), Schema.of(Everything.class).toString());
    String none = "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}";
    assertEquals(none, Schema.of(NoArguments.class).toString());
  }

  private static String shortest(String json) {
    return Json.parse(json).toString();
  }

  @Test
  void whatHasNoSchemaIsRefused() {
    for (Class<?> type :
        List.of(Itself.class, Impossible.class, BadDefault.class, BadPattern.class)) {
      assertThrows(DeclarationException.class, () -> Schema.of(type), type.getName());
    }
  }

  private static <T> T read(Class<T> type, String json) {
    return Values.read(type, Json.parse(json), "");
  }

  @Test
  void jsonBecomesRecords() {
    String given =
        """
        {
          "name": "ab",
          "how_many": 3.0,
          "colour": "sky blue",
          "points": [{"x": 1e2, "y": 2}],
          "sums": {"a": 0.10},
          "any": [null]
        }
        """;
    var want =
        new Everything(
            "ab",
            3,
            true,
            Optional.of(Colour.BLUE),
            List.of(new Point(100, 2)),
            Map.of("a", new BigDecimal("0.10")),
            Json.parse("[null]"));
    var got = read(Everything.class, given);
    assertEquals(want, got);
    String back =
        """
        {
          "name": "ab",
          "how_many": 3,
          "sure": true,
          "colour": "sky blue",
          "points": [{"x": 100, "y": 2.0}],
          "sums": {"a": 0.10},
          "any": [null]
        }
        """;
    assertEquals(shortest(back), Values.json(got).toString());
  }

  private static void refuses(Class<?> type, String json, String says) {
    var err = assertThrows(IllegalArgumentException.class, () -> read(type, json), json);
    assertEquals(says, err.getMessage());
  }

  @Test
  void whatDoesNotFitIsNamedWithItsPath() {
    refuses(Point.class, "3", "the value: is not an object");
    refuses(Point.class, "{\"y\":1}", "x: is missing");
    refuses(Point.class, "{\"x\":null,\"y\":1}", "x: is not of type integer");
    refuses(Point.class, "{\"x\":1.5,\"y\":1}", "x: is not of type integer");
    refuses(Point.class, "{\"x\":1,\"y\":\"1\"}", "y: is not of type number");
    refuses(Point.class, "{\"x\":1,\"y\":1,\"z\":1}", "z: is not known; there are x, y");
    refuses(Even.class, "{\"n\":3}", "n must be even");
    String rest = "\"sums\":{},\"any\":1}";
    refuses(
        Everything.class,
        "{\"name\":\"\",\"how_many\":1,\"points\":[]," + rest,
        "name: is shorter than 1");
    refuses(
        Everything.class,
        "{\"name\":\"abcd\",\"how_many\":1,\"points\":[]," + rest,
        "name: is longer than 3");
    refuses(
        Everything.class,
        "{\"name\":\"A\",\"how_many\":1,\"points\":[]," + rest,
        "name: does not match ^[a-z]+$");
    refuses(
        Everything.class,
        "{\"name\":\"a\",\"how_many\":0,\"points\":[]," + rest,
        "how_many: 0 is less than 1");
    refuses(
        Everything.class,
        "{\"name\":\"a\",\"how_many\":11,\"points\":[]," + rest,
        "how_many: 11 is more than 10");
    refuses(
        Everything.class,
        "{\"name\":\"a\",\"how_many\":1,\"colour\":\"GREEN\",\"points\":[]," + rest,
        "colour: is none of RED, sky blue");
    refuses(
        Everything.class,
        "{\"name\":\"a\",\"how_many\":1,\"points\":[{\"x\":1,\"y\":2},{\"x\":1}]," + rest,
        "points[1].y: is missing");
  }

  record Wish(
      Optional<String> text,
      Optional<Colour> colour,
      @Limit(maxLength = 3) Optional<List<Point>> points) {}

  @Test
  void nullStandsForAnOptionalThatIsMissing() {
    JsonObject given = Schema.ofGiven(Wish.class).getAsJsonObject("properties");
    assertEquals("{\"type\":[\"string\",\"null\"]}", given.get("text").toString());
    assertEquals(
        "{\"type\":[\"string\",\"null\"],\"enum\":[\"RED\",\"sky blue\",null]}",
        given.get("colour").toString());
    JsonObject points = given.getAsJsonObject("points");
    assertEquals("[\"array\",\"null\"]", points.get("type").toString());
    assertEquals(3, points.get("maxItems").getAsInt());
    var none = new Wish(Optional.empty(), Optional.empty(), Optional.empty());
    assertEquals(none, read(Wish.class, "{\"text\":null,\"colour\":null,\"points\":null}"));
    // What a plugin returns leaves it out.
    assertEquals("{}", Values.json(none).toString());
    JsonObject returned = Schema.of(Wish.class).getAsJsonObject("properties");
    assertEquals("{\"type\":\"string\"}", returned.get("text").toString());
  }

  @Test
  void numbersThatJsonLacksAreRefused() {
    assertThrows(IllegalStateException.class, () -> Values.json(Map.of("x", Double.NaN)));
    assertThrows(IllegalStateException.class, () -> Values.json(new Object()));
  }

  @Test
  void formsHoldWhatMcpAllows() {
    String point =
        """
        {
          "type": "object",
          "properties": {
            "x": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647},
            "y": {"type": "number"}
          },
          "required": ["x", "y"]
        }
        """;
    assertEquals(shortest(point), Forms.schema(Point.class).toString());
    assertThrows(DeclarationException.class, () -> Forms.schema(Everything.class));
    assertThrows(DeclarationException.class, () -> Forms.schema(String.class));
  }
}
