// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A URI template, to be matched: RFC 6570, {name} and {+name}, which matches across slashes. */
final class Template {
  private static final Pattern EXPRESSION = Pattern.compile("\\{([^{}]*)}");
  private static final Pattern NAME = Pattern.compile("(\\+?)([A-Za-z0-9_.]+)");
  // What a value may hold: unreserved characters and escapes; with + reserved ones.
  private static final String SIMPLE = "([A-Za-z0-9._~%-]+)";
  private static final String RESERVED = "([A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]+)";
  private static final Pattern LONE_PERCENT = Pattern.compile("%(?![0-9A-Fa-f]{2})");

  private final List<String> names = new ArrayList<>();
  private final Pattern pattern;

  /** DeclarationException: the template is none, or of a kind that is not known here. */
  Template(String text) {
    var regex = new StringBuilder();
    Matcher found = EXPRESSION.matcher(text);
    int end = 0;
    while (found.find()) {
      regex.append(literal(text, end, found.start())).append(variable(text, found.group(1)));
      end = found.end();
    }
    pattern = Pattern.compile(regex.append(literal(text, end, text.length())).toString());
  }

  private static String literal(String text, int from, int to) {
    String part = text.substring(from, to);
    if (part.contains("{") || part.contains("}")) {
      throw new DeclarationException("template " + text + ": a brace has no partner");
    }
    return Pattern.quote(part);
  }

  private String variable(String text, String expression) {
    Matcher name = NAME.matcher(expression);
    if (!name.matches()) {
      throw new DeclarationException(
          "template " + text + ": {" + expression + "} is none of {name} and {+name}");
    }
    if (names.contains(name.group(2))) {
      throw new DeclarationException("template " + text + ": " + name.group(2) + " is there twice");
    }
    names.add(name.group(2));
    return name.group(1).isEmpty() ? SIMPLE : RESERVED;
  }

  /** The variables as the URI gives them, decoded; null if it is another's. */
  Map<String, String> match(String uri) {
    Matcher found = pattern.matcher(uri);
    if (!found.matches() || LONE_PERCENT.matcher(uri).find()) {
      return null;
    }
    var values = new LinkedHashMap<String, String>();
    for (int i = 0; i < names.size(); i++) {
      values.put(names.get(i), decoded(found.group(i + 1)));
    }
    return values;
  }

  /** Without its escapes; a plus sign is one, unlike in forms. */
  private static String decoded(String value) {
    if (value.indexOf('%') < 0) {
      return value;
    }
    var bytes = new ByteArrayOutputStream(value.length());
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) == '%') {
        bytes.write(Integer.parseInt(value.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(value.charAt(i));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
