import { hash } from 'node:crypto';
import type { Move } from './move.ts';

/** Of the SHA-256 so many bytes are kept: enough that no two contents of one platform's requests ever meet. */
const FINGERPRINT_BYTES = 16;

/**
 * Digests what a submission asks, by which a repeat is told from another request under the same id. Fields
 * are written in a fixed order, so that the order of a JSON object does not matter; `context` is what an edge
 * adds of its own, such as the document that goes with the money. In hexadecimal: thousands wait in memory at
 * once, and a text is lighter there than bytes are.
 */
export function fingerprintOf(moves: readonly Move[], context = ''): string {
  const text = JSON.stringify([context, ...moves.map(content)]);
  return hash('sha256', text, 'hex').slice(0, 2 * FINGERPRINT_BYTES);
}

function content(move: Move): readonly (string | null)[] {
  const text = (value: bigint | string | undefined) => value?.toString() ?? null;
  switch (move.kind) {
    case 'transfer': {
      const { kind, code, debit, credit, amount, reference, memo } = move;
      return [kind, code, text(debit), text(credit), text(amount), text(reference), text(memo)];
    }
    case 'hold': {
      const { kind, account, amount, reason, owner, expiresAt } = move;
      const expiry = expiresAt?.toISOString();
      return [kind, text(account), text(amount), reason, text(owner), text(expiry)];
    }
    case 'release': {
      const { kind, hold, amount, owner, expired } = move;
      return [kind, text(hold), text(amount), text(owner), expired ? 'expired' : null];
    }
    case 'capture': {
      const { kind, code, hold, credit, amount, owner, reference, memo } = move;
      const fields = [hold, credit, amount, owner, reference, memo].map(text);
      return [kind, code, ...fields];
    }
    case 'reversal': {
      const { kind, code, transfer, reference, memo } = move;
      return [kind, code, text(transfer), text(reference), text(memo)];
    }
  }
}
