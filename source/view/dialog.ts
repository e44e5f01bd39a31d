/** The question before something stops: what will happen, to what, where. Enter is the safe answer. */
import { formatAge } from './format.ts';
import type { NodeRow } from './rows.ts';
import { sanitize } from './text.ts';
import type { Dialog } from './ui-state.ts';

export function makeDialog(action: 'stop' | 'restart', row: NodeRow, nowMs: number): Dialog {
  const { machine, node } = row;
  const name = sanitize(node.name);
  const where = sanitize(machine);
  const running =
    node.status === 'running'
      ? `It is running${node.upSinceMs === undefined ? '' : ` for ${formatAge(nowMs - node.upSinceMs)}`}${node.pid === undefined ? '' : `, process ${node.pid}`}.`
      : `It is ${node.status} now.`;
  const consequence =
    action === 'stop'
      ? 'Its processes are asked to end, and killed if they have not after 5 s. It stays stopped until somebody starts it.'
      : 'It is stopped and started again; what it publishes pauses meanwhile.';
  return {
    action,
    machine,
    node: node.name,
    title: `${action === 'stop' ? 'Stop' : 'Restart'} ${name} on ${where}?`,
    body: [running, consequence],
    confirmLabel: action === 'stop' ? 'Stop' : 'Restart',
    choice: 'cancel',
  };
}
