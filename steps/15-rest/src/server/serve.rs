//! Connections.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use process::{Error, Result};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::{Idle, Listening, guard};
use crate::answer::{self, Body};
use crate::call::Service;
use crate::routes;

/// How long a connection may stay open without a request when the service itself has no such time.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long requests may go on when we are told to end.
const GRACE: Duration = Duration::from_secs(1);

/// Answers requests on what `listen` opens, until nobody has been connected for `time`, or a signal says so.
pub(crate) fn serve(
    listen: impl FnOnce() -> Result<Listening>,
    time: Option<Duration>,
    service: Service,
) -> Result<()> {
    // One thread for the network; what blocks has threads of its own.
    let runtime = Builder::new_current_thread().enable_all().thread_keep_alive(Duration::from_secs(1)).build();
    let runtime = runtime.map_err(|error| Error::os("start the server", error))?;
    let failed = |error| Error::os("listen", error);
    runtime.block_on(async {
        // Before the socket is there: whoever sees it may already tell us to go.
        let signals = [told(SignalKind::interrupt())?, told(SignalKind::terminate())?];
        match listen()? {
            Listening::Unix(socket, made) => {
                socket.set_nonblocking(true).map_err(failed)?;
                let socket = UnixListener::from_std(socket).map_err(failed)?;
                let accept = async || Ok(socket.accept().await?.0);
                let result = accept_all(accept, time, Arc::new(service), false, signals).await;
                // The path goes first: who connects from now on starts the next service.
                drop(made);
                result
            }
            Listening::Tcp(socket) => {
                socket.set_nonblocking(true).map_err(failed)?;
                let socket = TcpListener::from_std(socket).map_err(failed)?;
                let accept = async || Ok(socket.accept().await?.0);
                accept_all(accept, time, Arc::new(service), true, signals).await
            }
        }
    })?;
    // Threads that still wait for a container's end are not waited for.
    runtime.shutdown_background();
    Ok(())
}

// ANCHOR: accept
async fn accept_all<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    accept: impl AsyncFn() -> io::Result<S>,
    time: Option<Duration>,
    service: Arc<Service>,
    tcp: bool,
    [mut interrupt, mut terminate]: [Signal; 2],
) -> Result<()> {
    let idle = Idle::new();
    let (end, ending) = watch::channel(());
    let mut quiet = pin!(async {
        match time {
            Some(time) => idle.quiet_for(time).await,
            None => std::future::pending().await,
        }
    });
    loop {
        tokio::select! {
            biased;
            accepted = accept() => match accepted {
                Ok(stream) => drop(tokio::spawn(connection(stream, idle.clone(), Arc::clone(&service), tcp, time, ending.clone()))),
                // No descriptors are left, say: some will be free soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            () = &mut quiet => break,
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    drop(end);
    idle.drained(GRACE).await;
    Ok(())
}
// ANCHOR_END: accept

fn told(kind: SignalKind) -> Result<Signal> {
    signal(kind).map_err(|error| Error::os("wait for signals", error))
}

/// One connection, request after request.
fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    idle: Idle,
    service: Arc<Service>,
    tcp: bool,
    time: Option<Duration>,
    mut ending: watch::Receiver<()>,
) -> impl Future<Output = ()> + Send {
    let busy = idle.enter();
    async move {
        let from = From { service, idle, tcp };
        let handler = service_fn(move |request| handle(request, from.clone()));
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(time.map_or(PATIENCE, |time| 2 * time));
        builder.max_buf_size(64 << 10);
        let mut served = pin!(builder.serve_connection(TokioIo::new(stream), handler).with_upgrades());
        tokio::select! {
            // What went wrong with a connection is between the client and the kernel.
            _ = served.as_mut() => {}
            _ = ending.changed() => {
                served.as_mut().graceful_shutdown();
                let _ = served.await;
            }
        }
        drop(busy);
    }
}

/// Where a request comes from.
#[derive(Clone)]
pub(crate) struct From {
    pub service: Arc<Service>,
    pub idle: Idle,
    /// Not by a path that only the user can reach.
    pub tcp: bool,
}

async fn handle(request: Request<Incoming>, from: From) -> Result<Response<Body>, Infallible> {
    let answer = match guard::check(&request, from.tcp) {
        Ok(()) => routes::dispatch(request, from).await,
        Err(failure) => Err(failure),
    };
    Ok(answer::finish(answer.unwrap_or_else(answer::Failure::into_answer)))
}
