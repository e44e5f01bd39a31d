import { EXIT_OK, usageError } from '../errors.ts';
import type { Command } from './command.ts';
import { endpointFlag, homeFlag, machineFlag } from './common-flags.ts';

/** How the scripts ask for names. Not for people. */
const NAMES_OPERAND = 'names';

export const completionCommand: Command = {
  name: 'completion',
  summary: 'Print the script that completes commands, flags and names in a shell',
  operands: 'bash|zsh|fish',
  flags: {
    machine: machineFlag('whose nodes are named'),
    endpoint: endpointFlag(),
    home: homeFlag('the registry'),
  },
  examples: [
    'source <(bubbaloop completion bash)    # in ~/.bashrc',
    'source <(bubbaloop completion zsh)     # in ~/.zshrc, after compinit',
    'bubbaloop completion fish | source     # in config.fish',
  ],
  async run(invocation) {
    const [shell, kind, ...more] = invocation.operands;
    if (shell === NAMES_OPERAND && kind !== undefined && more.length === 0) {
      return (await import('./completion-names.ts')).printNames(kind, invocation);
    }
    if ((shell !== 'bash' && shell !== 'zsh' && shell !== 'fish') || kind !== undefined)
      throw usageError('For which shell? One of bash, zsh, fish.', 'See `bubbaloop completion --help`.');
    process.stdout.write(await completionScript(shell));
    return EXIT_OK;
  },
};

/** Made of the command table, which names this command, too: so it is loaded only now. */
async function completionScript(shell: 'bash' | 'zsh' | 'fish'): Promise<string> {
  const [{ commands }, { commandWords }] = await Promise.all([import('./index.ts'), import('./completion-words.ts')]);
  const words = commands.map(commandWords);
  if (shell === 'fish') return (await import('./completion-fish.ts')).fishScript(words);
  const { bashScript, zshScript } = await import('./completion-posix.ts');
  return shell === 'bash' ? bashScript(words) : zshScript(words);
}
