use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use zenoh::sample::SampleKind;
use zenoh::{Config, Session, Wait};

use crate::error::{caught, Failure, Outcome};
use crate::mailbox::{Item, SESSION_SOURCE};
use crate::shared::Shared;

const PROBE_LIMIT: Duration = Duration::from_millis(500);
/// For what closes a session nobody wants any more.
pub const CLOSE_LIMIT: Duration = Duration::from_millis(1500);

/// Opens the session and watches its link. Runs on the lane.
pub fn open(shared: &Arc<Shared>, config: &str, endpoint: &str) -> Outcome<()> {
    let config = Config::from_json5(config).map_err(Failure::invalid)?;
    let session = zenoh::open(config).wait().map_err(|e| explain(endpoint, &e.to_string()))?;
    if shared.is_closing() {
        close(&session);
        return Err(Failure::link_lost("the session was closed while it opened"));
    }
    // Listen first, look then: a router that goes in between is not missed.
    let watcher = shared.clone();
    session
        .info()
        .transport_events_listener()
        .callback(move |event| {
            let _ = caught(|| {
                if event.kind() == SampleKind::Delete {
                    lose(&watcher, "the router closed the connection");
                }
                Ok(())
            });
        })
        .background()
        .wait()
        .map_err(Failure::failed)?;
    let router = session.info().routers_zid().wait().next().or_else(|| session.info().peers_zid().wait().next());
    let Some(router) = router else {
        close(&session);
        return Err(Failure::link_lost("the router closed the connection at once"));
    };
    shared.opened(session, router.to_string());
    Ok(())
}

/// Zenoh would connect again by itself; whoever owns this session decides about that, and declares anew.
fn lose(shared: &Arc<Shared>, reason: &str) {
    if shared.is_closing() || !shared.lose() {
        return;
    }
    let mailbox = shared.mailbox();
    if let Some(source) = mailbox.source(SESSION_SOURCE) {
        mailbox.push(&source, Item::Lost(reason.to_string()));
    }
    // Not here: this is a thread of zenoh's that the close waits for.
    let shared = shared.clone();
    let _ = std::thread::Builder::new().name("bubbaloop-close".to_string()).spawn(move || shared.shut());
}

pub fn close(session: &Session) {
    let _ = caught(|| session.close().timeout(CLOSE_LIMIT).wait().map_err(Failure::failed));
}

/// Zenoh says no more than that it could not connect; the operating system knows why.
fn explain(endpoint: &str, message: &str) -> Failure {
    if message.contains("must be of the form") {
        return Failure::invalid(message);
    }
    let (protocol, rest) = endpoint.split_once('/').unwrap_or(("", endpoint));
    let address = rest.split(['?', '#']).next().unwrap_or(rest);
    let tried = match protocol {
        "tcp" | "tls" | "ws" => connect_tcp(address),
        "unixsock-stream" => std::os::unix::net::UnixStream::connect(address).map(|_| ()),
        // Nothing can be learnt from a datagram that nobody answers.
        "udp" | "quic" => return Failure::timeout(format!("{endpoint} does not answer")),
        _ => return Failure::invalid(format!("zenoh has no protocol `{protocol}` in this build ({endpoint})")),
    };
    match tried {
        Ok(()) if protocol == "tls" => Failure::link_lost(format!("no TLS session with {address}: {message}")),
        Ok(()) => Failure::link_lost(format!("{address} does not answer as a zenoh router")),
        Err(e) => match e.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::timeout(format!("{address} does not answer")),
            ErrorKind::ConnectionRefused => Failure::link_lost(format!("connection refused by {address}")),
            _ => Failure::link_lost(format!("{address}: {e}")),
        },
    }
}

fn connect_tcp(address: &str) -> std::io::Result<()> {
    let first = address.to_socket_addrs()?.next();
    let first = first.ok_or_else(|| std::io::Error::new(ErrorKind::NotFound, "the name has no address"))?;
    TcpStream::connect_timeout(&first, PROBE_LIMIT).map(|_| ())
}
