import { sql } from 'kysely';
import { recordChange } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import { dateInZone } from '../kernel/business-date.ts';
import { AppError } from '../kernel/error.ts';
import { memberUuid, requireActiveMember } from '../members/index.ts';
import { readPlatform } from '../platforms/index.ts';
import { maskEnds, maskName } from '../sealing/index.ts';
import { checkFactors, type Factors, normaliseFactors, verifyCard } from '../verification/index.ts';
import {
  endAttempt,
  insertAttempt,
  lockAttempts,
  type NewAttempt,
  notVerified,
  refuseKnown,
  refuseTooMany,
  repeatedAttempt,
} from './attempts.ts';
import { type CardRow, CODE_MS, cardTextId, type SettlementCard, toCard } from './card.ts';
import { type CardDeps, field } from './deps.ts';
import { cardBound, cardFactorsInvalid, verificationUnavailable } from './errors.ts';
import { sendToSandbox } from './sandbox-messages.ts';

/** A card to bind. */
export interface CardInput {
  readonly requestId: string;
  readonly factors: Factors;
  /** The number is right although its check digit says otherwise. */
  readonly numberConfirmed: boolean;
  /** Ask although the same was refused within a day: the member had the bank change something. */
  readonly dataChanged: boolean;
}

/**
 * Verifies a card by its four factors and sends a code to the reserved mobile; the card is active once the code was
 * entered. The attempt is written down and counted before anybody is asked. A repeat of the request gets the same
 * answer, and nobody is asked again.
 *
 * Throws AppError: `member_not_found`, `member_not_active`, `verification_unavailable`, `card_factors_invalid`, `card_bound`,
 * `card_tries_exceeded`, `card_not_verified`, `card_attempt_running`, `request_id_reused`.
 */
export async function bindCard(
  deps: CardDeps,
  platformId: bigint,
  member: string,
  input: CardInput,
): Promise<{ card: SettlementCard; repeated: boolean }> {
  const { db, clock, newUuid, verification: policy } = deps;
  await requireActiveMember(db, platformId, { memberId: member });
  const { sandbox, timeZone } = await readPlatform(db, platformId);
  if (!sandbox) throw new AppError(verificationUnavailable, {});
  const factors = normaliseFactors(input.factors);
  const { numberConfirmed, requestId } = input;
  const today = dateInZone(clock.now(), timeZone);
  const errors = checkFactors(factors, { numberConfirmed, today });
  if (errors.length > 0) throw new AppError(cardFactorsInvalid, { errors });
  const memberId = memberUuid(member) ?? '';
  const attempt = { attemptId: newUuid(), memberId, requestId, factors };
  const before = await admit(deps, platformId, attempt, { member, dataChanged: input.dataChanged });
  if (before) return { card: before, repeated: true };
  const outcome = await verifyCard({ policy, clock }, attempt);
  const card = await db.transaction().execute(async (tx) => {
    await endAttempt(tx, deps, platformId, { attemptId: attempt.attemptId, ...outcome });
    if (outcome.diagnosis.verdict === 'verified') return addCard(tx, deps, platformId, attempt);
    const { verdict, cause, confidence } = outcome.diagnosis;
    await recordChange(tx, platformId, {
      ...{ origin: deps.origin, at: clock.now(), action: 'settlement_card.not_verified' },
      ...{ object: { type: 'member', id: member }, before: null },
      after: { verdict, cause, confidence, cardNumber: shown(factors.cardNumber) },
    });
    return undefined;
  });
  if (!card) throw notVerified(outcome.diagnosis);
  return { card, repeated: false };
}

/** Counts the attempt, or says why it may not be made. The card, when this request bound it before. */
async function admit(
  deps: CardDeps,
  platformId: bigint,
  attempt: NewAttempt,
  { member, dataChanged }: { member: string; dataChanged: boolean },
): Promise<SettlementCard | undefined> {
  return deps.db.transaction().execute(async (tx) => {
    await lockAttempts(tx, platformId);
    // Nobody closes the member until the attempt is written down.
    await requireActiveMember(tx, platformId, { memberId: member });
    const before = await repeatedAttempt(tx, deps, platformId, attempt);
    if (before !== undefined) return cardOfAttempt(tx, platformId, before);
    const active = await openCards(tx, deps, platformId, attempt, 'active');
    if (active[0] !== undefined) throw new AppError(cardBound, { cardId: cardTextId(active[0]) });
    if (!dataChanged) await refuseKnown(tx, deps, platformId, attempt);
    await refuseTooMany(tx, deps, platformId, attempt);
    await insertAttempt(tx, deps, platformId, attempt);
    return undefined;
  });
}

