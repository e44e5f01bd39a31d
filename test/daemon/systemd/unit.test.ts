import { expect, it } from 'vitest';
import { decodeEntry } from '../../../source/daemon/systemd/journal-entry.ts';
import { endOf, readUnit, unitName, unitOfPath, unitPath, unitSettings } from '../../../source/daemon/systemd/unit.ts';

it('names a unit on the bus, and back', () => {
  const unit = unitName('rtsp-camera_2');
  expect(unitPath(unit)).toBe('/org/freedesktop/systemd1/unit/bubbaloop_2drtsp_2dcamera_5f2_2eservice');
  expect(unitOfPath(unitPath(unit))).toBe(unit);
  expect(unitOfPath('/org/freedesktop/systemd1/job/1')).toBeUndefined();
});

it.each([
  [
    { ExecMainCode: 0, ExecMainStatus: 0 },
    { code: null, signal: null },
  ],
  [
    { ExecMainCode: 1, ExecMainStatus: 3 },
    { code: 3, signal: null },
  ],
  [
    { ExecMainCode: 2, ExecMainStatus: 9 },
    { code: null, signal: 'SIGKILL' },
  ],
  [
    { ExecMainCode: 3, ExecMainStatus: 11 },
    { code: null, signal: 'SIGSEGV' },
  ],
  [
    { ExecMainCode: 2, ExecMainStatus: 42 },
    { code: null, signal: 'signal 42' },
  ],
])('reads an end: %j', (properties, end) => {
  expect(endOf(readUnit(properties))).toEqual(end);
});

it('leaves out what systemd would refuse the whole environment for, and what it sets itself', () => {
  const env = { A: '1', B: undefined, 'C%%': '() { :; }', D: 'x\u001b[0m', E: 'tab\tline\n', INVOCATION_ID: 'ours' };
  const options = { node: 'x', runId: 'r', graceMs: 1_500, catProgram: '/usr/bin/systemd-cat' };
  const settings = new Map(unitSettings({ words: ['a', '$b'], cwd: '/', env }, options));
  expect(settings.get('Environment')).toEqual(['as', ['A=1', 'E=tab\tline\n', 'BUBBALOOP_NODE_START=r']]);
  expect(settings.get('TimeoutStopUSec')).toEqual(['t', 1_500_000]);
  expect(JSON.stringify(settings.get('ExecStart'))).toContain('"--","a","$$b"');
});

const entry = (more: object) =>
  JSON.stringify({
    __CURSOR: 'c',
    __REALTIME_TIMESTAMP: '1795622426304586',
    SYSLOG_IDENTIFIER: 'bubbaloop-x',
    ...more,
  });

it.each([
  ['text', { MESSAGE: 'héllo', PRIORITY: '6' }, 'out', 'héllo\n'],
  ['the other stream', { MESSAGE: 'oops', PRIORITY: '3' }, 'err', 'oops\n'],
  ['bytes, where it is not printable', { MESSAGE: [27, 91, 49, 109], PRIORITY: '6' }, 'out', '\u001b[1m\n'],
  ['a field that occurs twice', { MESSAGE: ['one', 'two'], PRIORITY: '6' }, 'out', 'one\n'],
  ['nothing', { MESSAGE: null, PRIORITY: '6' }, 'out', '\n'],
])('decodes a line of the journal: %s', (_label, fields, stream, text) => {
  const decoded = decodeEntry(entry(fields));
  expect(decoded).toMatchObject({ name: 'bubbaloop-x', cursor: 'c', stream, atMs: 1_795_622_426_304 });
  expect(decoded?.text.toString()).toBe(text);
});

it.each(['', '{', '[]', '{}', '{"SYSLOG_IDENTIFIER":"x"}', '{"SYSLOG_IDENTIFIER":"x","__REALTIME_TIMESTAMP":"soon"}'])(
  'takes no line that is none: %j',
  (line) => {
    expect(decodeEntry(line)).toBeUndefined();
  },
);
