import { EXIT_FAILED, EXIT_OK, usageError } from '../errors.ts';
import { booleanFlag, type Command, type Invocation, numberFlag, stringFlag } from './command.ts';
import { endpointFlag, RULES_FLAG } from './common-flags.ts';

const MAX_SECONDS = 3_600;

export const checkCommand: Command = {
  name: 'check',
  summary: 'Whether all is well by the rules, for cron and CI: prints alerts, ends with 1 where one is bad',
  flags: {
    endpoint: { ...endpointFlag('router to look from'), shortFlag: 'e' },
    rules: RULES_FLAG,
    json: { type: 'boolean', summary: 'one JSON object: ok, alerts, silenced' },
    timeout: { type: 'number', placeholder: 'SECONDS', summary: 'longest wait for the fleet', defaultText: '5' },
    watch: {
      type: 'number',
      placeholder: 'SECONDS',
      summary: 'look for so long, and hold each rule’s `for` against it',
      defaultText: 'one look, in which what is wrong counts at once',
    },
  },
  examples: [
    'bubbaloop check || mail -s "fleet" ops@example.org',
    'bubbaloop check --json | jq -r ".alerts[].text"',
    'bubbaloop check --rules ci-rules.json5 --watch 20',
  ],
  async run(invocation) {
    const [extra] = invocation.operands;
    if (extra !== undefined) throw usageError(`check takes no ${JSON.stringify(extra)}.`);
    const timeoutMs = 1_000 * seconds(invocation, 'timeout', 5);
    const watchMs = 1_000 * seconds(invocation, 'watch', 0);
    const { readRules } = await import('./rules-file.ts');
    const rules = await readRules(stringFlag(invocation, 'rules'), process.env);
    const { runCheck } = await import('./check-run.ts');
    const isWell = await runCheck({
      endpoint: stringFlag(invocation, 'endpoint'),
      rules,
      json: booleanFlag(invocation, 'json'),
      timeoutMs,
      watchMs,
    });
    return isWell ? EXIT_OK : EXIT_FAILED;
  },
};

function seconds(invocation: Invocation, name: 'timeout' | 'watch', usual: number): number {
  const value = numberFlag(invocation, name) ?? usual;
  if (value >= 0 && value <= MAX_SECONDS && (value > 0 || name === 'watch')) return value;
  throw usageError(`--${name} is ${value} seconds; it must lie between 0 and ${MAX_SECONDS}.`);
}