/** Adds a verified card and sends its code. A card of that number whose code was never entered is replaced. */
async function addCard(
  tx: Db,
  deps: CardDeps,
  platformId: bigint,
  { attemptId, memberId, factors }: NewAttempt,
): Promise<SettlementCard> {
  const { clock, random, newUuid, sealer, origin } = deps;
  await lockAttempts(tx, platformId);
  const attempt = { memberId, factors };
  const active = await openCards(tx, deps, platformId, attempt, 'active');
  if (active[0] !== undefined) throw new AppError(cardBound, { cardId: cardTextId(active[0]) });
  for (const waiting of await openCards(tx, deps, platformId, attempt, 'awaiting_code'))
    await sql`update settlement_card set state = 'replaced'
       where platform_id = ${platformId} and card_id = ${waiting}`.execute(tx);
  const at = clock.now();
  const cardId = newUuid();
  const code = newCode(random.bytes(4));
  const seal = (text: string, column: string) =>
    sealer.seal(text, { platformId, table: 'settlement_card', column, row: cardId });
  const mobile = maskEnds(factors.mobile, { first: 3, last: 4 });
  const { rows } = await sql<CardRow>`
    insert into settlement_card (platform_id, card_id, member_id, attempt_id, state, card_number, holder_name,
      card_hash, masked_number, masked_name, masked_mobile, code_hash, code_expires_at, created_at)
    values (${platformId}, ${cardId}, ${memberId}, ${attemptId}, 'awaiting_code',
      ${seal(factors.cardNumber, 'card_number')}, ${seal(factors.name, 'holder_name')},
      ${sealer.lookUpHash(factors.cardNumber, field(platformId, 'card_number'))},
      ${shown(factors.cardNumber)}, ${maskName(factors.name)}, ${mobile},
      ${sealer.lookUpHash(code, field(platformId, `code/${cardId}`))},
      ${new Date(at.getTime() + CODE_MS)}, ${at})
    returning *`.execute(tx);
  const card = onlyCard(rows);
  await sendToSandbox(tx, deps, platformId, {
    to: mobile,
    text: `验证码 ${code}，用于绑定结算卡 ${card.cardNumber}，5 分钟内有效。Code ${code}, for 5 minutes.`,
  });
  await recordChange(tx, platformId, {
    ...{ origin, at, action: 'settlement_card.verified', before: null },
    object: { type: 'settlement_card', id: card.id },
    after: { state: card.state, member: card.memberId, cardNumber: card.cardNumber },
  });
  return card;
}

/** The member's cards of that number in a state, by UUID. */
async function openCards(
  tx: Db,
  { sealer }: CardDeps,
  platformId: bigint,
  { memberId, factors }: Pick<NewAttempt, 'memberId' | 'factors'>,
  state: 'active' | 'awaiting_code',
): Promise<readonly string[]> {
  const hashes = sealer.lookUpHashes(factors.cardNumber, field(platformId, 'card_number'));
  const { rows } = await sql<{ card_id: string }>`
    select card_id from settlement_card
     where platform_id = ${platformId} and member_id = ${memberId} and state = ${state}
       and card_hash = any(${hashes})
     order by card_id for update`.execute(tx);
  return rows.map(({ card_id }) => card_id);
}

async function cardOfAttempt(
  tx: Db,
  platformId: bigint,
  attemptId: string,
): Promise<SettlementCard> {
  const { rows } = await sql<CardRow>`
    select * from settlement_card
     where platform_id = ${platformId} and attempt_id = ${attemptId}`.execute(tx);
  return onlyCard(rows);
}

function onlyCard([row]: readonly CardRow[]): SettlementCard {
  if (!row) throw new RangeError('a verified attempt has a card');
  return toCard(row);
}

const shown = (cardNumber: string) => maskEnds(cardNumber, { first: 6, last: 4 });

/** Six digits. Of 2^32 numbers a million: none is likelier than another by more than one in four thousand. */
function newCode(bytes: Uint8Array): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const number = ((a * 256 + b) * 256 + c) * 256 + d;
  return String(number % 1_000_000).padStart(6, '0');
}
