use std::io::{IsTerminal, Write};
use std::time::Duration;

use tokio::signal::unix::{signal, Signal, SignalKind};
use zenoh::internal::plugins::PluginsManager;
use zenoh::internal::runtime::{Runtime, RuntimeBuilder};

use super::config::{LoadedConfig, REST_KEY, WEBSOCKET_KEY};
use super::ports::Claimed;
use super::probe::{self, Server};
use super::segments::remove_lone_segments;
use super::Failure;

const CLOSE_LIMIT: Duration = Duration::from_millis(1500);

pub fn run(loaded: LoadedConfig, claimed: Claimed) -> Result<(), Failure> {
    let executor = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Failure::failed(e.to_string()))?;
    let outcome = executor.block_on(serve(loaded, claimed));
    // Plugin tasks never end by themselves.
    executor.shutdown_background();
    remove_lone_segments();
    outcome
}

async fn serve(loaded: LoadedConfig, claimed: Claimed) -> Result<(), Failure> {
    let mut signals = Signals::install().map_err(|e| Failure::failed(e.to_string()))?;
    let mut plugins = PluginsManager::static_plugins_only();
    // Not `required`: zenoh would panic where one fails to start. It logs the reason, and the probe below finds out.
    if loaded.websocket.is_some() {
        plugins.declare_static_plugin::<zenoh_plugin_remote_api::RemoteApiPlugin, _>("remote_api", false);
    }
    if loaded.rest.is_some() {
        plugins.declare_static_plugin::<zenoh_plugin_rest::RestPlugin, _>("rest", false);
    }
    plugins
        .declared_plugins_iter_mut()
        .try_for_each(|plugin| plugin.load().map(|_| ()))
        .map_err(|e| Failure::failed(e.to_string()))?;

    claimed.release();
    let mut runtime = RuntimeBuilder::new(loaded.config.clone())
        .plugins_manager(plugins)
        .build()
        .await
        .map_err(|e| Failure::failed(format!("zenoh does not start: {e}")))?;
    // With no time limit on `connect` zenoh may wait here for a remote router: a signal still ends it.
    let started = tokio::select! {
        started = runtime.start() => Some(started),
        _ = signals.next() => None,
    };
    let outcome = match started {
        Some(Ok(())) => serve_until_signal(&runtime, &loaded, &mut signals).await,
        Some(Err(e)) => Err(Failure::failed(format!("zenoh does not start: {e}"))),
        None => Ok(()),
    };
    let _ = tokio::time::timeout(CLOSE_LIMIT, runtime.close()).await;
    outcome
}

async fn serve_until_signal(runtime: &Runtime, loaded: &LoadedConfig, signals: &mut Signals) -> Result<(), Failure> {
    let servers = async {
        if let Some(address) = &loaded.websocket {
            let server = if loaded.websocket_tls { Server::WebSocketTls } else { Server::WebSocket };
            if !probe::answers(address, server).await {
                return Err(silent("the WebSocket of remote_api", address, WEBSOCKET_KEY));
            }
        }
        if let Some(address) = &loaded.rest {
            if !probe::answers(address, Server::Http).await {
                return Err(silent("REST", address, REST_KEY));
            }
        }
        Ok(())
    };
    tokio::select! {
        checked = servers => checked?,
        _ = signals.next() => return Ok(()),
    }
    announce(runtime, loaded).map_err(|e| Failure::failed(format!("cannot write to stdout: {e}")))?;
    signals.next().await;
    Ok(())
}

fn silent(what: &str, address: &str, key: &str) -> Failure {
    Failure::failed(format!("{what} does not answer on {address} ({key}); run again with RUST_LOG=info to see why"))
}

/// What stands on stdout when all of it answers: a line of JSON for the program that started this one, sentences for a
/// person at a terminal.
fn announce(runtime: &Runtime, loaded: &LoadedConfig) -> std::io::Result<()> {
    let zid = runtime.zid().to_string();
    let locators: Vec<String> = runtime.get_locators().iter().map(ToString::to_string).collect();
    let mut stdout = std::io::stdout().lock();
    if stdout.is_terminal() {
        writeln!(stdout, "Router {zid} is ready. Ctrl-C ends it.")?;
        for locator in locators {
            writeln!(stdout, "  zenoh      {locator}")?;
        }
        if let Some(address) = &loaded.websocket {
            let scheme = if loaded.websocket_tls { "wss" } else { "ws" };
            // The plugin takes a bare port too, and then listens on every address.
            let host = if address.contains(':') { "" } else { "0.0.0.0:" };
            writeln!(stdout, "  WebSocket  {scheme}://{host}{address}")?;
        }
        if let Some(address) = &loaded.rest {
            writeln!(stdout, "  REST       http://{address}")?;
        }
    } else {
        let line = serde_json::json!({
            "ready": true,
            "zid": zid,
            "locators": locators,
            "rest": loaded.rest,
            "websocket": loaded.websocket,
        });
        writeln!(stdout, "{line}")?;
    }
    stdout.flush()
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
