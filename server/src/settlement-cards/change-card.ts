import { sql } from 'kysely';
import { recordChange } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { type CardRow, CODE_TRIES, cardUuid, type SettlementCard, toCard } from './card.ts';
import { type CardDeps, field } from './deps.ts';
import { cardCodeExpired, cardCodeWrong, settlementCardNotFound } from './errors.ts';

/**
 * Makes a card active by the code that the reserved mobile got. A wrong code is counted. A repeat with the right one
 * changes nothing. Throws AppError: `settlement_card_not_found`, `card_code_wrong`, `card_code_expired`.
 */
export async function confirmCard(
  deps: Omit<CardDeps, 'random' | 'newUuid' | 'verification'>,
  platformId: bigint,
  id: string,
  code: string,
): Promise<SettlementCard> {
  const { db, clock, sealer, origin } = deps;
  const at = clock.now();
  const outcome = await db.transaction().execute(async (tx) => {
    const row = await lockCard(tx, platformId, id);
    const { state, code_tries: tries, code_expires_at: expiresAt } = row;
    const mayTry = state === 'active' || (state === 'awaiting_code' && expiresAt > at);
    if (!mayTry || tries >= CODE_TRIES) return new AppError(cardCodeExpired, {});
    const hashes = sealer.lookUpHashes(code, field(platformId, `code/${row.card_id}`));
    const isRight = hashes.some((hash) => hash.equals(row.code_hash));
    if (isRight && state === 'active') return toCard(row);
    const { rows } = await sql<CardRow>`
      update settlement_card
         set code_tries = code_tries + ${isRight ? 0 : 1}, state = ${isRight ? 'active' : state},
             activated_at = ${isRight ? at : row.activated_at}
       where platform_id = ${platformId} and card_id = ${row.card_id} returning *`.execute(tx);
    const [changed] = rows;
    // Kept, not thrown: the count of a wrong code is committed.
    if (!changed || !isRight)
      return new AppError(cardCodeWrong, { triesLeft: CODE_TRIES - tries - 1 });
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'settlement_card.activated' },
      object: { type: 'settlement_card', id },
      before: { state: 'awaitingCode' },
      after: { state: 'active' },
    });
    return toCard(changed);
  });
  if (outcome instanceof AppError) throw outcome;
  return outcome;
}

/** Unbinds a card; one that is unbound stays so. Throws AppError: `settlement_card_not_found`. */
export async function unbindCard(
  { db, clock, origin }: Pick<CardDeps, 'db' | 'clock' | 'origin'>,
  platformId: bigint,
  id: string,
): Promise<void> {
  const at = clock.now();
  await db.transaction().execute(async (tx) => {
    const row = await lockCard(tx, platformId, id);
    const { state } = toCard(row);
    if (state === 'unbound') return;
    await sql`
      update settlement_card set state = 'unbound', unbound_at = ${at}
       where platform_id = ${platformId} and card_id = ${row.card_id}`.execute(tx);
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'settlement_card.unbound' },
      object: { type: 'settlement_card', id },
      before: { state },
      after: { state: 'unbound' },
    });
  });
}

async function lockCard(tx: Db, platformId: bigint, id: string): Promise<CardRow> {
  const { rows } = await sql<CardRow>`
    select * from settlement_card
     where platform_id = ${platformId} and card_id = ${cardUuid(id) ?? null} for update`.execute(
    tx,
  );
  const [row] = rows;
  if (!row) throw new AppError(settlementCardNotFound, { cardId: id });
  return row;
}
