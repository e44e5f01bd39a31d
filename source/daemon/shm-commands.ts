import type { MachineAction } from '../wire/command.ts';
import type { Outcome } from './node-commands.ts';
import { type CleanedSegment, type CleanOptions, type CleanResult, cleanShm } from './shm-clean.ts';

/** Carries out `check_shm` and `clean_shm`: one at a time, so that an answer counts what it removed itself. */
export function createShmCommands(
  options: Omit<CleanOptions, 'isDryRun'>,
): (action: MachineAction) => Promise<Outcome> {
  let last: Promise<CleanResult> = Promise.resolve({ ok: true, removed: [], kept: [] });
  return async (action) => {
    const isDryRun = action === 'check_shm';
    // A check changes nothing: it need not wait.
    if (isDryRun) return report(await cleanShm({ ...options, isDryRun }), isDryRun);
    last = last.then(() => cleanShm({ ...options, isDryRun }));
    return report(await last, isDryRun);
  };
}

function report(result: CleanResult, isDryRun: boolean): Outcome {
  if (!result.ok) return { ok: false, message: result.reason };
  const { removed, kept } = result;
  const verb = isDryRun ? 'Would remove' : 'Removed';
  const done =
    removed.length === 0
      ? `${isDryRun ? 'There is nothing to remove' : 'Nothing was removed'}`
      : `${verb} ${count(removed)}`;
  const stays =
    kept.length === 0 ? '' : `; ${count(kept)} without a user in sight ${kept.length === 1 ? 'stays' : 'stay'}`;
  const lines = [
    ...removed.map(({ name, sizeBytes }) => `${name}  ${formatSize(sizeBytes)}`),
    ...kept.map((segment) => `${segment.name}  ${formatSize(segment.sizeBytes)}  stays: ${segment.kept}`),
  ];
  return { ok: true, message: `${done}${stays}.`, output: lines.join('\n') };
}

function count(segments: readonly CleanedSegment[]): string {
  const size = formatSize(segments.reduce((total, { sizeBytes }) => total + sizeBytes, 0));
  return `${segments.length} ${segments.length === 1 ? 'segment' : 'segments'}, ${size}`;
}

function formatSize(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
