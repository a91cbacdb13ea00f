import type { Db } from '../db/database.ts';
import type { Move } from '../ledger/index.ts';
import type { Act } from '../limits/index.ts';
import { CODES } from './moves.ts';
import { selectHoldStates } from './store.ts';

/** What pays somebody else: a payment back, as by a reversal or an unfreeze, is none, nor is a fee. */
const PAYING: readonly string[] = [
  ...[CODES.transfer, CODES.payFreeze, CODES.capture, CODES.unfreezePay],
];
/** Above the number of any move: a hold as it is now. */
const NOW = 1n << 62n;

/**
 * What limits and lists are asked about, of the moves of a submission. What is captured was put aside before, and counts
 * when it is paid. A hold that does not exist pays nothing: the ledger says so.
 */
export async function actsOf(
  db: Db,
  platformId: bigint,
  moves: readonly Move[],
): Promise<readonly Act[]> {
  const captured = moves.flatMap((move) => (move.kind === 'capture' ? [move.hold] : []));
  const asked = captured.map((holdId) => ({ holdId, before: NOW }));
  const states = await selectHoldStates(db, platformId, asked);
  const holds = new Map(states.flatMap((state) => (state ? [[state.holdId, state] as const] : [])));
  return moves.flatMap((move, moveIndex): Act[] => {
    if (move.kind !== 'transfer' && move.kind !== 'capture') return [];
    if (!PAYING.includes(move.code)) return [];
    const about = { kind: 'transfer', moveIndex, payees: [move.credit] } as const;
    if (move.kind === 'transfer') return [{ ...about, payer: move.debit, amount: move.amount }];
    const hold = holds.get(move.hold);
    if (!hold) return [];
    const amount = move.amount ?? hold.amount - hold.released - hold.captured;
    return amount > 0n ? [{ ...about, payer: hold.account, amount }] : [];
  });
}
