import { readRecording } from '../../source/fleet/recording.ts';
import { RecordingWriter } from '../../source/fleet/recording-writer.ts';
import { USUAL_RULES } from '../../source/fleet/rules.ts';
import { Tape } from '../../source/fleet/tape.ts';
import { alertText } from '../../source/view/alerts.ts';
import { tellStory } from '../support/fleet-story.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { type Benchmark, type Figure, median } from './measure.ts';

const HOUR_SECONDS = 3_600;
const SEEKS = 200;

/** An hour of a fleet, recorded a step every half second as `top --record` does, then walked through at random. */
export const replay: Benchmark = {
  name: 'replay',
  async run() {
    return [...hour(3, 10), ...hour(50, 20)];
  },
};

function hour(machines: number, nodes: number): readonly Figure[] {
  const writer = new RecordingWriter(64 << 20);
  let file = Buffer.alloc(1 << 20);
  let used = 0;
  let recordMs = 0;
  const put = (writes: ReturnType<RecordingWriter['flush']>): void => {
    for (const { position, bytes } of writes) {
      while (position + bytes.length > file.length) file = Buffer.concat([file, Buffer.alloc(file.length)]);
      file.set(bytes, position);
      used = Math.max(used, position + bytes.length);
    }
  };
  put([writer.header()]);
  let step = 0;
  tellStory({ machines, nodes, steps: HOUR_SECONDS * 2 }, (state, atMs) => {
    const beganMs = performance.now();
    writer.record(state, atMs);
    step += 1;
    if (step % 2 === 0) put(writer.flush());
    recordMs += performance.now() - beganMs;
  });
  put(writer.end());
  const recording = readRecording(file.subarray(0, used));
  if (!recording.ok) throw new Error(recording.reason);
  const openedMs = performance.now();
  const tape = new Tape(recording.value, { rules: USUAL_RULES, words: alertText });
  tape.read(Number.POSITIVE_INFINITY);
  const openMs = performance.now() - openedMs;
  const random = seededRandom(2);
  const lengthMs = tape.endMs - tape.startMs;
  const seeks = Array.from({ length: SEEKS }, () => {
    const atMs = tape.startMs + random.below(lengthMs);
    const beganMs = performance.now();
    tape.stateAt(atMs);
    tape.alertsAt(atMs);
    tape.eventsAt(atMs);
    tape.topicsAt(atMs);
    tape.trendsAt(atMs);
    return performance.now() - beganMs;
  }).sort((a, b) => a - b);
  const of = `an hour of ${machines * nodes} nodes`;
  return [
    {
      what: `${of}: a jump to any moment, p99 of ${SEEKS}`,
      value: seeks[Math.floor(SEEKS * 0.99)] ?? 0,
      unit: 'ms',
      bar: { atMost: 100 },
    },
    { what: `${of}: a jump, median`, value: median(seeks), unit: 'ms' },
    { what: `${of}: all of it read in`, value: openMs, unit: 'ms' },
    { what: `${of}: size`, value: used / 1024, unit: 'KiB' },
    { what: `${of}: recording takes of a core`, value: (recordMs / (HOUR_SECONDS * 1000)) * 100, unit: '%' },
  ];
}
