/** What doctor prints. Pure. */
import type { Outcome } from './check.ts';
import type { CheckReport } from './run-checks.ts';

/** Shape of `doctor --json`; fields are only added. */
export interface DoctorReport {
  readonly machine: string;
  readonly endpoint: string;
  /** False where a check found a warning or a problem. */
  readonly ok: boolean;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly checks: readonly CheckReport[];
}

export function makeReport(machine: string, endpoint: string, checks: readonly CheckReport[]): DoctorReport {
  const count = (outcome: Outcome): number => checks.filter((check) => check.outcome === outcome).length;
  const counts = {
    well: count('well'),
    hint: count('hint'),
    warning: count('warning'),
    problem: count('problem'),
    skipped: count('skipped'),
  };
  return { machine, endpoint, ok: counts.warning + counts.problem === 0, counts, checks };
}

const SIGNS: Readonly<Record<Outcome, string>> = { well: '✓', hint: 'i', warning: '!', problem: '✗', skipped: '-' };

/** A line for what is well, a paragraph for what is not. */
export function reportText({ machine, endpoint, counts, checks, ok }: DoctorReport): string {
  const lines = [`${machine}, router at ${endpoint}`];
  let area = '';
  for (const check of checks) {
    if (check.area !== area) lines.push('', check.area);
    area = check.area;
    lines.push(`  ${SIGNS[check.outcome]} ${check.title}: ${check.seen}`);
    if (check.fixed !== undefined) lines.push(`      fixed:  ${check.fixed}`);
    if (check.outcome === 'well' || check.outcome === 'skipped') continue;
    lines.push(`      tried:  ${check.tried}`);
    if (check.means !== undefined) lines.push(`      means:  ${check.means}`);
    if (check.remedy !== undefined) lines.push(`      remedy: ${check.remedy}`);
    if (check.isFixable === true && check.fixed === undefined)
      lines.push(`      or:     bubbaloop doctor --fix -c ${check.id}`);
  }
  const found = [counted(counts.problem, 'problem'), counted(counts.warning, 'warning')].filter(Boolean).join(', ');
  const rest = `${counts.well} well, ${counted(counts.hint, 'hint') || 'no hints'}, ${counts.skipped} not applicable here.`;
  lines.push('', `${ok ? 'Nothing is wrong' : found}: ${rest}`, '');
  return lines.join('\n');
}

function counted(count: number, word: string): string {
  return count === 0 ? '' : `${count} ${word}${count === 1 ? '' : 's'}`;
}
