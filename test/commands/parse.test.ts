import { expect, test } from 'vitest';
import type { Command } from '../../source/commands/command.ts';
import { commandHelp } from '../../source/commands/help.ts';
import { parseCommandLine } from '../../source/commands/parse.ts';
import { UserError } from '../../source/errors.ts';

const command: Command = {
  name: 'sample',
  summary: 'Show something',
  operands: '[NAME]',
  flags: {
    endpoint: {
      type: 'string',
      placeholder: 'ENDPOINT',
      summary: 'where the router is',
      defaultText: 'tcp/127.0.0.1:7447',
    },
    readOnly: { type: 'boolean', summary: 'change nothing' },
    interval: { type: 'number', shortFlag: 'i', placeholder: 'SECONDS', summary: 'time between rounds' },
    cfg: { type: 'string', isMultiple: true, summary: 'a change' },
  },
  run: async () => 0,
};

test('flags, operands and what follows -- are kept apart', () => {
  expect(
    parseCommandLine(command, [
      'one',
      '--read-only',
      '-i',
      '2.5',
      '--cfg',
      'a:1',
      '--cfg=b:2',
      '--',
      '--not-ours',
      'x',
    ]),
  ).toEqual({
    operands: ['one'],
    flags: { readOnly: true, interval: 2.5, cfg: ['a:1', 'b:2'], endpoint: undefined },
    rest: ['--not-ours', 'x'],
  });
});

test('an absent boolean stays absent, so that a file or the environment can speak', () => {
  const parsed = parseCommandLine(command, []);
  expect(parsed).toMatchObject({ operands: [], flags: { cfg: [] } });
  expect(parsed !== 'help' && parsed.flags.readOnly).toBe(undefined);
});

test.each([
  [['--reed-only'], 'no flag --reed-only'],
  [['-z'], 'no flag -z'],
  [['--interval', 'soon'], '--interval wants a number'],
  [['--endpoint', ''], '--endpoint wants a value'],
  [['--endpoint'], '--endpoint wants a value'],
])('%j is a usage error that names the flag', (words, message) => {
  const parse = (): unknown => parseCommandLine(command, words);
  expect(parse).toThrow(UserError);
  expect(parse).toThrow(message);
  expect(() => parse()).toThrow(expect.objectContaining({ exitCode: 2 }));
});

test.each([[['--help']], [['-h']], [['one', '--help']]])('%j asks for help', (words) => {
  expect(parseCommandLine(command, words)).toBe('help');
});

test('help is the table', () => {
  expect(commandHelp(command)).toBe(
    [
      'Show something',
      '',
      'Usage: bubbaloop sample [NAME] [flags]',
      '',
      '  --endpoint ENDPOINT     where the router is (default: tcp/127.0.0.1:7447)',
      '  --read-only             change nothing',
      '  -i, --interval SECONDS  time between rounds',
      '  --cfg TEXT              a change',
      '',
    ].join('\n'),
  );
});
