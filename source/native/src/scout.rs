use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use zenoh::config::WhatAmI;
use zenoh::scouting::Hello;
use zenoh::{Config, Wait};

use crate::error::{caught, guard, Failure, Outcome};
use crate::mailbox::lock;

/// Nobody waits longer than that in one call.
const LONGEST_MS: u32 = 60_000;

/// One who answered.
#[napi(object)]
pub struct Answer {
    pub zid: String,
    pub whatami: String,
    pub locators: Vec<String>,
}

pub struct Scouting {
    config: Config,
    wanted: Vec<WhatAmI>,
    duration: Duration,
}

/// Asks by multicast who is there, for `timeout_ms`, and resolves with those who answered, each once. `config` is JSON5,
/// of which `scouting/multicast` is used; `wanted` are of router, peer, client.
#[napi]
pub fn scout(config: String, wanted: Vec<String>, timeout_ms: u32) -> napi::Result<AsyncTask<Scouting>> {
    guard(|| {
        let config = Config::from_json5(&config).map_err(Failure::invalid)?;
        let wanted = wanted.iter().map(|word| word.parse().map_err(Failure::invalid)).collect::<Outcome<_>>()?;
        let duration = Duration::from_millis(timeout_ms.min(LONGEST_MS).into());
        Ok(AsyncTask::new(Scouting { config, wanted, duration }))
    })
}

impl Task for Scouting {
    type Output = Vec<Answer>;
    type JsValue = Vec<Answer>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        caught(|| self.run()).map_err(napi::Error::from)
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(output)
    }
}

impl Scouting {
    fn run(&self) -> Outcome<Vec<Answer>> {
        let Some(first) = self.wanted.first().copied() else { return Ok(Vec::new()) };
        let matcher =
            self.wanted.iter().skip(1).fold(first.into(), |sum: zenoh::config::WhatAmIMatcher, one| sum | *one);
        let found: Arc<Mutex<HashMap<String, Answer>>> = Arc::default();
        let into = found.clone();
        let scout = zenoh::scout(matcher, self.config.clone())
            .callback(move |hello: Hello| {
                let _ = caught(|| {
                    let zid = hello.zid().to_string();
                    let locators = hello.locators().iter().map(|locator| locator.to_string()).collect();
                    let answer = Answer { zid: zid.clone(), whatami: hello.whatami().to_string(), locators };
                    lock(&into).insert(zid, answer);
                    Ok(())
                });
            })
            .wait()
            .map_err(Failure::failed)?;
        std::thread::sleep(self.duration);
        scout.stop();
        let answers = std::mem::take(&mut *lock(&found));
        Ok(answers.into_values().collect())
    }
}
