import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { refusalErrors } from '../ledger/index.ts';
import { adviceFor, type Diagnosis, type Factors, type Probe } from '../verification/index.ts';
import { type CardDeps, field } from './deps.ts';
import { cardAttemptRunning, cardNotVerified, cardTriesExceeded } from './errors.ts';
import { type PastAttempt, WINDOW_MS, waitOf } from './limits.ts';

/** What is to be tried. */
export interface NewAttempt {
  readonly attemptId: string;
  /** The member's UUID. */
  readonly memberId: string;
  readonly requestId: string;
  readonly factors: Factors;
}

interface Ended {
  readonly attempt_id: string;
  readonly factors_hash: Buffer;
  readonly verdict: Diagnosis['verdict'] | null;
  readonly cause: Diagnosis['cause'];
  readonly confidence: Diagnosis['confidence'];
}

/** The tries of a day that are looked at: more than any limit lets through. */
const MAX_ATTEMPTS = 1_000;

/** Holds up other tries of the platform until the transaction ends, so that none is counted too late. */
export async function lockAttempts(tx: Db, platformId: bigint): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`card attempts of ${platformId}`}, 0))`.execute(
    tx,
  );
}

/**
 * The attempt of a request that came before, when it verified the card; undefined when there was none. Throws
 * AppError: `request_id_reused`, `card_attempt_running`, and `card_not_verified` as before.
 */
export async function repeatedAttempt(
  tx: Db,
  deps: CardDeps,
  platformId: bigint,
  { memberId, requestId, factors }: NewAttempt,
): Promise<string | undefined> {
  const { rows } = await sql<Ended>`
    select attempt_id, factors_hash, verdict, cause, confidence from card_attempt
     where platform_id = ${platformId} and request_id = ${requestId}`.execute(tx);
  const [before] = rows;
  if (!before) return undefined;
  const hashes = factorHashes(deps, platformId, memberId, factors);
  if (!hashes.some((each) => each.equals(before.factors_hash)))
    throw new AppError(refusalErrors.request_id_reused, {});
  if (before.verdict === null) throw new AppError(cardAttemptRunning, {});
  if (before.verdict !== 'verified') throw notVerified({ ...before, verdict: before.verdict });
  return before.attempt_id;
}

/**
 * Throws `card_not_verified` when the same was refused within a day: asking again would only have the card locked.
 */
export async function refuseKnown(
  tx: Db,
  deps: CardDeps,
  platformId: bigint,
  { memberId, factors }: NewAttempt,
): Promise<void> {
  const since = new Date(deps.clock.now().getTime() - WINDOW_MS);
  const { rows } = await sql<Ended>`
    select attempt_id, factors_hash, verdict, cause, confidence from card_attempt
     where platform_id = ${platformId} and started_at > ${since} and verdict is not null
       and factors_hash = any(${factorHashes(deps, platformId, memberId, factors)})
     order by started_at desc, attempt_id desc limit 1`.execute(tx);
  const [known] = rows;
  if (known?.verdict === 'refused') throw notVerified({ ...known, verdict: 'refused' });
}

/** Throws `card_tries_exceeded` when member, card or identity number were tried too often. */
export async function refuseTooMany(
  tx: Db,
  { sealer, clock }: CardDeps,
  platformId: bigint,
  { memberId, factors }: NewAttempt,
): Promise<void> {
  const now = clock.now();
  const cards = sealer.lookUpHashes(factors.cardNumber, field(platformId, 'card_number'));
  const identities = sealer.lookUpHashes(factors.identityNumber, field(platformId, 'identity'));
  const { rows } = await sql<PastAttempt>`
    select started_at as "startedAt", verdict, member_id as "memberId",
           case when card_hash = any(${cards}) then 'this' else encode(card_hash, 'hex') end as card,
           member_id = ${memberId} as "isMember", card_hash = any(${cards}) as "isCard",
           identity_hash = any(${identities}) as "isIdentity"
      from card_attempt
     where platform_id = ${platformId} and started_at > ${new Date(now.getTime() - WINDOW_MS)}
       and (member_id = ${memberId} or card_hash = any(${cards}) or identity_hash = any(${identities}))
     order by started_at desc, attempt_id desc limit ${MAX_ATTEMPTS}`.execute(tx);
  const wait = waitOf(rows, { memberId, card: 'this', now });
  if (wait) throw new AppError(cardTriesExceeded, { ...wait });
}

/** Writes an attempt down before anybody is asked. */
export async function insertAttempt(
  tx: Db,
  deps: CardDeps,
  platformId: bigint,
  { attemptId, memberId, requestId, factors }: NewAttempt,
): Promise<void> {
  const { sealer, clock } = deps;
  const place = { platformId, table: 'card_attempt', column: 'factors', row: attemptId };
  const hash = (text: string, name: string) => sealer.lookUpHash(text, field(platformId, name));
  await sql`
    insert into card_attempt (platform_id, attempt_id, member_id, request_id, factors, card_hash, identity_hash,
      factors_hash, started_at)
    values (${platformId}, ${attemptId}, ${memberId}, ${requestId}, ${sealer.seal(JSON.stringify(factors), place)},
      ${hash(factors.cardNumber, 'card_number')}, ${hash(factors.identityNumber, 'identity')},
      ${hash(factorText(memberId, factors), 'factors')}, ${clock.now()})`.execute(tx);
}

/** Writes down what came of an attempt, and each question as evidence. */
export async function endAttempt(
  tx: Db,
  { sealer, clock }: CardDeps,
  platformId: bigint,
  ended: { attemptId: string; diagnosis: Diagnosis; probes: readonly Probe[] },
): Promise<void> {
  const { attemptId, probes } = ended;
  const { verdict, cause, confidence, staleAt } = ended.diagnosis;
  await sql`
    update card_attempt set ended_at = ${clock.now()}, verdict = ${verdict}, cause = ${cause},
           confidence = ${confidence}, stale_at = ${staleAt}
     where platform_id = ${platformId} and attempt_id = ${attemptId}`.execute(tx);
  for (const [i, probe] of probes.entries()) {
    const row = `${attemptId}/${i + 1}`;
    const place = { platformId, table: 'card_probe', column: 'codes', row };
    const codes = sealer.seal(JSON.stringify(probe.codes), place);
    await sql`
      insert into card_probe (platform_id, attempt_id, probe, request_id, provider, upstream, product, outcome, codes,
        asked_at, answered_at)
      values (${platformId}, ${attemptId}, ${i + 1}, ${probe.requestId}, ${probe.provider}, ${probe.upstream},
        ${probe.product}, ${probe.outcome}, ${codes}, ${probe.askedAt}, ${probe.answeredAt})`.execute(
      tx,
    );
  }
}

/** The error for a card that was not verified, with a sentence for the member. */
export function notVerified(
  diagnosis: Pick<Diagnosis, 'verdict' | 'cause' | 'confidence'>,
): AppError {
  const { verdict, cause, confidence } = diagnosis;
  const advice = adviceFor({ cause, confidence });
  return new AppError(cardNotVerified, { verdict, cause, confidence, advice });
}

/** What a member asked about: another member's same card is another request. */
const factorText = (memberId: string, factors: Factors) =>
  JSON.stringify([
    memberId,
    ...[factors.cardNumber, factors.name, factors.identityNumber, factors.mobile],
  ]);
const factorHashes = (
  { sealer }: CardDeps,
  platformId: bigint,
  memberId: string,
  factors: Factors,
) => sealer.lookUpHashes(factorText(memberId, factors), field(platformId, 'factors'));
