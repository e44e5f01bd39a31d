use std::path::Path;

use serde_json::Value;
use zenoh::Config;

use super::{json5_path, Failure};

/// A validated configuration and what this program itself must know of it.
pub struct LoadedConfig {
    pub config: Config,
    /// For messages: the file, or what stands in for it.
    pub origin: String,
    /// Where the WebSocket of remote_api listens, `[::]:10000`; none where the plugin is not configured.
    pub websocket: Option<String>,
    pub websocket_tls: bool,
    /// Where REST listens; none where the plugin is not configured.
    pub rest: Option<String>,
    warnings: Vec<String>,
}

pub const WEBSOCKET_KEY: &str = "plugins/remote_api/websocket_port";
pub const REST_KEY: &str = "plugins/rest/http_port";

impl LoadedConfig {
    pub fn load(file: Option<&str>, settings: &[(String, String)]) -> Result<Self, Failure> {
        let origin = file.unwrap_or("zenoh's default configuration").to_string();
        let (mut config, names_adminspace) = match file {
            Some(file) => read_file(file)?,
            None => (Config::default(), false),
        };
        // Both as zenohd does: a router unless told otherwise, and one that can be looked into.
        if json_at(&config, "mode").is_none() {
            insert(&mut config, "mode", "\"router\"")?;
        }
        if !names_adminspace {
            insert(&mut config, "adminspace/enabled", "true")?;
        }
        for (key, value) in settings {
            insert(&mut config, key, value)?;
        }
        // Zenoh sleeps that long after its start, for scouting to find somebody, also where scouting is off.
        if json_at(&config, "scouting/multicast/enabled") == Some(Value::Bool(false))
            && json_at(&config, "scouting/delay").is_none()
        {
            insert(&mut config, "scouting/delay", "0")?;
        }
        let mut loaded =
            LoadedConfig { config, origin, websocket: None, websocket_tls: false, rest: None, warnings: Vec::new() };
        loaded.read_plugins()?;
        Ok(loaded)
    }

    /// The value at a path of the configuration, none where it is absent or null.
    pub fn value_at(&self, key: &str) -> Option<Value> {
        json_at(&self.config, key)
    }

    pub fn set(&mut self, key: &str, json5: &str) -> Result<(), Failure> {
        insert(&mut self.config, key, json5)
    }

    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub fn to_json(&self) -> Result<String, Failure> {
        let value: Value =
            serde_json::from_str(&self.config.to_string()).map_err(|e| Failure::failed(e.to_string()))?;
        serde_json::to_string_pretty(&value).map_err(|e| Failure::failed(e.to_string()))
    }

    /// Also fails on what a plugin would refuse later, with no more than a line in the log.
    pub fn read_plugins(&mut self) -> Result<(), Failure> {
        let Some(Value::Object(plugins)) = self.value_at("plugins") else {
            return Ok(());
        };
        self.warnings.clear();
        for (name, value) in plugins {
            let wrong = |e: serde_json::Error| Failure::usage(format!("{}: plugins/{name}: {e}", self.origin));
            match name.as_str() {
                "remote_api" => {
                    let parsed: zenoh_plugin_remote_api::Config = serde_json::from_value(value).map_err(wrong)?;
                    self.websocket_tls = parsed.secure_websocket.is_some();
                    self.websocket = Some(parsed.websocket_port);
                }
                "rest" => {
                    let parsed: zenoh_plugin_rest::Config = serde_json::from_value(value).map_err(wrong)?;
                    self.rest = Some(parsed.addr.to_string());
                }
                _ => {
                    let text = format!(
                        "{}: plugins/{name}: this router has the plugins remote_api and rest only",
                        self.origin
                    );
                    if value.get("__required__").and_then(Value::as_bool) == Some(true) {
                        return Err(Failure::usage(text));
                    }
                    self.warnings.push(format!("{text}; ignored"));
                }
            }
        }
        Ok(())
    }
}

fn json_at(config: &Config, key: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(&config.get_json(key).ok()?).ok()?;
    (!value.is_null()).then_some(value)
}

fn insert(config: &mut Config, key: &str, json5: &str) -> Result<(), Failure> {
    config
        .insert_json5(key, json5)
        .map_err(|e| Failure::usage(format!("setting `{key}` to `{json5}`: {}", tidy(&e.to_string()))))
}

/// The configuration, and whether the file itself says whether the admin space is on.
fn read_file(file: &str) -> Result<(Config, bool), Failure> {
    let wrong = |text: String| Failure::usage(format!("{file}: {text}"));
    let text = std::fs::read_to_string(file).map_err(|e| wrong(e.to_string()))?;
    let extension = Path::new(file).extension().and_then(|e| e.to_str()).unwrap_or("");
    if matches!(extension, "yaml" | "yml" | "toml") {
        let config = Config::from_file(file).map_err(|e| wrong(tidy(&e.to_string())))?;
        return Ok((config, text.contains("adminspace")));
    }
    if text.trim().is_empty() {
        return Err(wrong("the file is empty".to_string()));
    }
    // Zenoh's own reader prints the position of an error in debug form, so read it here first.
    let config = parse_json5(&text).map_err(|e| Failure::usage(format!("{file}{e}")))?;
    let names_adminspace =
        json5::from_str::<Value>(&text).ok().is_some_and(|value| value.pointer("/adminspace/enabled").is_some());
    // Only zenoh's reader follows the plugins' `__config__` files, and only with these endings.
    if matches!(extension, "json" | "json5") {
        let config = Config::from_file(file).map_err(|e| wrong(tidy(&e.to_string())))?;
        return Ok((config, names_adminspace));
    }
    Ok((config, names_adminspace))
}

/// The error starts with `:LINE:COLUMN` where known.
fn parse_json5(text: &str) -> Result<Config, String> {
    let mut deserializer = json5::Deserializer::from_str(text).map_err(|e| describe(text, e))?;
    Config::from_deserializer(&mut deserializer).map_err(|e| match e {
        Ok(_) => ": the configuration is well formed, but zenoh finds it invalid".to_string(),
        Err(e) => describe(text, e),
    })
}

fn describe(text: &str, error: json5::Error) -> String {
    let json5::Error::Message { msg, location } = error;
    let Some(location) = location else {
        return format!(": {}", tidy(&msg));
    };
    // A syntax error comes with a drawing of the line, and names what the reader tried last, not always what is missing.
    let message = if msg.contains("-->") { format!("not valid JSON5 ({})", tidy(&msg)) } else { tidy(&msg) };
    let key = json5_path::key_at(text, location.line, location.column);
    let named = key.map(|key| format!("key `{key}`: ")).unwrap_or_default();
    format!(":{}:{}: {named}{message}", location.line, location.column)
}

/// Keeps the sentence of a drawn syntax error; zenoh's errors end with the place in zenoh's own source, which goes too.
fn tidy(message: &str) -> String {
    let drawn = message.lines().find_map(|line| line.trim().strip_prefix("= "));
    let text = drawn.unwrap_or(message).trim();
    let text = match text.rfind(" at /").filter(|_| text.ends_with(|c: char| c == '.' || c.is_ascii_digit())) {
        Some(end) => text[..end].trim_end(),
        None => text,
    };
    // Some of zenoh's errors are printed as a debug value.
    text.strip_prefix("Str(\"").and_then(|t| t.strip_suffix("\")")).unwrap_or(text).to_string()
}
