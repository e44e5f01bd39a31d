import { EXIT_OK, UserError, usageError } from '../errors.ts';
import { booleanFlag, type Command, numberFlag } from './command.ts';

const DEFAULT_GROWTH_FRAMES = 10_000;
/** How the benchmark starts its own second process. Not for people. */
const SENDER_OPERAND = 'shm-sender';

export const benchCommand: Command = {
  name: 'bench',
  summary: 'Measure this machine: frames through shared memory and over the WebSocket; pictures for the terminal',
  operands: 'shm|sixel',
  flags: {
    json: {
      type: 'boolean',
      summary:
        'print JSON: {results: [{way, sizeBytes, framesPerSecond, p50Ms, p99Ms}]} or {results: [{encoder, palette, width, height, msMedian, bytes}]}',
    },
    frames: {
      type: 'number',
      placeholder: 'N',
      summary: 'shm: frames over which the growth of memory is measured',
      defaultText: String(DEFAULT_GROWTH_FRAMES),
    },
  },
  examples: ['bubbaloop bench shm', 'bubbaloop bench sixel --json'],
  async run(invocation) {
    const [what, ...more] = invocation.operands;
    if (what === SENDER_OPERAND && process.send !== undefined) {
      const { runSender } = await import('../bench/sender.ts');
      await runSender();
      return EXIT_OK;
    }
    if ((what !== 'shm' && what !== 'sixel') || more.length > 0) {
      throw usageError('What to measure? There are: bubbaloop bench shm, bubbaloop bench sixel');
    }
    if (what === 'sixel') return measureEncoders(booleanFlag(invocation, 'json'));
    const growthFrames = numberFlag(invocation, 'frames') ?? DEFAULT_GROWTH_FRAMES;
    if (!Number.isSafeInteger(growthFrames) || growthFrames < 1) {
      throw usageError('--frames takes a whole number from 1 up.');
    }
    const { isNativeAvailable, nativeUnavailableReason } = await import('../zenoh/native-addon.ts');
    if (!isNativeAvailable()) {
      throw new UserError(`Shared memory needs the native addon: ${nativeUnavailableReason()}.`, {
        hint: 'It needs a Rust toolchain (https://rustup.rs), then: npm run build:native',
      });
    }
    const { runShmBench } = await import('./bench-run.ts');
    const { formatShmReport } = await import('../bench/shm.ts');
    const report = await runShmBench(growthFrames, [SENDER_OPERAND]);
    process.stdout.write(
      booleanFlag(invocation, 'json') ? `${JSON.stringify(report, null, 2)}\n` : formatShmReport(report),
    );
    return EXIT_OK;
  },
};

async function measureEncoders(isJson: boolean): Promise<number> {
  const { benchSixel, formatSixelReport } = await import('../bench/sixel.ts');
  const { nativePictures } = await import('../zenoh/native-pictures.ts');
  const report = benchSixel(nativePictures());
  process.stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : formatSixelReport(report));
  return EXIT_OK;
}
