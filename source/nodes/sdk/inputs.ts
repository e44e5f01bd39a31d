import { decodeMessage } from '../../wire/envelope.ts';
import { globalDataKey, localDataKey } from '../../wire/keys.ts';
import type { Declaration } from '../../zenoh/session.ts';
import type { NodeRuntime } from '../node-runtime.ts';
import type { InputSpec, InputSpecs, MessageInput, RawInput } from './define.ts';
import type { Troubles } from './troubles.ts';

/** Subscribes; `byName` are what the node's author listens with. */
export async function openInputs(
  runtime: NodeRuntime,
  specs: InputSpecs,
  troubles: Troubles,
): Promise<Readonly<Record<string, MessageInput | RawInput>>> {
  const byName: Record<string, MessageInput | RawInput> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const { input, declaration } = await openInput(runtime, name, spec, troubles);
    runtime.keep(declaration);
    byName[name] = input;
  }
  return byName;
}

interface Opened {
  readonly input: MessageInput | RawInput;
  readonly declaration: Declaration;
}

async function openInput(runtime: NodeRuntime, name: string, spec: InputSpec, troubles: Troubles): Promise<Opened> {
  const { topic, machine = runtime.machineId, scope = 'global', form = 'message' } = spec;
  const keyExpr = (scope === 'local' ? localDataKey : globalDataKey)(machine, topic);
  const flow = runtime.declareInput({ topic });
  const subject = `input ${name}`;
  const failed = (error: unknown): void =>
    troubles.report(subject, error instanceof Error ? error.message : String(error));
  return form === 'raw' ? openRaw() : openMessages();

  async function openMessages(): Promise<Opened> {
    const slot: { handler?: Parameters<MessageInput['on']>[0] } = {};
    const declaration = await runtime.session.declareSubscriber(keyExpr, (sample) => {
      if (sample.kind === 'delete') return;
      flow.received();
      const message = decodeMessage(sample.payload);
      if (!message.ok) return troubles.report(subject, `what came on ${sample.keyExpr} is ${message.reason}`);
      call(() => slot.handler?.({ keyExpr: sample.keyExpr, ...message.value }));
    });
    return { declaration, input: listener(slot) };
  }

  async function openRaw(): Promise<Opened> {
    const slot: { handler?: Parameters<RawInput['on']>[0] } = {};
    const declaration = await runtime.session.declareFrameSubscriber(keyExpr, (frame) => {
      flow.received();
      call(
        () => slot.handler?.(frame),
        () => frame.release(),
      );
    });
    return { declaration, input: listener(slot) };
  }

  function call(handle: () => void | Promise<void>, done: () => void = () => undefined): void {
    let result: void | Promise<void>;
    try {
      result = handle();
    } catch (error) {
      done();
      failed(error);
      return;
    }
    if (result instanceof Promise) result.then(() => troubles.report(subject), failed).finally(done);
    else {
      troubles.report(subject);
      done();
    }
  }
}

function listener<H>(slot: { handler?: H }): { on(handler: H): void } {
  return {
    on(handler) {
      slot.handler = handler;
    },
  };
}
