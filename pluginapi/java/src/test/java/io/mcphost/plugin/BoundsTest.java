// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;

class BoundsTest {
  enum Colour {
    RED
  }

  record Numbers(int small, long large, @Limit(min = 1) int some, double real) {}

  record Endless(BigInteger whole, BigDecimal real) {}

  record MinOfText(@Limit(min = 2) String name) {}

  record MaxOfList(@Limit(max = 2) List<String> names) {}

  record MinOfChoice(@Limit(min = 2) Colour colour) {}

  record LengthOfNumber(@Limit(minLength = 2) int n) {}

  record PatternOfList(@Limit(pattern = "a") List<String> names) {}

  private static JsonObject schema(String json) {
    return Json.object(Json.parse(json), "the schema");
  }

  @Test
  void schemasSayWhichIntegersATypeHolds() {
    JsonObject want =
        schema(
            """
            {
              "small": {"type": "integer", "minimum": -2147483648, "maximum": 2147483647},
              "large": {
                "type": "integer",
                "minimum": -9223372036854775808,
                "maximum": 9223372036854775807
              },
              "some": {"type": "integer", "minimum": 1, "maximum": 2147483647},
              "real": {"type": "number"}
            }
            """);
    JsonObject got = Schema.of(Numbers.class).getAsJsonObject("properties");
    assertEquals(want.toString(), got.toString());
  }

  private static String refused(Class<?> type, String json) {
    return assertThrows(
            IllegalArgumentException.class, () -> Values.read(type, Json.parse(json), ""), json)
        .getMessage();
  }

  private static String numbers(String small, String large, String real) {
    return "{\"small\":" + small + ",\"large\":" + large + ",\"some\":1,\"real\":" + real + "}";
  }

  @Test
  void aNumberThatItsTypeDoesNotHoldIsNamedWithTheLimit() {
    assertEquals(
        "small: 3000000000 is more than 2147483647",
        refused(Numbers.class, numbers("3000000000", "1", "1")));
    assertEquals(
        "small: -1e99999999 is less than -2147483648",
        refused(Numbers.class, numbers("-1e99999999", "1", "1")));
    assertEquals(
        "large: 12345678901234567890 is more than 9223372036854775807",
        refused(Numbers.class, numbers("1", "12345678901234567890", "1")));
    assertEquals(
        "large: 9223372036854775808 is more than 9223372036854775807",
        refused(Numbers.class, numbers("1", "9223372036854775808", "1")));
    assertEquals(
        "real: 1e400 is more than 1.7976931348623157E308",
        refused(Numbers.class, numbers("1", "1", "1e400")));
    assertEquals(
        "real: -1e400 is less than -1.7976931348623157E308",
        refused(Numbers.class, numbers("1", "1", "-1e400")));
    assertEquals("small: is not of type integer", refused(Numbers.class, numbers("1.5", "1", "1")));
    assertEquals(
        "large: " + "1".repeat(40) + "... is more than 9223372036854775807",
        refused(Numbers.class, numbers("1", "1".repeat(100), "1")));
    assertEquals(
        new Numbers(-2147483648, Long.MAX_VALUE, 1, 0),
        Values.read(
            Numbers.class,
            Json.parse(numbers("-2147483648.0", "9223372036854775807", "1e-400")),
            ""));
  }

  @Test
  void aNumberOfTooManyDigitsIsNamed() {
    assertEquals(
        "whole: the number has too many digits",
        refused(Endless.class, "{\"whole\":1e99999999,\"real\":1}"));
    assertEquals(
        "real: the number has too many digits",
        refused(Endless.class, "{\"whole\":1,\"real\":1e99999999}"));
    assertEquals(
        "small: the number has too many digits",
        refused(Numbers.class, numbers("1e-99999999", "1", "1")));
  }

  private static String declared(Class<?> type) {
    return assertThrows(DeclarationException.class, () -> Schema.of(type)).getMessage();
  }

  @Test
  void aLimitThatChecksNothingIsRefusedAndNamesTheRightOne() {
    assertEquals(
        "name: min and max limit numbers; for a String or a List use minLength and maxLength",
        declared(MinOfText.class));
    assertEquals(
        "names: min and max limit numbers; for a String or a List use minLength and maxLength",
        declared(MaxOfList.class));
    assertEquals("colour: min and max limit numbers", declared(MinOfChoice.class));
    assertEquals(
        "n: minLength and maxLength limit Strings and Lists; for a number use min and max",
        declared(LengthOfNumber.class));
    assertEquals("names: pattern and format are for Strings", declared(PatternOfList.class));
    assertThrows(
        DeclarationException.class,
        () -> Prompt.of("p", MinOfText.class, (in, call) -> PromptResult.of()));
  }
}
