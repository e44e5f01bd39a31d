import packageJson from '../package.json' with { type: 'json' };
import { commandHelp, programHelp } from './commands/help.ts';
import { commands } from './commands/index.ts';
import { parseCommandLine } from './commands/parse.ts';
import { settle } from './commands/settings.ts';
import { EXIT_FAILED, EXIT_OK, UserError, usageError } from './errors.ts';

/** Runs one command line, without `node` and the script; the result is the exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    return report(error);
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h') {
    process.stdout.write(programHelp(commands, packageJson));
    return EXIT_OK;
  }
  if (name === '--version' || name === '-V') {
    process.stdout.write(`${packageJson.version}\n`);
    return EXIT_OK;
  }
  if (name === 'help') return dispatch([...rest, '--help']);

  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const near = commands.find((candidate) => candidate.name.startsWith(name.slice(0, 2)));
    throw usageError(
      `There is no command ${JSON.stringify(name)}.`,
      near
        ? `Did you mean \`bubbaloop ${near.name}\`? All of them: \`bubbaloop --help\`.`
        : 'All of them: `bubbaloop --help`.',
    );
  }
  const invocation = parseCommandLine(command, rest);
  if (invocation === 'help') {
    process.stdout.write(commandHelp(command));
    return EXIT_OK;
  }
  return command.run(invocation, await settle(invocation, process.env));
}

/** What can be mended is said in a sentence or two; anything else is a bug and keeps its stack. */
function report(error: unknown): number {
  if (error instanceof UserError) {
    process.stderr.write(`bubbaloop: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`  ${error.hint}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`bubbaloop: this is a bug, please report it.\n${text}\n`);
  return EXIT_FAILED;
}
