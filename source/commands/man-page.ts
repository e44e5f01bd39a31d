/** The manual page, in man(7)'s language: from the command table and the key map, and a few sentences. */
import { KEYMAP, keyLabel } from '../view/keymap.ts';
import type { Command, Flag } from './command.ts';
import { flagSynopsis } from './parse.ts';

export interface Program {
  readonly version: string;
  readonly description: string;
}

/** What every command heeds. */
const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['BUBBALOOP_ZENOH_ENDPOINT', 'The router, where no --endpoint is given. Default: tcp/127.0.0.1:7447.'],
  ['BUBBALOOP_MACHINE_ID', 'What this machine is called in the fleet. Default: its host name, with _ for -.'],
  ['BUBBALOOP_HOME', 'The folder of the registry, the keys and the logs. Default: ~/.bubbaloop.'],
  ['RUST_LOG', 'What zenoh itself logs on stderr: warn, or zenoh=debug.'],
  ['NO_COLOR', 'Set to anything, there is no color.'],
];

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'Done.'],
  ['1', 'It failed, or there was nobody or nothing to be found.'],
  ['2', 'The command line cannot be meant so; nothing was done.'],
];

export function manPage(commands: readonly Command[], program: Program): string {
  return [
    '.\\" Made by `npm run docs` from the command table and the key map.',
    `.TH BUBBALOOP 1 "" "bubbaloop ${roff(program.version)}" "User Commands"`,
    // Not spread to the right margin: flags and keys are no prose.
    '.ad l',
    '.SH NAME',
    `bubbaloop \\- ${roff(program.description)}`,
    '.SH SYNOPSIS',
    '.B bubbaloop',
    '.I COMMAND',
    '[flags]',
    '.br',
    '.B bubbaloop',
    '.I COMMAND',
    '\\fB\\-\\-help\\fR',
    '.SH DESCRIPTION',
    ...text(
      'bubbaloop shows and steers a fleet of machines that talk over Eclipse Zenoh, and brings the two programs that each machine needs for that: a router and a daemon. Data goes to stdout, everything else to stderr.',
    ),
    '.SH COMMANDS',
    ...commands.flatMap(commandSection),
    '.SH KEYS',
    ...text('In bubbaloop top and bubbaloop demo:'),
    ...KEYMAP.flatMap(({ keys, help }) => entry(keys.map((key) => bold(keyLabel(key))).join(', '), help)),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, about]) => entry(bold(name), about)),
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(([code, about]) => entry(bold(code), about)),
    '',
  ].join('\n');
}

function commandSection({ name, summary, operands, flags, examples }: Command): string[] {
  const rows = Object.entries(flags);
  return [
    `.SS "bubbaloop ${[name, operands].flatMap((part) => (part === undefined ? [] : [roff(part)])).join(' ')}"`,
    ...text(`${summary}.`),
    ...rows.flatMap(([flagName, flag]) => entry(bold(flagSynopsis(flagName, flag)), aboutFlag(flag))),
    ...(examples === undefined ? [] : ['.PP', 'Examples:', '.PP', '.RS 4', '.nf', ...examples.map(line), '.fi', '.RE']),
  ];
}

function aboutFlag({ summary, defaultText }: Flag): string {
  return defaultText === undefined ? summary : `${summary} (default: ${defaultText})`;
}

/** `label` is in man's language already. */
function entry(label: string, about: string): string[] {
  return ['.TP', label, line(about)];
}

function text(paragraph: string): string[] {
  return ['.PP', line(paragraph)];
}

function bold(words: string): string {
  return `\\fB${roff(words)}\\fR`;
}

/** A line that begins with a dot or a quote would be a request. */
function line(words: string): string {
  const escaped = roff(words);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** Dashes and quotes as they are typed, not as a printer would set them. */
function roff(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('"', '\\(dq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
}
