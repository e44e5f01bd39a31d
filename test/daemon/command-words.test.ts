import { expect, it } from 'vitest';
import { splitCommand } from '../../source/daemon/command-words.ts';

const env = { HOME: '/home/robot', EMPTY: '', 'ODD NAME': 'x' };

it.each([
  ['python3 main.py', ['python3', 'main.py']],
  ['  a \'b c\'  "d e" f\\ g ', ['a', 'b c', 'd e', 'f g']],
  ["sh -c 'a | b; c > d'", ['sh', '-c', 'a | b; c > d']],
  ['$HOME/bin/x --y="$HOME/z w"', ['/home/robot/bin/x', '--y=/home/robot/z w']],
  ["echo '$HOME' '*'", ['echo', '$HOME', '*']],
  ['ros2 run pkg node --ros-args -p rate:=15', ['ros2', 'run', 'pkg', 'node', '--ros-args', '-p', 'rate:=15']],
])('splits %j', (command, words) => {
  expect(splitCommand(command, env)).toEqual({ ok: true, words });
});

it.each([
  ['a | b', 'operator |'],
  ['a && rm -rf /', 'operator &&'],
  ['a; b', 'operator ;'],
  ['a > /etc/passwd', 'operator >'],
  ['a & ', 'operator &'],
  ['a *.py', 'pattern'],
  ['a # b', 'comment'],
  ['a $NOPE', '$NOPE'],
  ['', 'empty'],
  ['   ', 'empty'],
  ['""', 'empty'],
  ['$EMPTY', 'empty'],
])('refuses %j', (command, word) => {
  const result = splitCommand(command, env);
  expect(result.ok ? '' : result.reason).toContain(word);
});

it('gives substitutions that would run a command to nobody', () => {
  for (const command of ['a $(touch /tmp/x)', 'a `touch /tmp/x`']) {
    const result = splitCommand(command, env);
    // Either refused, or plain text: never run.
    if (result.ok) expect(result.words.join(' ')).toContain('touch');
  }
});
