import { EXIT_OK, usageError } from '../errors.ts';
import { booleanFlag, type Command } from './command.ts';

export const configCommand: Command = {
  name: 'config',
  summary: 'What is set, and by which: flag, environment, file or default',
  flags: {
    json: { type: 'boolean', summary: 'JSON on stdout' },
    endpoint: { type: 'string', placeholder: 'ENDPOINT', summary: 'as if given to another command' },
    machineId: { type: 'string', placeholder: 'ID', summary: 'as if given to another command' },
    home: { type: 'string', placeholder: 'DIR', summary: 'the home whose config.json5 is read' },
  },
  examples: ['bubbaloop config', 'bubbaloop config --json'],
  async run(invocation, settings) {
    const [extra] = invocation.operands;
    if (extra !== undefined) throw usageError(`config takes no ${JSON.stringify(extra)}.`);
    const { file, isFilePresent } = settings;
    if (booleanFlag(invocation, 'json')) {
      const values = settings.settings.map(({ name, value, origin }) => [name, { value: value ?? null, origin }]);
      process.stdout.write(`${JSON.stringify({ file, isFilePresent, settings: Object.fromEntries(values) })}\n`);
      return EXIT_OK;
    }
    const { plainText } = await import('../wire/plain-text.ts');
    const rows = settings.settings.map(({ name, value, origin }) => [name, plainText(value ?? '(not set)'), origin]);
    const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    for (const [name = '', value = '', origin = ''] of rows) {
      process.stdout.write(`${name.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${origin}\n`);
    }
    process.stdout.write(`\nFile: ${plainText(file)}${isFilePresent ? '' : ' (there is none)'}\n`);
    return EXIT_OK;
  },
};
