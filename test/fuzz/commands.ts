/** By hand: `node test/fuzz/commands.ts [COUNT] [SEED]`, default a million inputs. Exit code 1 where something broke or grew. */
import { runFuzz } from './run-fuzz.ts';

const MAX_GROWN_BYTES = 8 * 1024 * 1024;
const count = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);

const startedAtMs = performance.now();
const rssAtStart = process.memoryUsage().rss;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

print(`${count} inputs, seed ${seed}`);
const reports = await runFuzz(count, seed, ({ target, inputs, accepted, grownBytes, grownAnonymousBytes }) =>
  print(
    `${target.padEnd(20)} ${inputs} inputs, ${accepted} taken as valid; from a tenth of them on grown by ` +
      `${mib(grownBytes)}, anonymous memory by ${mib(grownAnonymousBytes)}; RSS ${mib(process.memoryUsage().rss)}`,
  ),
);
const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0);
print(`no crash in ${seconds} s; RSS ${mib(rssAtStart)} at the start, ${mib(process.memoryUsage().rss)} at the end`);
if (reports.some((report) => Math.max(report.grownBytes, report.grownAnonymousBytes) > MAX_GROWN_BYTES)) {
  print(`grown by more than ${mib(MAX_GROWN_BYTES)}`);
  process.exitCode = 1;
}
