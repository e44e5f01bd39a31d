/** The user's service manager, over D-Bus: org.freedesktop.systemd1(5). */
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Message, MessageBus } from 'dbus-native';
import { messageOf } from '../home.ts';
import { neededProperties, type Properties, type Setting, unitOfPath, unitPath } from './unit.ts';

const SYSTEMD = 'org.freedesktop.systemd1';
const MANAGER = { destination: SYSTEMD, path: '/org/freedesktop/systemd1', interface: `${SYSTEMD}.Manager` };
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const CONNECT_MS = 3_000;
const CALL_MS = 10_000;
const JOB_MS = 15_000;
const SIGNAL = 4;

/** An error that the manager answered with, `org.freedesktop.systemd1.UnitExists`. */
export function isManagerError(error: unknown, name: string): boolean {
  return error instanceof Error && 'dbusName' in error && String(error.dbusName).endsWith(`.${name}`);
}

/** Where the user's bus is; undefined where there is none. */
export function findUserBus(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const runtimeFolder = env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.() ?? 0}`;
  const socket = join(runtimeFolder, 'bus');
  if (existsSync(socket)) return `unix:path=${socket}`;
  return env.DBUS_SESSION_BUS_ADDRESS === '' ? undefined : env.DBUS_SESSION_BUS_ADDRESS;
}

export interface ListedUnit {
  readonly name: string;
  readonly activeState: string;
  readonly subState: string;
}

/**
 * Emits `changed` with what a unit says of itself, and `returned` when the bus was away meanwhile: signals were missed.
 * Calls reject with what the manager answered, or after 10 s.
 */
export class UserManager extends EventEmitter<{ changed: [unit: string, changed: Properties]; returned: [] }> {
  readonly #bus: MessageBus;
  /** By object path; kept only while someone starts. */
  readonly #jobs = new Map<string, PromiseWithResolvers<string>>();
  #waiting = 0;

  private constructor(bus: MessageBus) {
    super();
    this.#bus = bus;
  }

  /** Rejects with a reason for people where no manager answers. */
  static async connect(address: string): Promise<UserManager> {
    // Loaded late: a daemon without systemd need not have it.
    const { default: dbus } = await import('dbus-native');
    const bus = dbus.createClient({ busAddress: address, timeout: CALL_MS, reconnect: true });
    // What fails is told by the call that failed.
    bus.connection.on('error', () => undefined);
    bus.on('reconnectError', () => undefined);
    const manager = new UserManager(bus);
    try {
      await within(manager.#subscribe(), CONNECT_MS);
    } catch (error) {
      void bus.close().catch(() => undefined);
      throw new Error(`no user manager of systemd answers on ${address}: ${messageOf(error)}`, { cause: error });
    }
    bus.connection.on('message', (message) => manager.#take(message));
    bus.on('reconnected', () => {
      manager.#call('Subscribe').then(
        () => manager.emit('returned'),
        () => undefined,
      );
    });
    return manager;
  }

  /** `252`, of `252.39-1~deb12u2`. */
  async version(): Promise<number> {
    const text = await this.#get(MANAGER.path, MANAGER.interface, 'Version');
    return Number.parseInt(String(text), 10);
  }

  /** Those whose names match, with what little a list tells. */
  async list(pattern: string): Promise<readonly ListedUnit[]> {
    const rows: unknown = await this.#call('ListUnitsByPatterns', 'asas', [[], [pattern]]);
    if (!Array.isArray(rows)) return [];
    return rows.map((row: readonly unknown[]) => ({
      name: String(row[0]),
      activeState: String(row[3]),
      subState: String(row[4]),
    }));
  }

  /** What a unit says of itself, as far as it is read here. One that does not exist is `not-found` and `inactive`. */
  async properties(unit: string): Promise<Properties> {
    const both = await Promise.all(
      ['Unit', 'Service'].map((name) =>
        this.#bus.invoke<Properties>({
          destination: SYSTEMD,
          path: unitPath(unit),
          interface: PROPERTIES,
          member: 'GetAll',
          signature: 's',
          body: [`${SYSTEMD}.${name}`],
        }),
      ),
    );
    return { ...neededProperties(both[0] ?? {}), ...neededProperties(both[1] ?? {}) };
  }

  /** Resolves with the result of the job, `done` or `failed` among them. */
  async startTransient(unit: string, settings: readonly Setting[]): Promise<string> {
    this.#waiting += 1;
    try {
      const job = String(await this.#call('StartTransientUnit', 'ssa(sv)a(sa(sv))', [unit, 'fail', settings, []]));
      return await within(this.#job(job).promise, JOB_MS);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#jobs.clear();
    }
  }

  /** Asks for it; that it is done is seen by its state. */
  async stop(unit: string): Promise<void> {
    await this.#call('StopUnit', 'ss', [unit, 'replace']);
  }

  async resetFailed(unit: string): Promise<void> {
    await this.#call('ResetFailedUnit', 's', [unit]);
  }

  async disable(unit: string): Promise<void> {
    await this.#call('DisableUnitFiles', 'asb', [[unit], false]);
  }

  /** Reads the unit files again. */
  async reload(): Promise<void> {
    await this.#call('Reload');
  }

  async close(): Promise<void> {
    await this.#bus.close();
  }

  async #subscribe(): Promise<void> {
    const rule = `type='signal',sender='${SYSTEMD}'`;
    await this.#bus.addMatch(`${rule},interface='${PROPERTIES}',path_namespace='/org/freedesktop/systemd1/unit'`);
    await this.#bus.addMatch(`${rule},interface='${MANAGER.interface}',member='JobRemoved'`);
    // Without it the manager sends no signals.
    await this.#call('Subscribe');
  }

  #take(message: Message): void {
    if (message.type !== SIGNAL) return;
    const body = message.body ?? [];
    if (message.member === 'JobRemoved') {
      if (this.#waiting > 0) this.#job(String(body[1])).resolve(String(body[3]));
      return;
    }
    if (message.member !== 'PropertiesChanged') return;
    const unit = unitOfPath(message.path ?? '');
    const [, changed] = body;
    if (unit === undefined || typeof changed !== 'object' || changed === null) return;
    this.emit('changed', unit, neededProperties(changed));
  }

  #job(path: string): PromiseWithResolvers<string> {
    const job = this.#jobs.get(path) ?? Promise.withResolvers<string>();
    this.#jobs.set(path, job);
    return job;
  }

  async #call(member: string, signature = '', body: readonly unknown[] = []): Promise<unknown> {
    const message = { ...MANAGER, member, ...(signature === '' ? {} : { signature, body: [...body] }) };
    return await this.#bus.invoke<unknown>(message);
  }

  async #get(path: string, owner: string, name: string): Promise<unknown> {
    const where = { destination: SYSTEMD, path, interface: PROPERTIES, member: 'Get' };
    return await this.#bus.invoke<unknown>({ ...where, signature: 'ss', body: [owner, name] });
  }
}

async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
