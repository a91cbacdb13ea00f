import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { memberUuid, readMember } from '../members/index.ts';
import type { Probe } from '../verification/index.ts';
import { type CardRow, cardUuid, type SettlementCard, toCard } from './card.ts';
import { type CardDeps, field } from './deps.ts';
import { settlementCardNotFound } from './errors.ts';

/** One question that was asked about a card, and its outcome. */
export interface Evidence {
  readonly provider: string;
  readonly upstream: string;
  readonly product: Probe['product'];
  readonly outcome: string;
  /** The provider's own codes. */
  readonly codes: readonly string[];
  readonly askedAt: Date;
  readonly answeredAt: Date;
}

/** One card by `crd_…`. Throws AppError: `settlement_card_not_found`. */
export async function readCard(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<SettlementCard> {
  const { rows } = await sql<CardRow>`
    select * from settlement_card
     where platform_id = ${platformId} and card_id = ${cardUuid(id) ?? null}`.execute(db);
  const [row] = rows;
  if (!row) throw new AppError(settlementCardNotFound, { cardId: id });
  return toCard(row);
}

/**
 * Cards of a member, newest first, before the one whose id is `before`. Throws AppError: `member_not_found`.
 * `next`: the id to go on before, when there are more.
 */
export async function listCards(
  { db }: { db: Db },
  platformId: bigint,
  member: string,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<{ cards: readonly SettlementCard[]; next: string | undefined }> {
  const { id } = await readMember({ db }, platformId, member);
  const at = before === undefined ? null : (cardUuid(before) ?? null);
  const { rows } = await sql<CardRow>`
    select * from settlement_card
     where platform_id = ${platformId} and member_id = ${memberUuid(id)}
       and (${at}::uuid is null or card_id < ${at}::uuid)
     order by card_id desc limit ${limit + 1}`.execute(db);
  const cards = rows.slice(0, limit).map(toCard);
  return { cards, next: rows.length > limit ? cards.at(-1)?.id : undefined };
}

/** At most so many cards of one number are told. */
const MAX_FOUND = 100;

/** Cards of that number, of any member, newest first. */
export async function findCards(
  { db, sealer }: Pick<CardDeps, 'db' | 'sealer'>,
  platformId: bigint,
  cardNumber: string,
): Promise<readonly SettlementCard[]> {
  const digits = cardNumber.replace(/[\s-]/g, '');
  const { rows } = await sql<CardRow>`
    select * from settlement_card
     where platform_id = ${platformId}
       and card_hash = any(${sealer.lookUpHashes(digits, field(platformId, 'card_number'))})
     order by card_id desc limit ${MAX_FOUND}`.execute(db);
  return rows.map(toCard);
}

/** What was asked before a card was bound, in order. Throws AppError: `settlement_card_not_found`. */
export async function readEvidence(
  { db, sealer }: Pick<CardDeps, 'db' | 'sealer'>,
  platformId: bigint,
  id: string,
): Promise<readonly Evidence[]> {
  await readCard({ db }, platformId, id);
  const { rows } = await sql<
    Omit<Evidence, 'codes'> & { attempt: string; probe: number; sealed: string }
  >`
    select p.attempt_id as attempt, p.probe, p.provider, p.upstream, p.product, p.outcome, p.codes as sealed,
           p.asked_at as "askedAt", p.answered_at as "answeredAt"
      from settlement_card c
      join card_probe p on p.platform_id = c.platform_id and p.attempt_id = c.attempt_id
     where c.platform_id = ${platformId} and c.card_id = ${cardUuid(id) ?? null}
     order by p.probe`.execute(db);
  return rows.map(({ attempt, probe, sealed, ...evidence }) => {
    const place = { platformId, table: 'card_probe', column: 'codes', row: `${attempt}/${probe}` };
    return { ...evidence, codes: textsOf(sealer.open(sealed, place)) };
  });
}

function textsOf(json: string): readonly string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.map(String) : [];
}
