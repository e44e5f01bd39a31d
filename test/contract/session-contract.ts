/** Every promise of source/zenoh/session.ts, held against one implementation. */
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { SessionKind } from '../../source/zenoh/session.ts';
import { linkContract } from './link.ts';
import { livelinessContract } from './liveliness.ts';
import { pubsubContract } from './pubsub.ts';
import { queryContract } from './queries.ts';
import { Bench, type Rig } from './rig.ts';
import { sharedMemoryContract } from './shared-memory.ts';

/** `kind` says what can be expected of shared memory. */
export function sessionContract(name: string, kind: SessionKind, startRig: () => Promise<Rig>): void {
  describe(`Session: ${name}`, () => {
    let bench: Bench | undefined;
    const current = () => {
      if (bench === undefined) throw new Error('the rig did not start');
      return bench;
    };
    beforeAll(async () => {
      bench = new Bench(await startRig());
    });
    afterEach(() => bench?.end());
    afterAll(() => bench?.rig.stop());

    describe('samples', () => pubsubContract(current));
    describe('queries', () => queryContract(current));
    describe('liveliness', () => livelinessContract(current));
    describe('shared memory', () => sharedMemoryContract(current, kind));
    describe('link', () => linkContract(current));
  });
}
