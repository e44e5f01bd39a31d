import { expect, it } from 'vitest';
import { lookAtOutputs, type OutputLook } from '../../source/daemon/output-flow.ts';
import type { NodeIo } from '../../source/wire/manifest.ts';

const output = (fields: Partial<NodeIo>): NodeIo => ({
  topic: 'cam/raw',
  everFired: true,
  stillLive: true,
  declaredAtNs: 0n,
  ...fields,
});
const counted = (firedCount: bigint, wanted: boolean, topic = 'cam/raw') => output({ firedCount, wanted, topic });
const LOOK_MS = 10_000;

/** The last of several looks, 10 s apart, at outputs that were declared `bornMs` before the first. */
function look(bornMs: number, ...all: readonly (readonly NodeIo[])[]): OutputLook | undefined {
  return all.reduce<OutputLook | undefined>((before, outputs, index) => {
    const atMs = index * LOOK_MS;
    return lookAtOutputs(before, outputs, { atMs, nowNs: BigInt(bornMs + atMs) * 1_000_000n });
  }, undefined);
}

it.each([
  ['none', [[]]],
  // Nodes that do not count.
  ['unknown', [[output({ everFired: false })]]],
  ['flowing', [[output({})]]],
  ['quiet', [[output({ stillLive: false })]]],
  // Ours.
  ['unknown', [[counted(500n, true)]]],
  ['flowing', [[counted(400n, true)], [counted(500n, true)]]],
  ['flowing', [[counted(400n, true)], [counted(500n, false)]]],
  ['quiet', [[counted(500n, true)], [counted(500n, true)]]],
  ['quiet', [[counted(0n, true)], [counted(0n, true)]]],
  ['unknown', [[counted(500n, false)], [counted(500n, true)]]],
  ['unwanted', [[counted(500n, true)], [counted(500n, false)]]],
  // The one that asks for attention.
  [
    'quiet',
    [
      [counted(5n, true), counted(0n, true, 'b')],
      [counted(6n, true), counted(0n, true, 'b')],
    ],
  ],
] as const)('calls outputs %s', (flow, looks) => {
  expect(look(60_000, ...looks)?.flow).toBe(flow);
});

it('tells the rate of the busiest', () => {
  expect(look(0, [counted(0n, true), counted(0n, true, 'b')])?.rateHz).toBeUndefined();
  const later = look(0, [counted(0n, true), counted(0n, true, 'b')], [counted(150n, true), counted(10n, true, 'b')]);
  expect(later?.rateHz).toBe(15);
});

it('is patient with what sends seldom, and with nothing else', () => {
  const same = (count: bigint, times: number) => Array.from({ length: times }, () => [counted(count, true)]);
  // Twice in ten minutes: due after a quarter of an hour.
  expect(look(600_000, ...same(2n, 60))?.flow).toBe('flowing');
  expect(look(600_000, ...same(2n, 300))?.flow).toBe('quiet');
  // Seldom over its life, since nobody listened; 15 a second when somebody did.
  const day = 86_400_000;
  expect(look(day, [counted(0n, true)], [counted(150n, true)], ...same(150n, 1))?.flow).toBe('quiet');
});
