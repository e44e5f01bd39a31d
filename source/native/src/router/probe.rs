//! Asks the WebSocket and REST servers whether they answer, in the least HTTP that shows it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout, Instant};

const TIME_LIMIT: Duration = Duration::from_secs(5);
const TRY_LIMIT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Clone, Copy)]
pub enum Server {
    Http,
    WebSocket,
    /// An accepted connection has to do.
    WebSocketTls,
}

/// A whole handshake (RFC 6455, with the key of its example): the server logs an error at anything less.
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// Masked, as a client's must be, with status 1000.
const CLOSE_FRAME: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];

/// Any HTTP answer shows that the server is there.
pub async fn answers(address: &str, server: Server) -> bool {
    let Some(target) = loopback_of(address) else { return false };
    let end = Instant::now() + TIME_LIMIT;
    while Instant::now() < end {
        if let Ok(Ok(true)) = timeout(TRY_LIMIT, ask(target, server)).await {
            return true;
        }
        sleep(PAUSE).await;
    }
    false
}

async fn ask(target: SocketAddr, server: Server) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(target).await?;
    let (request, farewell): (&[u8], &[u8]) = match server {
        Server::WebSocketTls => return Ok(true),
        Server::WebSocket => (UPGRADE, CLOSE_FRAME),
        Server::Http => (b"OPTIONS / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b""),
    };
    stream.write_all(request).await?;
    let mut answer = [0u8; 5];
    stream.read_exact(&mut answer).await?;
    stream.write_all(farewell).await?;
    Ok(&answer == b"HTTP/")
}

fn loopback_of(address: &str) -> Option<SocketAddr> {
    use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
    let mut target = address.to_socket_addrs().ok()?.next()?;
    if target.ip().is_unspecified() {
        target.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    Some(target)
}
