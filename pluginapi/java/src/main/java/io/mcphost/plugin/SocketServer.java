// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A gRPC server on a unix socket in a fresh folder of its own.
 *
 * <p>The JDK's own sockets carry it, so there is no native library to unpack.
 */
final class SocketServer {
  /** What a socket's address can hold, with some room. */
  private static final int MAX_PATH = 100;

  /** It warns of the options for TCP that gRPC sets on every socket. */
  private static final Logger BOOTSTRAP = Logger.getLogger("io.netty.bootstrap.ServerBootstrap");

  private static final Logger CLIENT_BOOTSTRAP = Logger.getLogger("io.netty.bootstrap.Bootstrap");

  private final Path folder;
  private final EventLoopGroup loop;
  private final Server server;

  private SocketServer(Path folder, EventLoopGroup loop, Server server) {
    this.folder = folder;
    this.loop = loop;
    this.server = server;
  }

  /** Serves below a folder. */
  static SocketServer start(Path below, List<ServerServiceDefinition> services) throws IOException {
    Path folder = Files.createTempDirectory(below, "plugin");
    Path path = folder.resolve("s");
    if (path.toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH) {
      Files.delete(folder);
      throw new IOException(
          "the path of the socket is too long: set TMPDIR to a shorter directory than " + folder);
    }
    BOOTSTRAP.setLevel(Level.SEVERE);
    var loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    Server server =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(path))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .directExecutor() // no service blocks: see Calls
            .maxInboundMessageSize(Endpoints.MAX_MESSAGE_SIZE)
            .addServices(services)
            .build()
            .start();
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    return new SocketServer(folder, loop, server);
  }

  Path path() {
    return folder.resolve("s");
  }

  /** A client of the server, for tests. It ends with the server. */
  ManagedChannel connect() {
    CLIENT_BOOTSTRAP.setLevel(Level.SEVERE);
    return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(path()))
        .channelType(NioDomainSocketChannel.class)
        .eventLoopGroup(loop)
        .overrideAuthority("localhost")
        .usePlaintext()
        .maxInboundMessageSize(Endpoints.MAX_MESSAGE_SIZE)
        .build();
  }

  /** Ends all streams, and removes the socket. What was answered is on its way already. */
  void stop() throws IOException {
    try {
      server.shutdownNow();
      loop.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
    } finally {
      Files.deleteIfExists(path());
      Files.deleteIfExists(folder);
    }
  }
}
