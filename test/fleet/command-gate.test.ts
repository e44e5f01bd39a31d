import { expect, test } from 'vitest';
import { commandGate } from '../../source/fleet/command-gate.ts';
import { NODE_ACTIONS } from '../../source/wire/command.ts';

const done = { ok: true, message: 'done', output: '' };

test('a shut gate lets nothing out that changes anything', async () => {
  const sent: string[] = [];
  const send = commandGate(
    async (_target, action) => {
      sent.push(action);
      return done;
    },
    { readOnly: true },
  );
  for (const action of NODE_ACTIONS) {
    const outcome = await send({ machine: 'm', node: 'n' }, action);
    expect(outcome.ok, action).toBe(action === 'get_logs');
    if (!outcome.ok) expect(outcome.message).toContain('--read-only');
  }
  expect(sent).toEqual(['get_logs']);
});

test('an open gate lets all through, with its answer', async () => {
  const send = commandGate(async () => done, { readOnly: false });
  expect(await send({ machine: 'm', node: 'n' }, 'stop')).toBe(done);
});
