/** What `npm ci` runs: says each step, so that the minutes of the Rust build do not look like a hang. */
import { bundle } from './bundle.ts';
import { buildNative } from './native.ts';

const say = (line: string): void => {
  process.stderr.write(`bubbaloop: ${line}\n`);
};

say('1/2 bundling JavaScript into dist/');
await bundle();
say('2/2 building the native part (zenoh in Rust): about 9 minutes on 2 cores the first time, seconds afterwards');
const native = buildNative();
if (native.built) say(`done, native part in ${native.seconds} s. Look around with: bin/bubbaloop demo`);
else {
  say(
    `${native.reason}: built without the native part. ws:// and wss:// endpoints work; tcp/… endpoints, shared ` +
      'memory, router and demo need Rust (https://rustup.rs), then `npm run build:native`.',
  );
}
