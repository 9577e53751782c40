// SPDX-License-Identifier: Apache-2.0

package tour;

import io.mcphost.plugin.Call;
import io.mcphost.plugin.Caller;
import io.mcphost.plugin.Completer;
import io.mcphost.plugin.Content;
import io.mcphost.plugin.Default;
import io.mcphost.plugin.Description;
import io.mcphost.plugin.Filled;
import io.mcphost.plugin.Limit;
import io.mcphost.plugin.LogLevel;
import io.mcphost.plugin.Name;
import io.mcphost.plugin.NoArguments;
import io.mcphost.plugin.Plugin;
import io.mcphost.plugin.Prompt;
import io.mcphost.plugin.PromptResult;
import io.mcphost.plugin.ProtocolException;
import io.mcphost.plugin.ReadRequest;
import io.mcphost.plugin.ReadResult;
import io.mcphost.plugin.Resource;
import io.mcphost.plugin.Result;
import io.mcphost.plugin.SampleMessage;
import io.mcphost.plugin.Sampled;
import io.mcphost.plugin.Tool;
import io.mcphost.plugin.ToolException;
import java.math.BigInteger;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/** Every ability of a plugin, once. The other tours are the same plugin in other languages. */
public final class Main {
  private static final String CLOCK = "tour://clock";

  // The smallest PNG.
  private static final byte[] PNG =
      Base64.getDecoder()
          .decode(
              "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/eUe4QwAAAABJRU5ErkJggg==");

  record Settings(@Description("the word to greet with") @Default("Hello") String greeting) {}

  record Greet(@Description("whom to greet") String who) {}

  record Count(
      @Description("where to stop") @Limit(min = 0) int n,
      @Name("delay_ms")
          @Description("milliseconds before each number")
          @Default("0")
          @Limit(min = 0)
          int delayMs) {}

  record Numbers(@Description("at least one") List<Double> numbers) {}

  record Stats(int count, double sum, double mean) {}

  record Fill(@Description("how many") @Limit(min = 0) int bytes) {}

  record Fail(@Description("error, crash or protocol") String how) {}

  record Say(@Description("as MCP names it, such as warning") String level, String message) {}

  record Who(
      String client,
      String principal,
      @Name("wants_progress") boolean wantsProgress,
      boolean elicitation) {}

  record Person(String name) {}

  record Introduce(
      @Description("whom to introduce") String who,
      @Description("formal, friendly or funny") @Default("friendly") String style) {}

  private final Plugin plugin = new Plugin("tour-java", "1.0.0");
  private final AtomicInteger clock = new AtomicInteger();
  private volatile Settings settings = new Settings("Hello");

  private Main() {}

  public static void main(String[] args) {
    new Main().plugin().run();
  }

  private Plugin plugin() {
    plugin
        .title("Tour")
        .description("Every ability of a plugin, once.")
        .onConfigure(Settings.class, given -> settings = given);
    addTools();
    addTalkingTools();
    addReading();
    return plugin;
  }

  private void addTools() {
    plugin
        .add(
            Tool.text(
                    "greet", Greet.class, (in, call) -> settings.greeting() + ", " + in.who() + "!")
                .title("Greet")
                .description("Say hello to someone.")
                .readOnly())
        .add(
            Tool.text("count", Count.class, Main::count)
                .description("Count to n, slowly.")
                .readOnly())
        .add(
            Tool.structured("stats", Numbers.class, Stats.class, Main::stats)
                .description("Count, add up and average numbers.")
                .readOnly())
        .add(
            Tool.text("fill", Fill.class, (in, call) -> "x".repeat(in.bytes()))
                .description("Return that many letters x.")
                .readOnly())
        .add(
            Tool.of(
                    "picture",
                    NoArguments.class,
                    (in, call) -> Result.of(Content.image(PNG, "image/png")))
                .description("Return an image.")
                .readOnly())
        .add(
            Tool.text("fail", Fail.class, Main::fail)
                .description("Fail, in one of three ways.")
                .readOnly());
  }

  private static String count(Count in, Call call) throws InterruptedException {
    for (int i = 1; i <= in.n(); i++) {
      Thread.sleep(in.delayMs()); // throws when the call is cancelled
      call.progress(i, in.n(), "counted " + i);
    }
    return "Counted to " + in.n() + ".";
  }

