/**
 * A small program for tests across hosts: watches the fleet as `top` does and prints, whenever it changes, the time (ms
 * since 1970) and how fresh a machine is. Arguments: ENDPOINT MACHINE.
 */
import { observeFleet } from '../../source/fleet/observe.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { initialState, machineFreshness } from '../../source/fleet/state.ts';
import { openSession } from '../../source/zenoh/open-session.ts';

const [endpoint = '', machine = ''] = process.argv.slice(2);
const session = openSession(endpoint, { shm: false });
let state = initialState(endpoint, Date.now());
let said = '';
observeFleet(session, {
  intervalMs: 1_000,
  onEvent: (event) => {
    state = reduce(state, event);
    const known = state.machines.get(machine);
    const freshness = known === undefined ? '' : machineFreshness(state, known);
    if (freshness !== said && freshness !== '') process.stdout.write(`${Date.now()} ${freshness}\n`);
    said = freshness;
  },
});
