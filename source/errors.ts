/** Exit codes of every subcommand. */
export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/**
 * Something the user can mend, said without a stack trace: `message` says what is wrong, `hint` what to do. Any other
 * error that reaches the top is a bug and is shown with its stack.
 */
export class UserError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: typeof EXIT_FAILED | typeof EXIT_USAGE;

  constructor(
    message: string,
    options: {
      readonly hint?: string;
      readonly exitCode?: typeof EXIT_FAILED | typeof EXIT_USAGE;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'UserError';
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT_FAILED;
  }
}

/** The call itself is wrong: exit code 2. */
export function usageError(message: string, hint?: string): UserError {
  return new UserError(message, { hint, exitCode: EXIT_USAGE });
}
