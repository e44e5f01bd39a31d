/** Units of nodes as systemd knows them, pure. Names of properties are those of org.freedesktop.systemd1(5). */
import { constants } from 'node:os';
import type { ProcessEnd, StartRequest } from '../backend.ts';
import { HOME_MARKER, START_MARKER } from '../family.ts';

/** journal priorities, sd-daemon(3): which stream a line came from. */
export const OUT_PRIORITY = '6';
const UNIT_FOLDER = '/org/freedesktop/systemd1/unit/';
/** Exit codes by which systemd tells that it could not get as far as the program, systemd.exec(5). */
const FIRST_STEP_CODE = 200;
const CHDIR_CODE = 200;
/** Of siginfo_t, sigaction(2). */
const CLD_EXITED = 1;

export type Properties = Readonly<Record<string, unknown>>;
/** A name and a variant: its signature, its value. */
export type Setting = readonly [name: string, variant: readonly [signature: string, value: unknown]];

export function unitName(node: string): string {
  return `bubbaloop-${node}.service`;
}

/** The node whose unit has that name. */
export function nodeName(unit: string): string | undefined {
  return /^bubbaloop-(.+)\.service$/.exec(unit)?.[1];
}

/**
 * What the journal calls its output. The unit's name would not do: journald looks it up by the process, and the last lines
 * of one that has ended meanwhile go without.
 */
export function journalName(unit: string): string {
  return unit.slice(0, -'.service'.length);
}

