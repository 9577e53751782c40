// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs a plugin in a process of its own, as a host, a person and a debugger do. */
@Timeout(60)
class ProcessTest {
  private Path folder;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory("t");
  }

  @AfterEach
  void removeFolder() throws IOException {
    Files.delete(folder); // fails if the plugin has left anything
  }

  private Process start(Map<String, String> environment) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var builder =
        new ProcessBuilder(
            java,
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Probe.class.getName());
    builder.environment().keySet().removeAll(List.of(Stdio.COOKIE_NAME, Life.DEBUG_VARIABLE));
    builder.environment().put("PLUGIN_UNIX_SOCKET_DIR", folder.toString());
    builder.environment().put("TMPDIR", folder.toString());
    builder.environment().putAll(environment);
    return builder.start();
  }

  private Process startAsHost() throws IOException {
    return start(Map.of(Stdio.COOKIE_NAME, Stdio.COOKIE));
  }

  private static int end(Process process) throws InterruptedException {
    boolean ended = process.waitFor(20, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertTrue(ended, "it does not end");
    return process.exitValue();
  }

  private static String all(BufferedReader from) {
    return from.lines().collect(Collectors.joining("\n"));
  }

  private static Path socket(String line) {
    assertNotNull(line);
    assertTrue(line.startsWith("1|1|unix|") && line.endsWith("|grpc|"), line);
    return Path.of(line.split("\\|")[3]);
  }

  @Test
  void explainsItselfWithoutAHost() throws Exception {
    Process process = start(Map.of());
    String said = all(process.errorReader());
    assertEquals(1, end(process));
    assertTrue(said.startsWith("probe is a plugin for mcphost"), said);
  }

  @Test
  void theHandshakeIsAllThatStandardOutputHolds() throws Exception {
    Process process = startAsHost();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    Path socket = socket(out.readLine());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
    process.getOutputStream().close();
    assertEquals("", all(out));
    String logged = all(process.errorReader());
    assertEquals(0, end(process));
    assertTrue(logged.contains("chatter") && logged.contains("bye"), logged);
    assertFalse(Files.exists(socket));
  }

  @Test
  void aSignalToStopIsGraceful() throws Exception {
    Process process = startAsHost();
    socket(process.inputReader(StandardCharsets.UTF_8).readLine());
    process.destroy();
    assertEquals(0, end(process));
  }

  @Test
  void aDebuggerFindsItAndEndsIt() throws Exception {
    Process process = start(Map.of(Life.DEBUG_VARIABLE, "1"));
    process.getOutputStream().close(); // which a host's end would be
    BufferedReader said = process.errorReader();
    assertEquals("Start mcphost with this in its environment:", said.readLine());
    String line = said.readLine();
    assertTrue(
        line.startsWith(
            "MCPHOST_REATTACH='{\"probe\":{\"Protocol\":\"grpc\",\"ProtocolVersion\":1,\"Pid\":"
                + process.pid()
                + ","),
        line);
    process.destroy();
    assertEquals(0, end(process));
  }
}
