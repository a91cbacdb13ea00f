import type { Db } from '../db/database.ts';
import { amount, isAmount } from '../kernel/amount.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import { uuidOf } from '../kernel/id.ts';
import { type AccountId, type Answer, type Move, refusalErrors } from '../ledger/index.ts';
import { accountsById, type FoundParties, findParties } from '../virtual-accounts/index.ts';
import { FEE_CODES, type FeePlan, memberText } from './charge.ts';
import { feeExceedsAmount } from './errors.ts';
import { type FeeQuote, quoteByRule } from './quote.ts';
import { quoteFee } from './quote-fee.ts';
import { selectBegun } from './store.ts';

/** What a flow charges a fee for. `amount` in minor units. */
export interface FeeFor {
  readonly product: string;
  /** Whose price holds, `mem_…`; the payer's member when it is left out. */
  readonly memberId?: string | undefined;
  readonly currency: string;
  readonly amount: bigint;
  readonly payer: AccountId;
  /** Left out where nobody of the platform is paid, as by a withdrawal: then the payer bears what a payee would. */
  readonly payee?: AccountId | undefined;
  readonly mainAccountId: bigint;
}

type Deps = { readonly db: Db; readonly clock: Clock };

/**
 * The fee of something that a flow is about to do, and the moves that take it in the same group: from whoever bears
 * it to the public account for interest and fees. A dry run plans the same way.
 *
 * Throws AppError: what `quoteFee` throws; `same_account` when the account for fees would bear its own.
 */
export async function planFee(deps: Deps, platformId: bigint, asked: FeeFor): Promise<FeePlan> {
  const parties = await partiesOf(deps.db, platformId, asked);
  const { product, currency } = asked;
  const memberId = asked.memberId ?? memberText(parties.memberId);
  const question = { product, currency, amount: asked.amount, memberId };
  return planOf(await quoteFee(deps, platformId, question), asked, parties);
}

/** Versions of a rule that a repeat is looked for among. */
const MAX_VERSIONS_LOOKED_AT = 50;

/**
 * The answer that a request got by a version of the rule that is not the one in force now: a price that changes
 * between a request and its repeat makes the moves others. Undefined when it is another request.
 */
export async function answeredByEarlierRule(
  deps: Deps,
  platformId: bigint,
  { asked, answered }: { asked: FeeFor; answered: (plan: FeePlan) => Promise<Answer | undefined> },
): Promise<{ plan: FeePlan; answer: Answer } | undefined> {
  const parties = await partiesOf(deps.db, platformId, asked);
  const { product, currency } = asked;
  const member = asked.memberId === undefined ? parties.memberId : uuidOf('mem', asked.memberId);
  const wanted = { product, currency, memberId: member ?? null, at: deps.clock.now() };
  const limit = MAX_VERSIONS_LOOKED_AT;
  for (const rule of await selectBegun(deps.db, platformId, { ...wanted, limit })) {
    const quote = quoteByRule(rule, asked.amount);
    if (!quote || quote.payeeReceives < 0n || quote.fee > 0n !== isAmount(quote.fee)) continue;
    const plan = planOf(quote, asked, parties);
    const answer = await answered(plan);
    if (answer && (answer.accepted || answer.refusal.code !== 'request_id_reused')) {
      return { plan, answer };
    }
  }
  return undefined;
}

async function partiesOf(
  db: Db,
  platformId: bigint,
  { payer, mainAccountId }: FeeFor,
): Promise<FoundParties> {
  const parties = await findParties(db, platformId, { mainAccountId, accountId: payer });
  if (parties) return parties;
  const number = (await accountsById(db, platformId, [payer])).get(payer)?.number;
  throw new AppError(
    refusalErrors.account_not_found,
    number === undefined ? {} : { account: number },
  );
}

function planOf(quote: FeeQuote, asked: FeeFor, parties: FoundParties): FeePlan {
  const { fee, rule, amount: base } = quote;
  const { payer, payee = payer } = asked;
  const bearer = { payer, payee, platform: parties.platform }[rule.bearer];
  const income = parties.interestAndFees;
  if (bearer === income) throw new AppError(refusalErrors.same_account, {});
  if (fee > 0n && !isAmount(fee)) {
    throw new AppError(feeExceedsAmount, { fee, amount: base, product: rule.product });
  }
  const now = rule.timing === 'now' && fee > 0n;
  const move = () => ({
    kind: 'transfer' as const,
    code: FEE_CODES.fee,
    ...{ debit: bearer, credit: income, amount: amount(fee) },
    reference: rule.product,
  });
  return { quote, bearer, income, moves: now ? [move()] : [], context: `fee/${rule.id}` };
}

/** The moves of a flow with those of its fee behind them. */
export const withFee = (moves: readonly Move[], plan: FeePlan): readonly Move[] => [
  ...moves,
  ...plan.moves,
];
