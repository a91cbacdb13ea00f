/**
 * Something about the command line itself, or about what it was run on: not an error of the product's API.
 * `usage` is true for what was typed wrong: the exit code is then 2.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string;
  readonly usage: boolean;

  constructor(code: string, message: string, { usage = false }: { usage?: boolean } = {}) {
    super(message);
    this.code = code;
    this.usage = usage;
  }
}

/** What was typed is not of the form that is asked for. */
export function usageError(code: string, message: string): CliError {
  return new CliError(code, message, { usage: true });
}
