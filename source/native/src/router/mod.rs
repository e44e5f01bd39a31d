mod args;
mod config;
mod json5_path;
mod ports;
mod probe;
mod run;
mod segments;

use args::{Action, Parsed};
use config::LoadedConfig;

/// What went wrong, for stderr, and the exit code that says so.
pub struct Failure {
    pub message: String,
    pub exit_code: i32,
}

impl Failure {
    pub fn failed(message: impl Into<String>) -> Self {
        Failure { message: message.into(), exit_code: 1 }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Failure { message: message.into(), exit_code: 2 }
    }
}

pub fn main() -> i32 {
    match run() {
        Ok(()) => 0,
        Err(failure) => {
            eprintln!("bubbaloop-router: {}", failure.message);
            failure.exit_code
        }
    }
}

fn run() -> Result<(), Failure> {
    let args = match args::parse(std::env::args().skip(1))? {
        Parsed::Run(args) => args,
        Parsed::Print(text) => {
            print!("{text}");
            return Ok(());
        }
    };
    let mut loaded = LoadedConfig::load(args.file.as_deref(), &args.settings)?;
    match args.action {
        Action::Check => {
            loaded.warnings().iter().for_each(|warning| eprintln!("bubbaloop-router: {warning}"));
            Ok(())
        }
        Action::PrintConfig => {
            println!("{}", loaded.to_json()?);
            Ok(())
        }
        Action::Run => {
            init_log();
            loaded.warnings().iter().for_each(|warning| eprintln!("bubbaloop-router: {warning}"));
            let ports = ports::claim(&mut loaded)?;
            run::run(loaded, ports)
        }
    }
}

/// Must come before the plugins, which would log to stdout where nobody has set a logger.
fn init_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        // The plugins warn at every client that leaves without a farewell; zenoh::bug reports at each clean end.
        EnvFilter::new("warn,zenoh::bug=off,zenoh_plugin_remote_api=error,zenoh_plugin_rest=error")
    });
    // Only fails where a logger is set already; then that one serves.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).try_init();
}
