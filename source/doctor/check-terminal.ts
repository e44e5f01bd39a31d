/** The terminal that doctor itself is looked at in. */
import { execFile } from 'node:child_process';
import { detectTerminal } from '../graphics/detect-terminal.ts';
import { askTmux } from '../graphics/tmux.ts';
import { type Check, gravest, type Result, skipped, well } from './check.ts';
import type { Facts } from './facts.ts';

const LIMIT_MS = 1_000;

export const terminalGraphics: Check = {
  id: 'terminal-graphics',
  area: 'terminal',
  title: 'pictures in this terminal',
  async run({ env }) {
    const tried = 'asked the terminal what it can show';
    const { stdin, stdout } = process;
    if (!stdin.isTTY || !stdout.isTTY) return skipped(tried, 'Output goes to no terminal.');
    const terminal = await detectTerminal({ images: 'auto', env, stdin, stdout });
    await terminal.release();
    const { protocol, reason } = terminal.pictures;
    if (protocol !== 'off' && protocol !== 'blocks') return well(tried, `It shows pictures (${protocol}: ${reason}).`);
    return {
      outcome: 'hint',
      tried,
      seen: `It shows ${protocol === 'blocks' ? 'coarse pictures of coloured blocks' : 'no pictures'}: ${reason}.`,
      means: 'Cameras look better in a terminal with sixel or the kitty protocol.',
      remedy:
        'foot, WezTerm, kitty, Ghostty, Konsole, iTerm2 or xterm -ti vt340; others can be told by: bubbaloop top --images',
    };
  },
};

export const terminalLocale: Check = {
  id: 'terminal-locale',
  area: 'terminal',
  title: 'locale',
  run({ env }) {
    const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
    const tried = 'read LC_ALL, LC_CTYPE and LANG';
    if (/utf-?8/i.test(locale)) return well(tried, `${locale}.`);
    return {
      outcome: 'hint',
      tried,
      seen: locale === '' ? 'None is set.' : `It is ${locale}, which is not UTF-8.`,
      means: 'Boxes and signs may look wrong.',
      remedy: 'export LANG=C.UTF-8',
    };
  },
};

export const tmuxSettings: Check = {
  id: 'terminal-tmux',
  area: 'terminal',
  title: 'tmux settings',
  async run({ env }) {
    const tried = 'asked tmux for its options';
    if (!env.TMUX) return skipped(tried, 'This is no tmux.');
    const [facts, escapeTime] = await Promise.all([askTmux(env), tmux(['show-options', '-sv', 'escape-time'], env)]);
    if (facts === undefined || escapeTime === undefined) return skipped(tried, 'tmux does not answer.');
    const findings: Omit<Result, 'tried'>[] = [];
    if (!facts.isPassthroughAllowed) {
      findings.push({
        outcome: 'hint',
        seen: 'allow-passthrough is off.',
        means: 'Pictures cannot pass to the terminal around tmux.',
        remedy: 'tmux set -g allow-passthrough on    (and the line `set -g allow-passthrough on` in ~/.tmux.conf)',
        isFixable: true,
      });
    }
    if (Number(escapeTime) > MAX_ESCAPE_MS) {
      findings.push({
        outcome: 'hint',
        seen: `escape-time is ${escapeTime.trim()} ms.`,
        means: 'The Esc key counts only after that time.',
        remedy: 'tmux set -s escape-time 20    (and the line `set -s escape-time 20` in ~/.tmux.conf)',
        isFixable: true,
      });
    }
    return gravest(tried, findings, 'allow-passthrough is on, escape-time short.');
  },
  async fix({ env }) {
    const done = [
      await tmux(['set-option', '-g', 'allow-passthrough', 'on'], env),
      await tmux(['set-option', '-s', 'escape-time', '20'], env),
    ];
    if (done.includes(undefined)) throw new Error('tmux refused');
    return 'allow-passthrough is on and escape-time 20 until tmux ends; ~/.tmux.conf makes it so for good.';
  },
};

const MAX_ESCAPE_MS = 100;

/** Undefined where it failed. */
function tmux(words: readonly string[], env: Facts['env']): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('tmux', words, { timeout: LIMIT_MS, env: { ...env } }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    );
  });
}
