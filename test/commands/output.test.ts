import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { Output } from '../../source/commands/output.ts';

/** A reader that takes one chunk each time it is told to. */
class SlowReader extends Writable {
  readonly taken: string[] = [];
  #give: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#give = () => {
      this.taken.push(chunk.toString());
      done();
    };
  }

  async take(): Promise<void> {
    this.#give?.();
    // Drain and callbacks come in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('what a slow reader cannot take waits in a ring: the oldest goes first, and is counted', async () => {
  const reader = new SlowReader();
  const dropped: number[] = [];
  let madeCount = 0;
  const output = new Output(reader, (count) => dropped.push(count));
  for (let index = 0; index < 10_000; index++) {
    output.offer(1, () => {
      madeCount += 1;
      return `${index} `;
    });
  }
  expect(output.waitingCount).toBe(4_096);
  expect([madeCount, output.writtenCount]).toEqual([1, 1]);
  let isFlushed = false;
  const flushed = output.flushed().then(() => {
    isFlushed = true;
  });
  while (reader.taken.length < 4_097) {
    expect(isFlushed).toBe(false);
    await reader.take();
  }
  await reader.take();
  await flushed;
  expect(reader.taken.slice(0, 3)).toEqual(['0 ', '5904 ', '5905 ']);
  expect(reader.taken).toContain('9999 ');
  expect(dropped).toEqual([5_903]);
});

test('few large ones: bounded by what they hold, and one is always kept', () => {
  const output = new Output(new SlowReader());
  const mebibytes = 1024 * 1024;
  output.offer(1, () => 'first');
  for (let index = 0; index < 20; index++) output.offer(mebibytes, () => '');
  expect(output.waitingCount).toBe(4);
  output.offer(100 * mebibytes, () => '');
  expect(output.waitingCount).toBe(1);
});

test('a reader that is gone ends it quietly; any other error is an error', async () => {
  const reader = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('x'), { code: 'EPIPE' })),
  });
  const output = new Output(reader);
  await output.write('a');
  await output.closed;
  expect(output.isClosed).toBe(true);
  output.offer(1, () => 'never made');
  await output.write('b');
  await output.flushed();
  expect(output.writtenCount).toBe(0);
});

test('what is abandoned is counted as left out', () => {
  const dropped: number[] = [];
  const output = new Output(new SlowReader(), (count) => dropped.push(count));
  for (let index = 0; index < 5; index++) output.offer(1, () => 'x');
  output.abandon();
  expect(dropped).toEqual([4]);
});
