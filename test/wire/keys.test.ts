import { describe, expect, it } from 'vitest';
import * as keys from '../../source/wire/keys.ts';
import { isMachineId, isNodeName, machineId, nodeNameProblem } from '../../source/wire/names.ts';

describe('parseKey', () => {
  it('reads what the builders write', () => {
    const { parseKey } = keys;
    expect(parseKey(keys.daemonKey('jetson_1', 'nodes'))).toEqual({
      kind: 'daemon',
      machine: 'jetson_1',
      part: 'nodes',
    });
    expect(parseKey(keys.daemonTokenKey('m'))).toEqual({ kind: 'daemon-token', machine: 'm' });
    expect(parseKey(keys.nodeTokenKey('m', 'n'))).toEqual({ kind: 'node-token', machine: 'm', node: 'n' });
    expect(parseKey(keys.healthKey('m', 'n'))).toEqual({ kind: 'health', machine: 'm', node: 'n' });
    expect(parseKey(keys.legacyHealthKey('n'))).toEqual({ kind: 'health', machine: undefined, node: 'n' });
    expect(parseKey(keys.nodeManifestKey('m', 'n'))).toEqual({ kind: 'node-manifest', machine: 'm', node: 'n' });
    expect(parseKey(keys.rawFrameKey('m', 'front_door'))).toEqual({
      kind: 'data',
      scope: 'local',
      machine: 'm',
      suffix: 'front_door/raw',
      source: 'front_door',
      topic: 'raw',
    });
    expect(parseKey(keys.compressedFrameKey('m', 'a/b'))).toMatchObject({
      scope: 'global',
      source: 'a/b',
      topic: 'compressed',
    });
    expect(parseKey(keys.telemetryKey('m'))).toMatchObject({ source: 'system-telemetry', topic: 'metrics' });
  });

  it.each([
    '',
    'bubbaloop',
    'bubbaloop/global',
    'bubbaloop/global/m',
    'x/global/m/n',
    'bubbaloop/nodes/n',
    'bubbaloop/global/m/daemon/other',
    '@/z/router',
  ])('takes %j for something else', (key) => {
    expect(keys.parseKey(key)).toEqual({ kind: 'other' });
  });
});

describe('names', () => {
  it('takes the machine id from the environment, else the hostname', () => {
    expect(machineId({}, 'jetson-orin-1')).toBe('jetson_orin_1');
    expect(machineId({ BUBBALOOP_MACHINE_ID: 'arm-2' }, 'x')).toBe('arm_2');
    expect(machineId({ BUBBALOOP_MACHINE_ID: ' ' }, 'a.b')).toBe('a.b');
    for (const odd of ['@x', 'a/b', '**', 'a b', '\u001b[2J', '', '-', 'x'.repeat(500)]) {
      expect(isMachineId(machineId({ BUBBALOOP_MACHINE_ID: odd }, odd))).toBe(true);
    }
  });

  it('knows what a node may be called', () => {
    expect(['a', 'front_door', 'cam-2', 'x'.repeat(64)].every(isNodeName)).toBe(true);
    expect(['', 'x'.repeat(65), 'a/b', '*', 'ü', 'a b', 'a\n', 'daemon'].some(isNodeName)).toBe(false);
    expect(nodeNameProblem('daemon')).toContain('reserved');
  });
});
