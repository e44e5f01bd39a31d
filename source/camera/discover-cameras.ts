import { nodeManifestKey, parseKey } from '../wire/keys.ts';
import { decodeNodeManifest, type NodeManifest } from '../wire/manifest.ts';
import { isMachineId } from '../wire/names.ts';
import type { Session } from '../zenoh/session.ts';
import type { CameraId } from './camera-feed.ts';

/** What a camera may send; by the last word of its key. */
export type CameraOutput = 'raw' | 'compressed' | 'thumbnail';

const OUTPUTS: readonly CameraOutput[] = ['raw', 'compressed', 'thumbnail'];

/** A camera as a node's manifest tells of it. `node` is its name in its keys. */
export interface DiscoveredCamera extends CameraId {
  /** The node that sends its pictures; as a rule its name is the camera's. */
  readonly instance: string;
  readonly outputs: readonly CameraOutput[];
}

export interface DiscoverOptions {
  /** Default `*`, every machine. */
  readonly machine?: string | undefined;
  /** Time for all nodes to answer; default 2 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asks all nodes for their manifests. Sorted by machine and name. Throws SessionError where there is no link. */
export async function discoverCameras(
  session: Session,
  options: DiscoverOptions = {},
): Promise<readonly DiscoveredCamera[]> {
  const found = new Map<string, DiscoveredCamera>();
  const replies = session.get(nodeManifestKey(options.machine ?? '*', '*'), {
    target: 'all',
    consolidation: 'none',
    timeoutMs: options.timeoutMs ?? 2_000,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  for await (const reply of replies) {
    if (!reply.ok) continue;
    const key = parseKey(reply.sample.keyExpr);
    const manifest = decodeNodeManifest(reply.sample.payload);
    if (key.kind !== 'node-manifest' || !manifest.ok) continue;
    for (const camera of camerasOf(manifest.value, key)) found.set(`${camera.machine}/${camera.node}`, camera);
  }
  return [...found.values()].sort(
    (left, right) => left.machine.localeCompare(right.machine) || left.node.localeCompare(right.node),
  );
}

/** The cameras that a node's manifest tells of; the key of the answer says who it is. */
export function camerasOf(
  manifest: NodeManifest,
  key: { readonly machine: string; readonly node: string },
): readonly DiscoveredCamera[] {
  const outputs = new Map<string, CameraOutput[]>();
  for (const { topic } of manifest.outputs) {
    const { camera, output } = splitTopic(topic, key.machine);
    if (output === undefined || !isCameraName(camera)) continue;
    outputs.set(camera, [...(outputs.get(camera) ?? []), output]);
  }
  return (
    [...outputs]
      // `compressed` alone may be a point cloud or a log.
      .filter(([, sent]) => manifest.nodeKind === 'camera' || manifest.nodeKind === '' || !isOnly(sent, 'compressed'))
      .map(([node, sent]) => ({
        machine: key.machine,
        node,
        instance: key.node,
        outputs: OUTPUTS.filter((output) => sent.includes(output)),
      }))
  );
}

function isOnly(sent: readonly CameraOutput[], output: CameraOutput): boolean {
  return sent.every((each) => each === output);
}

/** Topics are written with or without what stands before the camera's name in the key. */
function splitTopic(
  topic: string,
  machine: string,
): { readonly camera: string; readonly output: CameraOutput | undefined } {
  const chunks = topic.split('/');
  if (chunks[0] === 'bubbaloop' && (chunks[1] === 'global' || chunks[1] === 'local') && chunks[2] === machine) {
    chunks.splice(0, 3);
  }
  const last = chunks.pop();
  return { camera: chunks.join('/'), output: OUTPUTS.find((output) => output === last) };
}

/** What a key expression can hold; its chunks follow the rules of a machine's id but for the `-`. */
function isCameraName(name: string): boolean {
  return name.length <= 256 && name.split('/').every((chunk) => isMachineId(chunk.replaceAll('-', '_')));
}
