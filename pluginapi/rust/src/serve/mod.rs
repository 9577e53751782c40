// SPDX-License-Identifier: Apache-2.0

//! The life of a plugin in a process of its own: from go-plugin's handshake to
//! the exit code. It knows how a host starts and stops a process, and nothing
//! of what the plugin offers.

mod host;
mod life;
mod routes;
mod socket;
mod stdio;

use std::backtrace::Backtrace;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::unix::pipe;
use tokio::net::UnixListener;
use tokio::signal::unix::{signal, Signal, SignalKind};
use tokio::time::timeout;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;

use crate::handle::Handle;
use crate::logger::Logger;
use crate::plugin::{Plugin, ShutdownHook, Started};
use crate::service::guarded;
use host::Host;
use routes::Routes;
use socket::Socket;

pub(crate) use host::guard_pipes;
pub(crate) use life::{Life, CALL_GRACE};
pub(crate) use stdio::Pipes;

/// The largest gRPC message, in bytes, that host and plugin exchange in either
/// direction.
pub(crate) const MAX_MESSAGE: usize = 64 << 20;

// How long a plugin that is asked to stop takes for it, after its calls.
const FLUSH_GRACE: Duration = Duration::from_millis(250); // for the last answers to reach the host
const SHUTDOWN_GRACE: Duration = Duration::from_millis(500); // for on_shutdown

/// How many streams may be reset before the plugin has looked at them. HTTP/2's
/// usual limit, 20, closes the connection of a host that gives up many calls at
/// once.
const MAX_PENDING_RESETS: usize = 4096;

/// Serves the plugin and returns the process's exit code.
pub(crate) async fn main(plugin: Plugin) -> i32 {
    let started = match plugin.start() {
        Ok(started) => started,
        Err(mistakes) => return complain(&mistakes),
    };
    let details = started.plugin.details();
    let Some(host) = Host::of_this_process() else {
        return complain(&host::explanation(&details.name, &details.version));
    };
    let logger = started.plugin.logger();
    log_panics(logger.clone());
    match run(started, host).await {
        Ok(()) => 0,
        Err(err) => {
            logger.error(format!("the plugin cannot serve: {err}"));
            1
        }
    }
}

async fn run(started: Started, host: Host) -> io::Result<()> {
    let Started {
        plugin,
        on_start,
        on_shutdown,
        pipes,
    } = started;
    let life = Arc::new(Life::new(host == Host::Debugger));
    // Registered before the line is printed: a host may stop us at once.
    let signals = Signals::register()?;
    let socket = Socket::bind()?;
    host::forget_handshake();
    let background = on_start.map(|start| tokio::spawn(start(plugin.clone())));

    let name = plugin.details().name.clone();
    host.announce(&name, pipes.as_ref(), socket.path())?;
    let stdin = pipes.as_ref().and_then(|p| p.stdin.try_clone().ok());
    let stop = async {
        signals.told_to_stop(host, stdin).await;
        life.stop(CALL_GRACE);
    };
    let served = tokio::select! {
        served = serve(plugin.clone(), life.clone(), socket.listen()?) => served,
        () = async { stop.await; std::future::pending().await } => Ok(()),
    };
    if let Some(background) = background {
        background.abort();
        let _ = background.await; // aborted, or it has panicked: that is logged
    }
    shut_down(on_shutdown, &plugin.logger()).await;
    drop(socket);
    served
}

/// Serves on a socket until `life` has ended.
pub(crate) async fn serve(
    plugin: Handle,
    life: Arc<Life>,
    listener: UnixListener,
) -> io::Result<()> {
    let server = Server::builder()
        .http2_max_pending_accept_reset_streams(Some(MAX_PENDING_RESETS))
        .serve_with_incoming_shutdown(
            Routes::new(plugin, &life),
            UnixListenerStream::new(listener),
            life.ended().cancelled_owned(),
        );
    let mut server = pin!(server);
    tokio::select! {
        served = &mut server => served.map_err(io::Error::other),
        () = life.run_out() => {
            // The last answers are on their way. A peer that does not take them
            // is not waited for.
            let _ = timeout(FLUSH_GRACE, server).await;
            Ok(())
        }
    }
}

/// Runs the author's hook for as long as there is time.
async fn shut_down(hook: Option<ShutdownHook>, logger: &Logger) {
    let Some(hook) = hook else { return };
    if timeout(SHUTDOWN_GRACE, guarded(async move { hook().await }))
        .await
        .is_err()
    {
        logger.warn("on_shutdown took too long and was abandoned");
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From here on a terminal's Ctrl-C does nothing by itself: it is meant for
    /// the host.
    fn register() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Returns when a signal says to stop, or the host is gone.
    async fn told_to_stop(mut self, host: Host, stdin: Option<OwnedFd>) {
        if host == Host::Debugger {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
            return;
        }
        tokio::select! {
            _ = self.terminate.recv() => {}
            () = end_of(stdin) => {}
        }
    }
}

/// Returns at the end of the pipe that the host holds and never writes to. Its
/// end means that the host is gone, however it went. A terminal, a file or the
/// null device says nothing of the host.
async fn end_of(stdin: Option<OwnedFd>) {
    let mut buffer = [0; 512];
    let Some(Ok(stdin)) = stdin.map(pipe::Receiver::from_owned_fd) else {
        return std::future::pending().await;
    };
    while stdin.readable().await.is_ok() {
        match stdin.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return, // an error is an end as well
        }
    }
}

/// Has panics go to the operator's log with their stack.
fn log_panics(logger: Logger) {
    std::panic::set_hook(Box::new(move |info| {
        let stack = Backtrace::force_capture().to_string();
        logger.with("stack", stack).error(info.to_string());
    }));
}

/// Says on standard error why there is nothing to serve.
fn complain(text: &str) -> i32 {
    use std::io::Write;
    let _ = writeln!(io::stderr(), "{text}"); // there is nobody else to tell
    1
}
