// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class PluginTest {
  record Person(String name) {}

  record Number(int n) {}

  record How(String how) {}

  record Hello(String who, @Description("style") @Default("kindly") String how) {}

  private static Plugin plugin() {
    return new Plugin("p", "1");
  }

  @Test
  void aToolTalksBeforeItReturns() {
    Tool soon =
        Tool.text(
            "soon",
            Number.class,
            (in, call) -> {
              call.progress(1, 2, "half");
              call.progress(0.5, 2, "does not grow");
              call.log(LogLevel.INFO, "working", Map.of("step", 1));
              return String.valueOf(in.n() + 1);
            });
    try (var test = new TestPlugin(plugin().add(soon))) {
      var called = test.call("soon", new Number(1));
      assertEquals("2", called.text());
      assertNull(called.structured());
      assertEquals(List.of(new TestPlugin.Progress(1, 2, "half")), called.heard().progress());
      assertEquals("[{\"message\":\"working\",\"step\":1}]", called.heard().logs().toString());
    }
  }

  @Test
  void resultsSayWhatTheyAre() {
    Plugin plugin =
        plugin()
            .add(
                Tool.structured(
                    "person", NoArguments.class, Person.class, (in, call) -> new Person("Ada")))
            .add(Tool.of("nothing", NoArguments.class, (in, call) -> Result.of()))
            .add(
                Tool.of(
                    "two",
                    NoArguments.class,
                    (in, call) -> Result.of(Content.text("a"), Content.text("b"))))
            .add(Tool.of("failed", NoArguments.class, (in, call) -> Result.error("no")))
            .add(Tool.raw("raw", new JsonObject(), (in, call) -> Result.text(in.toString())))
            .add(Tool.text("broken", NoArguments.class, (in, call) -> "\ud800"));
    try (var test = new TestPlugin(plugin)) {
      assertEquals("{\"name\":\"Ada\"}", test.call("person", Map.of()).text());
      assertEquals("{\"name\":\"Ada\"}", test.call("person", Map.of()).structured().toString());
      assertEquals("", test.call("nothing", Map.of()).text());
      assertEquals("a\nb", test.call("two", Map.of()).text());
      assertTrue(test.call("failed", Map.of()).isError());
      assertEquals("{\"any\":[1.50]}", test.call("raw", Json.parse("{\"any\":[1.50]}")).text());
      assertTrue(test.call("broken", Map.of()).text().startsWith("text is not valid UTF-8"));
    }
    assertThrows(DeclarationException.class, () -> Tool.text("t", String.class, (in, call) -> in));
  }

  private static String fail(How in, Call call) {
    switch (in.how()) {
      case "told":
        throw new ToolException("say please");
      case "argument":
        throw new IllegalArgumentException("say thanks");
      case "protocol":
        throw ProtocolException.notFound("gone");
      case "deep":
        throw new StackOverflowError();
      default:
        throw new IllegalStateException("secret");
    }
  }

  @Test
  void mistakesAreToldApart() {
    try (var test = new TestPlugin(plugin().add(Tool.text("fail", How.class, PluginTest::fail)))) {
      assertEquals("say please", test.call("fail", new How("told")).text());
      assertEquals("say thanks", test.call("fail", new How("argument")).text());
      assertEquals("invalid arguments: how: is missing", test.call("fail", Map.of()).text());
      for (String bug : List.of("bug", "deep")) {
        var called = test.call("fail", new How(bug));
        assertTrue(called.isError());
        assertEquals("internal error", called.text());
      }
      var gone =
          assertThrows(ProtocolException.class, () -> test.call("fail", new How("protocol")));
      assertEquals(ProtocolException.Code.NOT_FOUND, gone.code());
      var absent = assertThrows(ProtocolException.class, () -> test.call("absent", Map.of()));
      assertEquals(ProtocolException.Code.NOT_FOUND, absent.code());
    }
  }

  private static Map<String, Object> accept(Object content) {
    return Map.of("action", "accept", "content", content);
  }

  @Test
  void questionsAreAskedInAStraightLine() {
    var runs = new AtomicInteger();
    Tool order =
        Tool.text(
            "order",
            NoArguments.class,
            (in, call) -> {
              int number = call.memo("number", Integer.class, runs::incrementAndGet);
              Person person = call.elicit(Person.class, "who", "Who?").value();
              Action action = call.elicitUrl("pay", "Pay", "https://example.com");
              return number + " " + person.name() + " " + action;
            });
    try (var test = new TestPlugin(plugin().add(order))) {
      test.answering(
          question -> accept(question.key().equals("who") ? new Person("Ada") : Map.of()));
      var called = test.call("order", Map.of());
      assertEquals("1 Ada ACCEPT", called.text());
      assertEquals(
          List.of("who", "pay"),
          called.heard().questions().stream().map(InputRequest::key).toList());
      assertEquals(1, runs.get());
    }
  }

  @Test
  void severalQuestionsShareARound() {
    var entered = new AtomicInteger();
    Tool both =
        Tool.text(
            "both",
            NoArguments.class,
            (in, call) -> {
              entered.incrementAndGet();
              var who = Question.form(Person.class, "who", "Who?");
              var where = Question.roots("where");
              Answers answers = call.ask(who, where);
              return answers.get(who).action() + " " + answers.get(where).size();
            });
    try (var test = new TestPlugin(plugin().add(both))) {
      test.answering(
          question ->
              question.key().equals("who")
                  ? Map.of("action", "decline")
                  : Map.of("roots", List.of(Map.of("uri", "file:///a"))));
      assertEquals("DECLINE 1", test.call("both", Map.of()).text());
      assertEquals(2, entered.get());
      test.able(Capabilities.ROOTS);
      var err = assertThrows(ProtocolException.class, () -> test.call("both", Map.of()));
      assertEquals(ProtocolException.Code.MISSING_CAPABILITY, err.code());
      assertTrue(err.required().elicitationForm());
    }
  }

  @Test
  void anAnswerThatDoesNotFitIsAskedForOnceMore() {
    Tool ask =
        Tool.text(
            "ask",
            NoArguments.class,
            (in, call) -> call.elicit(Person.class, "who", "?").value().name());
    Iterator<Object> names = List.<Object>of(3, "Ada", 3, 4).iterator();
    try (var test = new TestPlugin(plugin().add(ask))) {
      test.answering(question -> accept(Map.of("name", names.next())));
      assertEquals("Ada", test.call("ask", Map.of()).text());
      var called = test.call("ask", Map.of());
      assertTrue(called.isError());
      assertEquals(
          "no answer to the question \"who\": the answer does not fit: name: is not of type string",
          called.text());
    }
  }

  @Test
  void changedKeysAreAMistakeThatIsTold() {
    Iterator<String> keys = List.of("one", "two").iterator();
    Tool fickle =
        Tool.text(
            "fickle",
            NoArguments.class,
            (in, call) -> call.elicit(Person.class, keys.next(), "?").value().name());
    try (var test = new TestPlugin(plugin().add(fickle))) {
      test.answering(question -> accept(new Person("x")));
      var called = test.call("fickle", Map.of());
      assertTrue(called.isError());
      assertTrue(
          called.text().contains("asks \"two\" where it asked \"one\" before"), called.text());
    }
  }

  @Test
  void roundsCanBeTakenByHand() {
    var state = new AtomicReference<byte[]>();
    Tool manual =
        Tool.text(
            "manual",
            NoArguments.class,
            (in, call) -> {
              Answer given = call.answers().get("roots");
              if (given == null) {
                var request =
                    new InputRequest("roots", InputRequest.Method.ROOTS, new JsonObject());
                throw call.inputRequired(List.of(request), new byte[] {0, 'k'});
              }
              state.set(call.state());
              return given.result().toString();
            });
    try (var test = new TestPlugin(plugin().add(manual))) {
      test.answering(question -> Map.of("roots", List.of()));
      assertEquals("{\"roots\":[]}", test.call("manual", Map.of()).text());
      assertArrayEquals(new byte[] {0, 'k'}, state.get());
    }
  }

  @Test
  void resourcesPromptsAndCompletions() {
    Plugin plugin =
        plugin()
            .add(Resource.of("a://b", "fixed", (in, call) -> ReadResult.text(in.uri())))
            .add(
                Resource.template(
                    "a://n/{x}",
                    "family",
                    (in, call) -> ReadResult.blob(in.variable("x").getBytes())))
            .add(
                Prompt.of(
                    "hello",
                    Hello.class,
                    (in, call) -> PromptResult.text(in.who() + " " + in.how())))
            .completePrompt(
                "hello",
                "how",
                (typed, given) -> new Completion(List.of(typed + "!"), OptionalInt.of(5), true));
    try (var test = new TestPlugin(plugin)) {
      assertEquals(List.of("a://b"), test.read("a://b"));
      assertEquals(List.of("A"), test.read("a://n/%41"));
      assertThrows(ProtocolException.class, () -> test.read("a://n/"));
      assertEquals("Ada kindly", test.prompt("hello", Map.of("who", "Ada")));
      assertEquals(List.of("x!"), test.completePrompt("hello", "how", "x"));
      assertEquals(List.of(), test.completeTemplate("a://n/{x}", "x", "x"));
      assertThrows(ProtocolException.class, () -> test.completePrompt("absent", "how", "x"));
      assertThrows(ProtocolException.class, () -> test.prompt("hello", Map.of()));
      assertThrows(
          ProtocolException.class, () -> test.prompt("hello", Map.of("who", "a", "age", "3")));
    }
    assertThrows(
        DeclarationException.class,
        () -> Prompt.of("n", Number.class, (in, call) -> PromptResult.of()));
  }

  @Test
  void settingsAreChecked() {
    var got = new ArrayList<Person>();
    Plugin plugin =
        plugin()
            .onConfigure(
                Person.class,
                given -> {
                  if (given.name().isEmpty()) {
                    throw new IllegalArgumentException("a name, please");
                  }
                  got.add(given);
                });
    try (var test = new TestPlugin(plugin)) {
      test.configure(new Person("Ada"));
      assertEquals(List.of(new Person("Ada")), got);
      assertEquals("a name, please", refused(test, Map.of("name", "")));
      assertEquals("settings.name: is missing", refused(test, Map.of()));
      assertEquals(
          "settings.x: is not known; there are name", refused(test, Map.of("name", "a", "x", 1)));
    }
    try (var test = new TestPlugin(plugin())) {
      test.configure(Map.of());
      assertEquals("this plugin takes no settings", refused(test, Map.of("x", 1)));
    }
  }

  private static String refused(TestPlugin test, Object settings) {
    return assertThrows(IllegalArgumentException.class, () -> test.configure(settings))
        .getMessage();
  }

  @Test
  void cancelledCallStops() throws Exception {
    var working = new CountDownLatch(1);
    var told = new CountDownLatch(1);
    var interrupted = new CountDownLatch(1);
    Tool hang =
        Tool.text(
            "hang",
            NoArguments.class,
            (in, call) -> {
              call.onCancel(told::countDown);
              working.countDown();
              try {
                Thread.sleep(3_600_000);
              } catch (InterruptedException err) {
                assertTrue(call.isCancelled());
                interrupted.countDown();
              }
              return "";
            });
    var test = new TestPlugin(plugin().add(hang));
    var call =
        CompletableFuture.runAsync(
            () -> assertThrows(RuntimeException.class, () -> test.call("hang", Map.of())));
    assertTrue(working.await(10, TimeUnit.SECONDS));
    test.close();
    assertTrue(told.await(10, TimeUnit.SECONDS));
    assertTrue(interrupted.await(10, TimeUnit.SECONDS));
    call.get(10, TimeUnit.SECONDS);
  }

  @Test
  void anInterruptStaysInItsCall() throws Exception {
    var calls = new Calls(1);
    var seen = new CompletableFuture<Boolean>();
    calls.pool().execute(() -> Thread.currentThread().interrupt());
    calls.pool().execute(() -> seen.complete(Thread.interrupted()));
    assertFalse(seen.get(10, TimeUnit.SECONDS));
    calls.end();
  }

  @Test
  void thingsComeAndGo() {
    Plugin plugin = plugin();
    plugin.add(
        Tool.text(
            "grow",
            NoArguments.class,
            (in, call) -> {
              plugin.add(Tool.text("grown", NoArguments.class, (none, inner) -> "grown"));
              return "";
            }));
    try (var test = new TestPlugin(plugin)) {
      String before = plugin.changes().revision(Changes.Kind.TOOLS);
      test.call("grow", Map.of());
      assertEquals("grown", test.call("grown", Map.of()).text());
      assertFalse(before.equals(plugin.changes().revision(Changes.Kind.TOOLS)));
      plugin.removeTool("grown");
      assertEquals(List.of("grow"), List.copyOf(test.tools().keySet()));
    }
  }
}
