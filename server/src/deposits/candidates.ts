import type { Db } from '../db/database.ts';
import type { AccountId } from '../ledger/index.ts';
import {
  findByNumbers,
  findByPayerAccounts,
  findByReferenceCodes,
} from '../virtual-accounts/index.ts';
import {
  type Candidates,
  type Match,
  matchByHints,
  matchByNumber,
  namedNumber,
  numbersIn,
  type Payment,
  payerOf,
  wordsIn,
} from './match.ts';

const NOBODY: Candidates = {
  byNumber: () => undefined,
  byReferenceCode: () => undefined,
  byPayer: () => [],
};

/**
 * Finds out whom many credits are for, with a few look-ups for all of them. Codes and payers are looked up only
 * for what no number has settled, which is the least.
 */
export async function matchAll(
  db: Db,
  platformId: bigint,
  payments: readonly Payment[],
): Promise<readonly Match[]> {
  const byNumber = await numberLookUp(db, platformId, payments);
  const settled = payments.map((payment) =>
    payment.reversal
      ? ({ account: undefined, reason: 'bank_reversal' } as const)
      : matchByNumber(payment, { ...NOBODY, byNumber }),
  );
  const open = payments.filter((_, i) => settled[i] === undefined);
  const candidates = open.length === 0 ? NOBODY : await hintLookUp(db, platformId, open);
  return payments.map((payment, i) => settled[i] ?? matchByHints(payment, candidates));
}

async function numberLookUp(
  db: Db,
  platformId: bigint,
  payments: readonly Payment[],
): Promise<Candidates['byNumber']> {
  const numbers = new Set<string>();
  for (const payment of payments) {
    const named = namedNumber(payment);
    if (named !== undefined) numbers.add(named);
    for (const number of numbersIn(payment.text)) numbers.add(number);
  }
  const found = await findByNumbers(db, platformId, numbers);
  return (mainAccountId, number) => {
    const facts = found.get(number);
    // Suspense is where a deposit goes that is nobody's: its number says nothing.
    if (!facts || facts.mainAccountId !== mainAccountId || facts.kind === 'suspense') return;
    return facts.accountId;
  };
}

async function hintLookUp(
  db: Db,
  platformId: bigint,
  payments: readonly Payment[],
): Promise<Candidates> {
  const codes = new Map<bigint, ReadonlyMap<string, AccountId>>();
  const payers = new Map<bigint, ReadonlyMap<string, readonly AccountId[]>>();
  const byMain = Map.groupBy(payments, ({ mainAccountId }) => mainAccountId);
  for (const [mainAccountId, group] of byMain) {
    const referenceCodes = [...new Set(group.flatMap(({ text }) => wordsIn(text)))];
    const accountNumbers = [...new Set(group.flatMap((payment) => payerOf(payment) ?? []))];
    const [coded, bound] = await Promise.all([
      findByReferenceCodes(db, platformId, { mainAccountId, referenceCodes }),
      findByPayerAccounts(db, platformId, { mainAccountId, accountNumbers }),
    ]);
    codes.set(
      mainAccountId,
      new Map(Array.from(coded, ([code, { accountId }]) => [code, accountId])),
    );
    payers.set(
      mainAccountId,
      new Map(Array.from(bound, ([payer, all]) => [payer, all.map(({ accountId }) => accountId)])),
    );
  }
  return {
    byNumber: () => undefined,
    byReferenceCode: (main, code) => codes.get(main)?.get(code),
    byPayer: (main, payer) => payers.get(main)?.get(payer) ?? [],
  };
}
