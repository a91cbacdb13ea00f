import { toBase32 } from '../kernel/id.ts';
import type { Mode } from '../transfers/index.ts';
import type { PlatformContext } from './action.ts';
import { usageError } from './cli-error.ts';

/** What a command that moves money was told about repeating and trying. */
export interface MoneyOptions {
  readonly minor?: boolean;
  readonly key?: string;
  readonly dryRun?: boolean;
}

const KEY_BYTES = 10;
const KEY_DIGITS = 16;

/**
 * The key under which money is moved: the given one, or a new one, which is told before anything is done, so
 * that whoever loses the answer can ask again. Undefined on a dry run. Throws CliError `key_invalid`.
 */
export function keyFor(
  { app, terminal, global }: Pick<PlatformContext, 'app' | 'terminal' | 'global'>,
  { key, dryRun }: MoneyOptions,
): string | undefined {
  if (dryRun) return undefined;
  if (key === undefined) {
    const bits = BigInt(`0x${Buffer.from(app.random.bytes(KEY_BYTES)).toString('hex')}`);
    const made = `cli-${toBase32(bits, KEY_DIGITS)}`;
    const how = `repeat with --key ${made}, and money moves once`;
    // Programs find it in the document.
    if (!global.json) terminal.note(`Idempotency key ${made}: ${how}.\n`);
    return made;
  }
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw usageError('key_invalid', 'a key is 1 to 128 visible ASCII characters, without spaces');
}

/** Keys of the command line and of the API are apart: the ledger knows where a request came from. */
export function modeOf(key: string | undefined): Mode {
  return key === undefined ? { dryRun: true } : { requestId: `cli/${key}` };
}
