import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findHome } from '../../source/daemon/home.ts';
import { checks } from '../../source/doctor/checks.ts';
import type { FactsOptions } from '../../source/doctor/facts.ts';
import { type CheckReport, type RunOptions, runChecks } from '../../source/doctor/run-checks.ts';
import { removeFolder } from './remove-folder.ts';

/** Nothing listens there. */
export const NO_ROUTER = 'tcp/127.0.0.1:1';

/** A home that is empty, and removed with the test. */
export class DoctorHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'bubbaloop-doctor-'));
  readonly home = findHome(this.folder, {});

  [Symbol.dispose](): void {
    removeFolder(this.folder);
  }
}

/** What one check says. */
export async function diagnose(
  id: string,
  options: Partial<FactsOptions> & Pick<FactsOptions, 'home'>,
  run: RunOptions = {},
): Promise<CheckReport> {
  const check = checks.find((candidate) => candidate.id === id);
  if (check === undefined) throw new Error(`there is no check ${id}`);
  const complete = { env: process.env, machineId: 'doctor_1', endpoint: NO_ROUTER, version: '0.1.0', ...options };
  const [report] = await runChecks([check], complete, run);
  if (report === undefined) throw new Error('no report');
  return report;
}
