//! Every port of the configuration is tried before zenoh starts: zenoh and its plugins only log that one is taken.

use std::io::ErrorKind;
use std::net::{TcpListener, ToSocketAddrs, UdpSocket};

use serde_json::Value;

use super::config::{LoadedConfig, REST_KEY, WEBSOCKET_KEY};
use super::Failure;

/// Sockets that keep the ports until zenoh takes them over.
pub struct Claimed {
    tcp: Vec<TcpListener>,
    udp: Vec<UdpSocket>,
}

impl Claimed {
    pub fn release(self) {
        drop(self.tcp);
        drop(self.udp);
    }
}

#[derive(Clone, Copy)]
enum Transport {
    Tcp,
    Udp,
}

/// Binds every port once. A WebSocket or REST port 0 is replaced in the configuration by a free one, since the plugins
/// cannot say which one they got.
pub fn claim(loaded: &mut LoadedConfig) -> Result<Claimed, Failure> {
    let mut claimed = Claimed { tcp: Vec::new(), udp: Vec::new() };
    if let Some(address) = loaded.websocket.clone() {
        let port = bind(&mut claimed, Transport::Tcp, &address, WEBSOCKET_KEY)?;
        replace_port_zero(loaded, &address, port, WEBSOCKET_KEY)?;
    }
    if let Some(address) = loaded.rest.clone() {
        let port = bind(&mut claimed, Transport::Tcp, &address, REST_KEY)?;
        replace_port_zero(loaded, &address, port, REST_KEY)?;
    }
    loaded.read_plugins()?;
    for endpoint in listen_endpoints(loaded) {
        let Some((protocol, address)) = endpoint.split_once('/') else { continue };
        let address = address.split(['?', '#']).next().unwrap_or(address);
        let transport = match protocol {
            "tcp" | "tls" | "ws" => Transport::Tcp,
            "udp" | "quic" => Transport::Udp,
            _ => continue,
        };
        if endpoint.contains("iface=") {
            continue; // The address is only valid together with that interface: zenoh's to judge.
        }
        bind(&mut claimed, transport, address, "listen/endpoints")?;
    }
    Ok(claimed)
}

/// The endpoints of this mode; the key may hold a list, or one list a mode.
fn listen_endpoints(loaded: &LoadedConfig) -> Vec<String> {
    let mode = loaded.value_at("mode").and_then(|m| m.as_str().map(str::to_string)).unwrap_or_default();
    let mut found = Vec::new();
    if let Some(value) = loaded.value_at("listen/endpoints") {
        collect(value.get(&mode).unwrap_or(&value), &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(endpoint) => found.push(endpoint.clone()),
        Value::Array(values) => values.iter().for_each(|v| collect(v, found)),
        _ => {}
    }
}

fn replace_port_zero(loaded: &mut LoadedConfig, address: &str, port: u16, key: &str) -> Result<(), Failure> {
    match address.strip_suffix(":0") {
        // The plugins split at the first colon, so an IPv6 host cannot be given; a bare number means every interface.
        Some("[::]") => loaded.set(key, &port.to_string()),
        Some(host) => loaded.set(key, &format!("\"{host}:{port}\"")),
        None => Ok(()),
    }
}

fn bind(claimed: &mut Claimed, transport: Transport, address: &str, key: &str) -> Result<u16, Failure> {
    let unusable = |reason: String| Failure::failed(format!("cannot listen on {address} ({key}): {reason}"));
    let resolved = address.to_socket_addrs().map_err(|e| unusable(e.to_string()))?;
    let mut last = unusable("the name has no address".to_string());
    for socket_address in resolved {
        let bound = match transport {
            Transport::Tcp => TcpListener::bind(socket_address).and_then(|socket| {
                let port = socket.local_addr()?.port();
                claimed.tcp.push(socket);
                Ok(port)
            }),
            Transport::Udp => UdpSocket::bind(socket_address).and_then(|socket| {
                let port = socket.local_addr()?.port();
                claimed.udp.push(socket);
                Ok(port)
            }),
        };
        last = match bound {
            Ok(port) => return Ok(port),
            Err(e) if e.kind() == ErrorKind::AddrInUse && is_own(claimed, socket_address.port()) => {
                Failure::failed(format!("port {} ({key}) is named twice in the configuration", socket_address.port()))
            }
            Err(e) if e.kind() == ErrorKind::AddrInUse => Failure::failed(format!(
                "port {} ({key}, {address}) is held by another program; stop that program or choose another port",
                socket_address.port()
            )),
            Err(e) => unusable(e.to_string()),
        };
    }
    Err(last)
}

fn is_own(claimed: &Claimed, port: u16) -> bool {
    let tcp = claimed.tcp.iter().filter_map(|s| s.local_addr().ok());
    let udp = claimed.udp.iter().filter_map(|s| s.local_addr().ok());
    tcp.chain(udp).any(|a| a.port() == port)
}
