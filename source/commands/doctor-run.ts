/** `bubbaloop doctor`: all checks or some, as text or JSON. */
import packageJson from '../../package.json' with { type: 'json' };
import { AREAS } from '../doctor/check.ts';
import { checks } from '../doctor/checks.ts';
import type { FactsOptions } from '../doctor/facts.ts';
import { makeReport, reportText } from '../doctor/report.ts';
import { runChecks } from '../doctor/run-checks.ts';
import { EXIT_FAILED, EXIT_OK, usageError } from '../errors.ts';
import { parseEndpoint, resolveEndpoint } from '../zenoh/endpoint.ts';
import { booleanFlag, type Invocation, numberFlag, stringFlag } from './command.ts';
import { explained } from './command-session.ts';
import { localMachine } from './node-local.ts';

export async function runDoctor(invocation: Invocation): Promise<number> {
  if (numberFlag(invocation, 'duration') !== undefined) throw usageError('--duration goes with doctor why KEY.');
  if (booleanFlag(invocation, 'askRouters')) throw usageError('--ask-routers goes with doctor why KEY.');
  const wanted = wantedChecks(invocation.flags.check);
  const options = factsOptions(invocation);
  const reports = await runChecks(wanted, options, { fix: booleanFlag(invocation, 'fix') });
  const report = makeReport(options.machineId, options.endpoint, reports);
  process.stdout.write(
    booleanFlag(invocation, 'json') ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report),
  );
  return report.ok ? EXIT_OK : EXIT_FAILED;
}

export function factsOptions(invocation: Invocation): FactsOptions {
  const { home, machineId } = localMachine(invocation);
  const endpoint = resolveEndpoint(stringFlag(invocation, 'endpoint'));
  // What can never be an endpoint is the caller's mistake, and nothing to be found out.
  explained(() => parseEndpoint(endpoint));
  return { env: process.env, home, machineId, endpoint, version: packageJson.version };
}

function wantedChecks(names: Invocation['flags'][string]): typeof checks {
  if (!Array.isArray(names) || names.length === 0) return checks;
  for (const name of names) {
    if (!checks.some(({ id, area }) => id === name || area === name)) {
      throw usageError(
        `doctor has no area or check ${JSON.stringify(name)}.`,
        `Areas: ${AREAS.join(', ')}. Checks: ${checks.map(({ id }) => id).join(', ')}.`,
      );
    }
  }
  return checks.filter(({ id, area }) => names.includes(id) || names.includes(area));
}
