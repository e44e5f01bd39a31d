//! A sensor as a node of a bubbaloop fleet: zenoh's own crate, CBOR in the fleet's envelope.

use std::env;
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{json, Value};
use zenoh::bytes::Encoding;
use zenoh::{Config, Wait};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const HEARTBEAT: Duration = Duration::from_secs(5);

/// A field that is not here is refused, so that a misspelt one is noticed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeConfig {
    #[serde(default = "default_rate")]
    rate_hz: f64,
}

fn default_rate() -> f64 {
    1.0
}

/// Stands in for a sensor: read yours here.
fn read_sensor() -> f64 {
    20.0 + 5.0 * (now_ns() as f64 / 1e10).sin()
}

fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|age| age.as_nanos() as u64).unwrap_or(0)
}

fn cbor(value: &Value) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes)?;
    Ok(bytes)
}

fn envelope(name: &str, sequence: u64, body: Value) -> Value {
    let header = json!({
        "schema_uri": "bubbaloop://__NAME__/reading/v1",
        "source_instance": name,
        "monotonic_seq": sequence,
        "ts_ns": now_ns(),
    });
    json!({ "header": header, "body": body })
}

fn read_config(path: &str) -> Outcome<NodeConfig> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let config: NodeConfig = serde_yaml_ng::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    if !(0.1..=100.0).contains(&config.rate_hz) {
        return Err(format!("{path}: rate_hz: must be from 0.1 to 100, not {}", config.rate_hz).into());
    }
    Ok(config)
}

fn main() -> Outcome<()> {
    let name = env::var("BUBBALOOP_NODE_NAME").unwrap_or_else(|_| "__NAME__".into());
    let machine = env::var("BUBBALOOP_MACHINE_ID").unwrap_or_else(|_| "unknown".into()).replace('-', "_");
    let endpoint = env::var("BUBBALOOP_ZENOH_ENDPOINT").unwrap_or_else(|_| "tcp/127.0.0.1:7447".into());
    let config = read_config(&env::var("BUBBALOOP_NODE_CONFIG").unwrap_or_else(|_| "config.yaml".into()))?;
    let prefix = format!("bubbaloop/global/{machine}/{name}");

    let ended = Arc::new(AtomicBool::new(false));
    for number in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(number, ended.clone())?;
    }

    let mut zenoh_config = Config::default();
    zenoh_config.insert_json5("mode", "\"client\"")?;
    zenoh_config.insert_json5("connect/endpoints", &json!([endpoint]).to_string())?;
    zenoh_config.insert_json5("scouting/multicast/enabled", "false")?;
    let session = zenoh::open(zenoh_config).wait()?;

    let started_at_ns = now_ns();
    let last_ns = Arc::new(AtomicU64::new(0));
    let manifest_key = format!("{prefix}/manifest");
    let manifest = {
        let (name, machine, key, last_ns) = (name.clone(), machine.clone(), manifest_key.clone(), last_ns.clone());
        move |query: zenoh::query::Query| {
            let last = last_ns.load(Ordering::Relaxed);
            let output = json!({
                "topic": format!("{name}/reading"),
                "ever_fired": last > 0,
                "still_live": now_ns().saturating_sub(last) < HEARTBEAT.as_nanos() as u64,
                "declared_at_ns": started_at_ns,
            });
            let manifest = json!({
                "instance_name": name, "machine_id": machine, "role": "source", "inputs": [], "outputs": [output],
                "schema_version": 2, "started_at_ns": started_at_ns, "node_kind": "__NAME__",
            });
            if let Ok(bytes) = cbor(&manifest) {
                let _ = query.reply(key.clone(), bytes).encoding(Encoding::APPLICATION_CBOR).wait();
            }
        }
    };
    let _queryable = session.declare_queryable(manifest_key.clone()).callback(manifest).wait()?;
    let _token = session.liveliness().declare_token(prefix.clone()).wait()?;
    let publisher =
        session.declare_publisher(format!("{prefix}/reading")).encoding(Encoding::APPLICATION_CBOR).wait()?;

    let period = Duration::from_secs_f64(1.0 / config.rate_hz);
    let mut beat_at = Instant::now();
    let mut next = Instant::now();
    let mut sequence = 0;
    while !ended.load(Ordering::Relaxed) {
        if Instant::now() >= beat_at {
            session.put(format!("{prefix}/health"), "ok").encoding(Encoding::TEXT_PLAIN).wait()?;
            beat_at = Instant::now() + HEARTBEAT;
        }
        sequence += 1;
        publisher.put(cbor(&envelope(&name, sequence, json!({ "value": read_sensor() })))?).wait()?;
        last_ns.store(now_ns(), Ordering::Relaxed);
        next += period;
        // In short pieces, so that a signal is seen at once.
        while Instant::now() < next && !ended.load(Ordering::Relaxed) {
            std::thread::sleep(next.saturating_duration_since(Instant::now()).min(Duration::from_millis(100)));
        }
    }
    session.close().wait()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sensor_gives_a_number() {
        assert!(read_sensor().is_finite());
    }

    #[test]
    fn the_envelope_is_that_of_the_fleet() {
        let message = envelope("a", 7, json!({ "value": 1.5 }));
        assert_eq!(message["header"]["monotonic_seq"], 7);
        assert_eq!(message["body"]["value"], 1.5);
    }
}
