import { chaosRounds } from '../support/chaos-rounds.ts';
import type { Benchmark } from './measure.ts';

const rounds = Number(process.env.CHAOS_ROUNDS ?? 200);

/** kill -9 of the daemon under load; `CHAOS_ROUNDS=20 npm run bench -- chaos` for a shorter one. */
export const chaos: Benchmark = {
  name: 'chaos',
  async run() {
    const startedAtMs = performance.now();
    const result = await chaosRounds(rounds, (line) => process.stderr.write(`  ${line}\n`));
    for (const problem of result.problems.slice(0, 20)) process.stderr.write(`  ${problem}\n`);
    return [
      {
        what: `kill -9 of the daemon, ${rounds} rounds: not as acknowledged, twice or left over`,
        value: result.problems.length,
        unit: 'nodes',
        bar: { atMost: 0 },
      },
      {
        what: 'looks at a node, of which only one state was right',
        value: (100 * result.definiteLooks) / result.looks,
        unit: '%',
      },
      { what: 'commands acknowledged meanwhile', value: result.acknowledged, unit: '' },
      { what: 'commands that failed for those of other clients', value: result.contended, unit: '' },
      { what: 'commands that a kill left without an answer', value: result.unanswered, unit: '' },
      { what: 'the rounds took', value: (performance.now() - startedAtMs) / 1_000, unit: 's' },
    ];
  },
};
