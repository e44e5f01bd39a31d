import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { NodeRole } from '../../wire/manifest.ts';
import type { Session } from '../../zenoh/session.ts';
import { type NodeRuntime, startNode } from '../node-runtime.ts';
import { beat } from './beat.ts';
import { type CheckedNode, checkNode } from './check.ts';
import type { AnyNodeDefinition, ConfigFields, InputSpecs, OutputSpecs, RunningNode } from './define.ts';
import { openInputs } from './inputs.ts';
import { openOutputs } from './outputs.ts';
import { answerConfig, Commands } from './queries.ts';
import { Troubles } from './troubles.ts';

export interface StartOptions {
  readonly session: Session;
  readonly machineId: string;
  /** Name of this instance. */
  readonly name: string;
  readonly configFile?: string | undefined;
  /** What {@link checkNode} made of it, where the caller has done that. */
  readonly checked?: CheckedNode;
  readonly heartbeatMs?: number;
  /** Takes the node's lines; default stderr. */
  readonly say?: (message: string) => void;
}

export interface DefinedNode extends NodeRuntime {
  /** Rejects with what `run` rejected with later than at once; pending otherwise. The node is to be closed then. */
  readonly failed: Promise<never>;
}

/** At its end a node's `run` may take so long of the 5 s that it has. */
const RUN_END_MS = 2_000;

/**
 * Starts a node on a session, which it closes at its end. Throws a UserError before anything is declared where its
 * configuration or topics are not sound; what `run` throws at once comes through when all is taken back. A `run` that
 * goes on until its signal is aborted is started, too.
 */
export async function startDefinedNode(definition: AnyNodeDefinition, options: StartOptions): Promise<DefinedNode> {
  const { session, machineId, name, heartbeatMs } = options;
  const { config, outputs, inputs } = options.checked ?? checkNode(definition, options.configFile);
  const say = options.say ?? ((message: string) => void process.stderr.write(`${name}: ${message}\n`));
  const troubles = new Troubles(say);
  const role = definition.role ?? roleOf(outputs, inputs);
  const runtime = await startNode({ session, machineId, name, role, kind: definition.kind, heartbeatMs });
  const ending = new AbortController();
  const cleanUps: (() => unknown)[] = [];
  let work: Promise<unknown> = Promise.resolve();
  const close = async (): Promise<void> => {
    ending.abort();
    // Its loop sees the signal; what it threw was told to who waited for it.
    const result = await Promise.race([work.catch(() => undefined), sleep(RUN_END_MS, undefined, { ref: false })]);
    if (typeof result === 'function') cleanUps.push(result as () => unknown);
    for (const cleanUp of cleanUps.splice(0).reverse()) {
      try {
        await cleanUp();
      } catch (error) {
        say(`while ending: ${messageOf(error)}`);
      }
    }
    await runtime.close();
  };
  try {
    const opened = await openOutputs(runtime, outputs, definition.kind);
    cleanUps.push(() => opened.close());
    const commands = new Commands(runtime);
    const node: RunningNode<ConfigFields, OutputSpecs, InputSpecs> = {
      name,
      machineId,
      config: config as never,
      outputs: opened.byName as never,
      inputs: (await openInputs(runtime, inputs, troubles)) as never,
      session,
      signal: ending.signal,
      every(periodMs, work) {
        const subject = `every ${Math.round(periodMs)} ms`;
        beat({
          periodMs,
          work,
          signal: ending.signal,
          onError: (error) => troubles.report(subject, messageOf(error)),
          onSuccess: () => troubles.report(subject),
        });
      },
      say,
      trouble: (subject, reason) => troubles.report(subject, reason),
      setHealthy: (isHealthy) => runtime.setHealthy(isHealthy),
      onCommand: (command, params, handler) => commands.add(command, params, handler as never),
    };
    await answerConfig(runtime, definition.kind, config, definition.secrets ?? []);
    await commands.open();
    work = (async () => definition.run(node as never))();
    await Promise.race([work, nextTurn()]);
  } catch (error) {
    await close();
    throw error;
  }
  const failed = work.then(() => new Promise<never>(() => undefined));
  // Who does not look at it closes the node some other way.
  failed.catch(() => undefined);
  return { ...runtime, close, failed };
}

function roleOf(outputs: OutputSpecs, inputs: InputSpecs): NodeRole {
  const [hasOutputs, hasInputs] = [outputs, inputs].map((specs) => Object.keys(specs).length > 0);
  if (hasOutputs) return hasInputs ? 'processor' : 'source';
  return hasInputs ? 'sink' : 'unknown';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
