/** How a node wants to be run, as its node.yaml says: `restart`, `success_exit_codes`, `depends_on`. */
export interface RunPolicy {
  /** After an end that nobody asked for. `on-failure` where node.yaml does not say. */
  readonly restart: 'never' | 'on-failure' | 'always';
  /** Of an end that is no failure. */
  readonly successExitCodes: readonly number[];
  /** Names of nodes that are started before it. */
  readonly dependsOn: readonly string[];
}

export const DEFAULT_POLICY: RunPolicy = { restart: 'on-failure', successExitCodes: [0], dependsOn: [] };

/** The policy of a node.yaml; or what is wrong with it. */
export function readRunPolicy(yaml: Readonly<Record<string, unknown>>): RunPolicy | string {
  const { restart = 'on-failure', success_exit_codes: codes = [0], depends_on: dependsOn = [] } = yaml;
  if (restart !== 'never' && restart !== 'on-failure' && restart !== 'always') {
    return `"restart" is ${JSON.stringify(restart)}; it may be never, on-failure or always`;
  }
  if (!isListOf(codes, isExitCode)) return '"success_exit_codes" is no list of numbers from 0 to 255';
  // An empty entry of a template, `depends_on:`, is null.
  const names = dependsOn ?? [];
  if (!isListOf(names, (name) => typeof name === 'string')) return '"depends_on" is no list of names';
  return { restart, successExitCodes: codes, dependsOn: names };
}

function isExitCode(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}

function isListOf<T>(value: unknown, isMember: (member: unknown) => member is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isMember);
}
