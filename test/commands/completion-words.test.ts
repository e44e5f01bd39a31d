import { expect, test } from 'vitest';
import type { Command } from '../../source/commands/command.ts';
import { commandWords } from '../../source/commands/completion-words.ts';
import { commands } from '../../source/commands/index.ts';

const command = (operands: string, flags: Command['flags'] = {}, name = 'node'): Command => ({
  name,
  summary: 's',
  operands,
  flags,
  run: async () => 0,
});

test('operands are read from the table: words, what follows them, and what they stand for', () => {
  const { operands } = commandWords(
    command(
      'list | add PATH|GIT-URL | remove|start NAME | instance NAME NEW-NAME | [why KEY] | [a1|b] | import [FILE] | run NODE',
    ),
  );
  expect(operands.get('')?.words).toEqual([
    'list',
    'add',
    'remove',
    'start',
    'instance',
    'why',
    'a1',
    'b',
    'import',
    'run',
  ]);
  expect(operands.get('start')).toEqual({ words: [], kinds: ['node'] });
  expect(operands.get('instance')).toEqual({ words: [], kinds: ['node'] });
  expect(operands.get('add')).toEqual({ words: [], kinds: ['file'] });
  expect(operands.get('import')).toEqual({ words: [], kinds: ['file'] });
  expect(operands.get('run')).toEqual({ words: [], kinds: ['node'] });
  expect(operands.get('list')).toBeUndefined();
  expect(commandWords(command('snapshot NAME', {}, 'camera')).operands.get('snapshot')?.kinds).toEqual([]);
});

test('flags: their value’s words, and machines where the fleet’s are meant', () => {
  const { flags } = commandWords(
    command('', {
      machine: { type: 'string', placeholder: 'ID', summary: '' },
      machineId: { type: 'string', placeholder: 'ID', summary: '' },
      target: { type: 'string', placeholder: 'best-matching|all', summary: '', shortFlag: 't' },
      json: { type: 'boolean', summary: '' },
      home: { type: 'string', placeholder: 'DIR', summary: '' },
    }),
  );
  expect(flags.map(({ long, short, value }) => [long, short, value?.words, value?.kinds])).toEqual([
    ['--machine', undefined, [], ['machine']],
    ['--machine-id', undefined, [], []],
    ['--target', '-t', ['best-matching', 'all'], []],
    ['--json', undefined, undefined, undefined],
    ['--home', undefined, [], ['folder']],
    ['--help', '-h', undefined, undefined],
  ]);
});

test('every command’s operands are understood: no bracket or bar is left in a word', () => {
  for (const { operands } of commands.map(commandWords)) {
    for (const [after, { words }] of operands) {
      for (const word of [after, ...words]) expect(word).toMatch(/^[a-z\d-]*(\/[a-z\d+-]+)?$/);
    }
  }
});
