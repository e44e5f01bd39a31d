use super::Failure;

const HELP: &str = "\
Usage: bubbaloop-router [-c FILE] [--set KEY:VALUE ...] [--check | --print-config]

  -c, --config FILE   zenoh configuration (JSON5, YAML or TOML); default: zenoh's own, in mode router
  --set KEY:VALUE     set one value, VALUE in JSON5, as in connect/endpoints:[\"tcp/10.0.0.1:7447\"]
  --check             parse and validate only; exit 0 or 2
  --print-config      print the resulting configuration as JSON and exit
  --version           print the version of zenoh and exit
";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Run,
    Check,
    PrintConfig,
}

pub struct Args {
    pub file: Option<String>,
    /// Key and JSON5 value, in the order given.
    pub settings: Vec<(String, String)>,
    pub action: Action,
}

pub enum Parsed {
    Run(Args),
    Print(String),
}

pub fn parse(words: impl Iterator<Item = String>) -> Result<Parsed, Failure> {
    let mut args = Args { file: None, settings: Vec::new(), action: Action::Run };
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_string(), Some(value.to_string())),
            _ => (word, None),
        };
        let mut value = |what: &str| {
            inline.clone().or_else(|| words.next()).ok_or_else(|| Failure::usage(format!("{name} needs {what}")))
        };
        match name.as_str() {
            "-c" | "--config" => args.file = Some(value("a file")?),
            "--set" => {
                let text = value("KEY:VALUE")?;
                match text.split_once(':') {
                    Some((key, json5)) if !key.trim().is_empty() => {
                        args.settings.push((key.trim().to_string(), json5.to_string()));
                    }
                    _ => return Err(Failure::usage(format!("--set wants KEY:VALUE, got `{text}`"))),
                }
            }
            "--check" => args.action = Action::Check,
            "--print-config" => args.action = Action::PrintConfig,
            "-h" | "--help" => return Ok(Parsed::Print(HELP.to_string())),
            "-V" | "--version" => return Ok(Parsed::Print(format!("zenoh {}\n", zenoh::GIT_VERSION))),
            other => return Err(Failure::usage(format!("unknown argument `{other}`\n{}", HELP.trim_end()))),
        }
    }
    Ok(Parsed::Run(args))
}