/** Its object on the bus: everything but letters and digits is escaped. */
export function unitPath(unit: string): string {
  const escaped = (sign: string): string => `_${sign.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return UNIT_FOLDER + unit.replace(/[^A-Za-z0-9]/g, escaped);
}

/** Undefined where the object is no unit. */
export function unitOfPath(path: string): string | undefined {
  if (!path.startsWith(UNIT_FOLDER)) return undefined;
  return path
    .slice(UNIT_FOLDER.length)
    .replace(/_([0-9a-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export interface UnitState {
  readonly loadState: string;
  /** `active`, `activating`, `deactivating`, `inactive`, `failed`. */
  readonly activeState: string;
  /** `running`, `exited`, `auto-restart`, … */
  readonly subState: string;
  /** 0 where it does not live. */
  readonly mainPid: number;
  /** The last main process, also when it has ended; 0 where there was none. */
  readonly lastPid: number;
  readonly exitCode: number;
  readonly exitStatus: number;
  readonly startedAtMs: number;
  readonly result: string;
  readonly jobId: number;
  readonly folder: string;
  readonly fragment: string;
  readonly isTransient: boolean;
  /** Which home's daemon started it, and which of its starts this is; undefined where it was someone else. */
  readonly home: string | undefined;
  readonly runId: string | undefined;
}

const READ_NAMES = new Set([
  'LoadState',
  'ActiveState',
  'SubState',
  'MainPID',
  'ExecMainPID',
  'ExecMainCode',
  'ExecMainStatus',
  'ExecMainStartTimestamp',
  'Result',
  'Job',
  'WorkingDirectory',
  'FragmentPath',
  'Transient',
  'Environment',
]);

/** Those that are read here; a unit has three hundred, and there may be a hundred units. */
export function neededProperties(properties: object): Properties {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => READ_NAMES.has(name))
      .map(([name, value]) => [name, name === 'Environment' ? ownVariables(value) : value]),
  );
}

function ownVariables(environment: unknown): unknown {
  const isOwn = (word: unknown): boolean => /^BUBBALOOP_[A-Z_]+=/.test(String(word));
  return Array.isArray(environment) ? environment.filter(isOwn) : [];
}

/** From the properties of both interfaces, `Unit` and `Service`, in one map. */
export function readUnit(properties: Properties): UnitState {
  const text = (name: string): string => (typeof properties[name] === 'string' ? properties[name] : '');
  const number = (name: string): number => Number(properties[name] ?? 0);
  const environment = Array.isArray(properties.Environment) ? properties.Environment.map(String) : [];
  const variable = (name: string): string | undefined =>
    environment.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    loadState: text('LoadState'),
    activeState: text('ActiveState'),
    subState: text('SubState'),
    mainPid: number('MainPID'),
    lastPid: number('ExecMainPID'),
    exitCode: number('ExecMainCode'),
    exitStatus: number('ExecMainStatus'),
    startedAtMs: Math.floor(number('ExecMainStartTimestamp') / 1_000),
    result: text('Result'),
    jobId: Array.isArray(properties.Job) ? Number(properties.Job[0]) : 0,
    folder: text('WorkingDirectory'),
    fragment: text('FragmentPath'),
    isTransient: properties.Transient === true,
    home: variable(HOME_MARKER),
    runId: variable(START_MARKER),
  };
}

/** How its main process ended. */
export function endOf(state: UnitState): ProcessEnd {
  if (state.exitCode === 0) return { code: null, signal: null };
  if (state.exitCode === CLD_EXITED) return { code: state.exitStatus, signal: null };
  return { code: null, signal: signalName(state.exitStatus) };
}

function signalName(number: number): string {
  const names = Object.entries(constants.signals);
  return names.find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}

/** Why systemd did not come as far as the program; undefined where it did. */
export function startProblem(state: UnitState): string | undefined {
  if (state.exitCode === CLD_EXITED && state.exitStatus < FIRST_STEP_CODE && state.lastPid !== 0) return undefined;
  if (state.exitCode > CLD_EXITED) return undefined;
  if (state.exitStatus === CHDIR_CODE) return 'its folder cannot be entered';
  return `systemd did not start it (${state.result}, status ${state.exitStatus})`;
}

/** Systemd sets these for each unit; those of the daemon's own unit must not hide them. */
const OWN_VARIABLES = new Set([
  'INVOCATION_ID',
  'JOURNAL_STREAM',
  'NOTIFY_SOCKET',
  'MANAGERPID',
  'SYSTEMD_EXEC_PID',
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
]);

/**
 * What a transient unit is made of. Systemd takes words as they are, but for `$`; it refuses a whole environment for one
 * variable whose name is none (an exported shell function) or whose value has control characters, so those are left out.
 */
export function unitSettings(
  request: Pick<StartRequest, 'words' | 'cwd' | 'env'>,
  options: { readonly node: string; readonly runId: string; readonly graceMs: number; readonly catProgram: string },
): readonly Setting[] {
  const { node, runId, graceMs, catProgram } = options;
  // It replaces itself by the node, once it has connected both streams, each under a priority of its own.
  const cat = [
    'systemd-cat',
    '-t',
    journalName(unitName(node)),
    '-p',
    'info',
    '--stderr-priority=err',
    '--level-prefix=false',
  ];
  const words = [...cat, '--', ...request.words].map((word) => word.replaceAll('$', '$$$$'));
  const environment = Object.entries({ ...request.env, [START_MARKER]: runId }).filter(isEnvironment);
  return [
    ['Description', ['s', `bubbaloop node ${node}`]],
    ['Type', ['s', 'exec']],
    ['ExecStart', ['a(sasb)', [[catProgram, words, false]]]],
    ['Environment', ['as', environment.map(([name, value]) => `${name}=${value}`)]],
    ['WorkingDirectory', ['s', request.cwd]],
    ['KillMode', ['s', 'control-group']],
    ['TimeoutStopUSec', ['t', graceMs * 1_000]],
    // Whether and when it is started again is the daemon's to decide.
    ['Restart', ['s', 'no']],
    // Its exit stays known until the daemon has read it, also where that is the next daemon.
    ['RemainAfterExit', ['b', true]],
    ['StartLimitIntervalUSec', ['t', 0]],
  ];
}

function isEnvironment(entry: [string, string | undefined]): entry is [string, string] {
  const [name, value] = entry;
  return (
    value !== undefined &&
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
    !OWN_VARIABLES.has(name) &&
    !/[\u0000-\u0008\u000b-\u001f\u007f\ufffd]/.test(value)
  );
}
