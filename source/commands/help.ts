import type { Command } from './command.ts';
import { flagSynopsis } from './parse.ts';

/** Text of `bubbaloop --help`, from the command table. */
export function programHelp(
  commands: readonly Command[],
  program: { readonly version: string; readonly description: string },
): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    `bubbaloop ${program.version}: ${program.description}`,
    '',
    'Usage: bubbaloop COMMAND [flags]',
    '',
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    'Look around without a robot: bubbaloop demo',
    'More about one of them:      bubbaloop COMMAND --help',
    '',
  ].join('\n');
}

/** Text of `bubbaloop NAME --help`, from the command's own table. */
export function commandHelp(command: Command): string {
  const rows = Object.entries(command.flags).map(([name, flag]) => ({
    synopsis: flagSynopsis(name, flag),
    text: flag.defaultText === undefined ? flag.summary : `${flag.summary} (default: ${flag.defaultText})`,
  }));
  const width = Math.max(0, ...rows.map((row) => row.synopsis.length));
  return [
    command.summary,
    '',
    `Usage: bubbaloop ${[command.name, command.operands, '[flags]'].filter(Boolean).join(' ')}`,
    ...(rows.length > 0 ? ['', ...rows.map((row) => `  ${row.synopsis.padEnd(width)}  ${row.text}`)] : []),
    ...(command.examples ? ['', 'Examples:', ...command.examples.map((example) => `  ${example}`)] : []),
    '',
  ].join('\n');
}
