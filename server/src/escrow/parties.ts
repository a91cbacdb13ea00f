import { quoteFee } from '../fees/index.ts';
import { AppError } from '../kernel/error.ts';
import type { Share } from '../kernel/split.ts';
import type { AccountId } from '../ledger/index.ts';
import {
  accountNotFound,
  accountsByNumber,
  type NumberedFacts,
  publicAccountRefused,
} from '../virtual-accounts/index.ts';
import type { EscrowDeps } from './act.ts';
import {
  escrowAccountRefused,
  escrowFeeRuleUnfit,
  escrowShareExceeded,
  escrowSplitImpossible,
} from './errors.ts';
import { type DividedOutcome, divide, type PartShare, type SplitPart } from './order.ts';

/** Accounts by number, with the field of the body that named each. */
export interface NamedAccount {
  readonly number: string;
  readonly field: string;
}

/**
 * The accounts that a request names. Throws AppError: `account_not_found`, `public_account_refused` (suspense has
 * its own ways).
 */
export async function findParties(
  { db }: Pick<EscrowDeps, 'db'>,
  platformId: bigint,
  named: readonly NamedAccount[],
): Promise<ReadonlyMap<string, NumberedFacts>> {
  const found = await accountsByNumber(
    db,
    platformId,
    named.map(({ number }) => number),
  );
  for (const { number, field } of named) {
    const facts = found.get(number);
    if (!facts) throw accountNotFound(number, field);
    if (facts.kind === 'suspense') {
      const { kind } = facts;
      throw new AppError(publicAccountRefused, { account: number, accountKind: kind, field });
    }
  }
  return found;
}

/** A line of a split with its account and what it gets. */
export interface Payout {
  readonly part: SplitPart;
  readonly account: AccountId;
  readonly amount: bigint;
}

/**
 * What each line of a split gets of an amount; lines that get nothing are left out. Throws AppError:
 * `account_not_found`, `public_account_refused`, `escrow_account_refused`, `escrow_split_impossible`,
 * `escrow_share_exceeded`; of a line that a fee rule prices `fee_rule_not_found`, `fee_exceeds_amount`,
 * `escrow_fee_rule_unfit`.
 */
export async function payoutsOf(
  deps: Pick<EscrowDeps, 'db' | 'clock'>,
  platformId: bigint,
  {
    parts,
    amount,
    ...order
  }: {
    parts: readonly SplitPart[];
    amount: bigint;
    maxSharePpm: number;
    buyer: AccountId;
    sellers: ReadonlySet<AccountId>;
  },
): Promise<readonly Payout[]> {
  const named = parts.map(({ account }, i) => ({ number: account, field: `/split/${i}/account` }));
  const found = await findParties(deps, platformId, named);
  const seen = new Set<AccountId>();
  const payouts = parts.flatMap((part) => {
    const facts = found.get(part.account);
    if (!facts) return [];
    const { accountId: account } = facts;
    const refuse = (reason: 'is_the_buyer' | 'twice' | 'not_a_seller') =>
      new AppError(escrowAccountRefused, { account: part.account, reason });
    if (account === order.buyer) throw refuse('is_the_buyer');
    if (seen.has(account)) throw refuse('twice');
    // Who is a seller of the order is none of its other receivers: the maximum share would count for nothing.
    if ((part.role === 'seller') !== order.sellers.has(account)) throw refuse('not_a_seller');
    seen.add(account);
    return [{ part, account }];
  });
  const priced: { role: SplitPart['role']; share: Share }[] = [];
  for (const { role, share, account } of parts) {
    const currency = found.get(account)?.currency ?? '';
    priced.push({ role, share: await pricedShare(deps, platformId, share, { amount, currency }) });
  }
  const divided = divide(amount, { parts: priced, maxSharePpm: order.maxSharePpm });
  if (!divided.ok) throw impossible(divided);
  return payouts
    .map((each, i) => ({ ...each, amount: divided.amounts[i] ?? 0n }))
    .filter((each) => each.amount > 0n);
}

/**
 * A share as it divides: what a fee rule prices is an amount by then. The rule is the platform's, and it must take out of
 * the amount and at once: nothing else can be done with a release.
 */
async function pricedShare(
  deps: Pick<EscrowDeps, 'db' | 'clock'>,
  platformId: bigint,
  share: PartShare,
  { amount, currency }: { amount: bigint; currency: string },
): Promise<Share> {
  if (share.kind !== 'feeRule') return share;
  const { product } = share;
  const { rule, fee } = await quoteFee(deps, platformId, { product, currency, amount });
  const { bearer, timing } = rule;
  if (bearer !== 'payee' || timing !== 'now') {
    throw new AppError(escrowFeeRuleUnfit, { product, bearer, timing });
  }
  return { kind: 'amount', amount: fee };
}

function impossible(outcome: Extract<DividedOutcome, { ok: false }>): AppError {
  if (outcome.problem !== 'share') {
    return new AppError(escrowSplitImpossible, { problem: outcome.problem, by: outcome.by });
  }
  const { share, limit } = outcome;
  return new AppError(escrowShareExceeded, { share, limit });
}
