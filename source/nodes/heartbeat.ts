import type { Session } from '../zenoh/session.ts';
import { type NodeRuntime, startNode } from './node-runtime.ts';

/** A node that beats and does nothing else. */
export function startHeartbeat(options: {
  readonly session: Session;
  readonly machineId: string;
  readonly name: string;
}): Promise<NodeRuntime> {
  return startNode({ ...options, role: 'unknown', kind: 'heartbeat' });
}
