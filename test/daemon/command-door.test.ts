import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AuditLog } from '../../source/daemon/audit-log.ts';
import { CommandDoor } from '../../source/daemon/command-door.ts';
import { CommandGuard } from '../../source/daemon/command-guard.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import { decodeNodeCommand } from '../../source/wire/command.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';
import { encodeSignedCommand } from '../../source/wire/signature.ts';

const signer = { key: FleetKey.generate(), sender: 'ada@console' };
let folder: string;
let audit: AuditLog;
let carriedOut: string[];
let door: CommandDoor;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-door-'));
  carriedOut = [];
  const say = () => undefined;
  audit = new AuditLog({ file: join(folder, 'audit.log'), say });
  const key = () => ({ kind: 'key', key: signer.key }) as const;
  const guard = new CommandGuard({ key, allowUnsigned: false, markFile: join(folder, 'mark'), say });
  const commands = {
    async answer(payload: Uint8Array | undefined) {
      const command = decodeNodeCommand(payload ?? new Uint8Array(0));
      if (!command.ok) throw new Error(command.reason);
      carriedOut.push(command.value.command);
      const { requestId } = command.value;
      return { requestId, success: true, message: 'Done.', output: '', respondingMachine: 'm1', timestampMs: 1 };
    },
  };
  door = new CommandDoor({ machineId: 'm1', guard, audit, commands });
});
afterEach(() => rmSync(folder, { recursive: true }));

const command = (targetMachine = 'm1') => ({
  command: 'start',
  nodeName: 'tick',
  requestId: 'r1',
  targetMachine,
  timestampMs: Date.now(),
});

async function lines(): Promise<Record<string, unknown>[]> {
  await audit.close();
  const text = readFileSync(join(folder, 'audit.log'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

it('carries out what is signed, and puts it on record before and after', async () => {
  expect(await door.answerQuery(encodeSignedCommand(command(), signer), false)).toMatchObject({ success: true });
  expect(carriedOut).toEqual(['start']);
  expect(await lines()).toMatchObject([
    { event: 'accepted', way: 'query', request_id: 'r1', node: 'tick', sender: 'ada@console', signed: true },
    { event: 'done', message: 'Done.' },
  ]);
});

it('answers for another machine only where that one cannot', async () => {
  const foreign = encodeSignedCommand(command('m2'), signer);
  expect(await door.answerQuery(foreign, true)).toBeUndefined();
  expect(await door.answerQuery(foreign, false)).toMatchObject({
    success: false,
    requestId: 'r1',
    refusal: 'other-machine',
    message: 'The command is for "m2", and this is m1.',
  });
  expect(carriedOut).toEqual([]);
});

it('takes what is unsigned through the socket, with its parameters on record', async () => {
  const payload = encodeCbor({ command: 'add', node_name: '', parameters: { source: '/nodes/\u001b[2Ja', count: 5n } });
  expect(await door.answerQuery(payload, false)).toMatchObject({ success: false, refusal: 'unsigned' });
  expect(await door.answerSocket(payload)).toMatchObject({ success: true });
  expect(await lines()).toMatchObject([
    { event: 'refused', way: 'query', signed: false },
    { event: 'accepted', way: 'socket', parameters: { source: '/nodes/a' } },
    { event: 'done' },
  ]);
});

it('answers what is no command, or too long for one', async () => {
  for (const payload of [undefined, Buffer.from('no cbor'), encodeCbor([1]), new Uint8Array(64 * 1024 + 1)]) {
    expect(await door.answerQuery(payload, false)).toMatchObject({ success: false, refusal: 'unreadable' });
  }
  expect(carriedOut).toEqual([]);
});

it('keeps texts from outside short and plain on record', async () => {
  const payload = encodeCbor({ command: `\u001b[31m${'x'.repeat(10_000)}`, node_name: 'a\nb', request_id: '\u0007' });
  await door.answerQuery(payload, false);
  const [line] = await lines();
  expect(line).toMatchObject({ event: 'refused', node: 'a b', request_id: '' });
  expect(String(line?.command)).toMatch(/^x{200}$/);
});
