import type { Db } from '../db/database.ts';
import {
  findByNumbers,
  findByPayerAccounts,
  findByReferenceCodes,
} from '../virtual-accounts/index.ts';
import {
  type Hints,
  type Match,
  matchByHints,
  matchByNumber,
  type NumberLookUp,
  namedNumber,
  numbersIn,
  type Payment,
  payerOf,
  wordsIn,
} from './match.ts';

const NO_HINTS: Hints = { byReferenceCode: () => undefined, byPayer: () => [] };

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
  const settled = payments.map((payment) => matchByNumber(payment, byNumber));
  const open = payments.filter((_, i) => settled[i] === undefined);
  const hints = open.length === 0 ? NO_HINTS : await hintLookUp(db, platformId, open);
  return payments.map((payment, i) => settled[i] ?? matchByHints(payment, hints));
}

async function numberLookUp(
  db: Db,
  platformId: bigint,
  payments: readonly Payment[],
): Promise<NumberLookUp> {
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
): Promise<Hints> {
  const accountNumbers = [...new Set(payments.flatMap((payment) => payerOf(payment) ?? []))];
  const [codes, payers] = await Promise.all([
    codeLookUp(db, platformId, payments),
    findByPayerAccounts(db, platformId, accountNumbers),
  ]);
  return {
    byReferenceCode: (main, code) => codes.get(main)?.get(code)?.accountId,
    byPayer: (payer) => payers.get(payer) ?? [],
  };
}

async function codeLookUp(db: Db, platformId: bigint, payments: readonly Payment[]) {
  const byMain = Map.groupBy(payments, ({ mainAccountId }) => mainAccountId);
  const found = Array.from(byMain, async ([mainAccountId, group]) => {
    const referenceCodes = [...new Set(group.flatMap(({ text }) => wordsIn(text)))];
    const coded = await findByReferenceCodes(db, platformId, { mainAccountId, referenceCodes });
    return [mainAccountId, coded] as const;
  });
  return new Map(await Promise.all(found));
}
