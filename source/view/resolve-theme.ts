/** Which theme a terminal gets, from its environment and from what it answers. */
import { ASCII, UNICODE } from './glyphs.ts';
import { type ColorDepth, createTheme, type Ground, type Theme } from './theme.ts';
import type { ThemeChoice } from './theme-choice.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The theme for a terminal, from its environment: `NO_COLOR` (https://no-color.org), `TERM`, `COLORTERM`, and the locale for
 * the signs. A choice beats them. `ground` is what the terminal answered, where it did.
 */
export function resolveTheme(env: Environment, choice: ThemeChoice = 'auto', ground?: Ground): Theme {
  const glyphs = isUtf8(env) ? UNICODE : ASCII;
  switch (choice) {
    case 'auto':
      return createTheme(resolveDepth(env), glyphs, ground ?? groundHint(env));
    case 'dark':
    case 'light':
      return createTheme('256', glyphs, choice);
    case '16':
    case 'none':
      return createTheme(choice, glyphs);
  }
}

/** Whether the terminal's ground makes a difference, and may be asked for. GNU screen takes the question for a colour. */
export function isGroundWanted(env: Environment, choice: ThemeChoice): boolean {
  const { STY, TMUX, TERM = '' } = env;
  const isScreen = (STY ?? '') !== '' || (TERM.startsWith('screen') && (TMUX ?? '') === '');
  return choice === 'auto' && resolveDepth(env) === '256' && !isScreen;
}

/** What rxvt and Konsole say in the environment: `15;0`, the ground last. */
function groundHint({ COLORFGBG = '' }: Environment): Ground | undefined {
  const last = /;(\d+)$/.exec(COLORFGBG)?.[1];
  if (last === undefined) return undefined;
  return last === '7' || last === '15' ? 'light' : 'dark';
}

function resolveDepth(env: Environment): ColorDepth {
  const term = env.TERM ?? '';
  if ((env.NO_COLOR ?? '') !== '' || term === 'dumb' || term === '') return 'none';
  if (/256|direct|kitty|ghostty|alacritty|foot|wezterm/.test(term)) return '256';
  return (env.COLORTERM ?? '') === '' ? '16' : '256';
}

/** Whether the locale says UTF-8. A terminal without any locale is taken to be modern: nearly all are. */
function isUtf8(env: Environment): boolean {
  if (env.TERM === 'linux') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return locale === undefined || locale === '' || /utf-?8/i.test(locale);
}