  private static Stats stats(Numbers in, Call call) {
    int count = in.numbers().size();
    if (count == 0) {
      throw new ToolException("numbers must not be empty");
    }
    double sum = in.numbers().stream().mapToDouble(Double::doubleValue).sum();
    return new Stats(count, sum, sum / count);
  }

  private static String fail(Fail in, Call call) {
    if (in.how().equals("crash")) {
      throw new IllegalStateException("asked to crash");
    }
    if (in.how().equals("protocol")) {
      throw ProtocolException.invalidParams("asked to fail");
    }
    throw new ToolException("asked to fail");
  }

  private void addTalkingTools() {
    plugin
        .add(
            Tool.text("say", Say.class, Main::say)
                .description("Send the client a log message.")
                .readOnly())
        .add(
            Tool.structured(
                    "whoami", NoArguments.class, Who.class, (in, call) -> who(call.caller()))
                .description("Tell who is calling.")
                .readOnly())
        .add(
            Tool.text("survey", NoArguments.class, Main::survey)
                .description("Ask three questions in a row.")
                .readOnly())
        .add(
            Tool.text("tick", NoArguments.class, (in, call) -> tick())
                .description("Move the clock by one."))
        .add(
            Tool.text("grow", NoArguments.class, (in, call) -> grow())
                .description("Add a tool to this plugin."));
  }

  private static String say(Say in, Call call) {
    for (LogLevel level : LogLevel.values()) {
      if (level.name().toLowerCase(Locale.ROOT).equals(in.level())) {
        call.log(level, in.message());
        return "Said.";
      }
    }
    throw new ToolException("there is no level \"" + in.level() + "\"");
  }

  private static Who who(Caller caller) {
    return new Who(
        caller.client().name(),
        caller.principal().subject(),
        caller.wantsProgress(),
        caller.capabilities().elicitationForm());
  }

  /** This runs from its beginning each time that an answer has come. */
  private static String survey(NoArguments in, Call call) throws Exception {
    call.memo("started", Long.class, System::currentTimeMillis);
    Filled<Person> who = call.elicit(Person.class, "who", "Who are you?");
    if (!who.accepted()) {
      return "nobody answered";
    }
    String name = who.value().name();
    Sampled model = call.sample("model", List.of(SampleMessage.user("Greet " + name + ".")), 100);
    return "name=" + name + " model=" + model.text() + " roots=" + call.roots("roots").size();
  }

  private String tick() {
    int now = clock.incrementAndGet();
    plugin.resourceUpdated(CLOCK);
    return Integer.toString(now);
  }

  private String grow() {
    plugin.add(
        Tool.text("grown", NoArguments.class, (in, call) -> "grown")
            .description("Was not there before.")
            .readOnly());
    return "A tool grew.";
  }

  private void addReading() {
    plugin
        .add(
            Resource.of(
                    "tour://readme",
                    "readme",
                    (in, call) -> ReadResult.text("Every ability of a plugin, once."))
                .mimeType("text/plain"))
        .add(
            Resource.of("tour://logo", "logo", (in, call) -> ReadResult.blob(PNG))
                .mimeType("image/png"))
        .add(
            Resource.of(CLOCK, "clock", (in, call) -> ReadResult.text(clock.toString()))
                .mimeType("text/plain")
                .subscribable())
        .add(
            Resource.template("tour://squares/{n}", "squares", Main::square).mimeType("text/plain"))
        .completeTemplate("tour://squares/{n}", "n", Completer.prefix("1", "10", "100", "2", "20"))
        .add(
            Prompt.of("introduce", Introduce.class, (in, call) -> introduce(in))
                .title("Introduce")
                .description("Introduce somebody."))
        .completePrompt("introduce", "style", Completer.prefix("formal", "friendly", "funny"));
  }

  private static ReadResult square(ReadRequest in, Call call) {
    String n = in.variable("n");
    try {
      return ReadResult.text(new BigInteger(n).pow(2).toString());
    } catch (NumberFormatException err) {
      throw ProtocolException.notFound("\"" + n + "\" is no integer");
    }
  }

  private static PromptResult introduce(Introduce in) {
    return PromptResult.text("Introduce " + in.who() + " in a " + in.style() + " way.");
  }
}
