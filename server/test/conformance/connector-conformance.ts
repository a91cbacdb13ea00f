import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Connector, ConnectorEntry, PayoutInstruction } from '../../src/banking/connector.ts';
import { amount } from '../../src/kernel/amount.ts';
import { currency } from '../../src/kernel/currency.ts';

/** What a bank's test stand can do, so that a connector can be held against the port. */
export interface ConnectorStand {
  readonly connector: Connector;
  /** A main account with at least 1,000.00, and one that the bank does not have. */
  readonly account: string;
  readonly strangeAccount: string;
  /** Somebody who can be paid, and a name that is not theirs. */
  readonly payee: PayoutInstruction['payee'];
  readonly wrongName: string;
  /** A rail that carries 1.00 now. */
  readonly rail: string;
  /** An amount that the account does not have. */
  readonly tooMuch: bigint;
  /** Somebody pays the account. */
  deposit(fen: bigint, remittance: string): Promise<void>;
  /** The next call of this kind is done by the bank, and not answered. */
  loseNextAnswer(call: 'submit' | 'query' | 'balance' | 'entries' | 'verify'): Promise<void>;
  /** The next call of this kind finds the bank closed. */
  failNextCall(call: 'submit' | 'query' | 'balance' | 'entries' | 'verify'): Promise<void>;
  /** The next payout is paid, and sent back; `later` lets the time pass that this takes. */
  bounceNextPayout(): Promise<void>;
  later(): Promise<void>;
}

const PAGE = 100;
const MAX_PAGES = 1_000;

/** The cases that every connector passes. A new one writes its stand and calls this. */
export function describeConnector(name: string, stand: () => ConnectorStand): void {
  const order = (change: Partial<PayoutInstruction> = {}): PayoutInstruction => ({
    ...{ reference: `wdr${randomUUID().replaceAll('-', '')}`, account: stand().account },
    ...{ amount: amount(100n), currency: currency('CNY'), payee: stand().payee },
    ...{ rail: stand().rail, remittance: '提现 & <1>', ...change },
  });
  const allEntries = async (limit = PAGE): Promise<ConnectorEntry[]> => {
    const { connector, account } = stand();
    const found: ConnectorEntry[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const ask = cursor === undefined ? { account, limit } : { account, limit, cursor };
      const answer = await connector.entries(ask);
      if (answer.kind !== 'entries') throw new Error(`no entries: ${answer.kind}`);
      if (answer.entries.length === 0) return found;
      found.push(...answer.entries);
      cursor = answer.cursor;
    }
    throw new Error('the entries do not end');
  };
  const balance = async () => {
    const answer = await stand().connector.balance(stand().account);
    if (answer.kind !== 'balance') throw new Error(`no balance: ${answer.kind}`);
    return answer.amount;
  };
  const paidFor = async (reference: string) =>
    (await allEntries()).filter((e) => e.payoutReference === reference && e.direction === 'debit');

  describe(name, () => {
    test('a deposit is in the balance and in the entries, once, with what the payer wrote', async () => {
      const before = await balance();
      await stand().deposit(12_345n, 'A&B <充值>');
      expect(await balance()).toBe(before + 12_345n);
      const entries = await allEntries();
      expect(entries.at(-1)).toMatchObject({ direction: 'credit', amount: 12_345n });
      expect(entries.at(-1)?.remittance).toContain('A&B <充值>');
      expect(new Set(entries.map(({ reference }) => reference)).size).toBe(entries.length);
    });

    test('the entries add up to the balance, whatever the size of the pages', async () => {
      await stand().deposit(1n, 'one');
      const entries = await allEntries(1);
      const sum = entries.reduce(
        (s, e) => s + (e.direction === 'credit' ? e.amount : -e.amount),
        0n,
      );
      expect(sum).toBe(await balance());
      expect(await allEntries()).toEqual(entries);
      expect(await allEntries(100_000)).toEqual(entries);
    });

    test('a cursor at the end finds what comes after it, and nothing twice', async () => {
      const { connector, account } = stand();
      let cursor = '';
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const ask = cursor === '' ? { account, limit: PAGE } : { account, limit: PAGE, cursor };
        const answer = await connector.entries(ask);
        if (answer.kind !== 'entries' || answer.cursor === cursor) break;
        cursor = answer.cursor;
      }
      await stand().deposit(7n, 'after the cursor');
      const next = await connector.entries({ account, cursor, limit: PAGE });
      expect(next).toMatchObject({ kind: 'entries', entries: [{ amount: 7n }] });
    });

    test('a payout is paid once, however often it is sent', async () => {
      const { connector } = stand();
      const before = await balance();
      const instruction = order();
      const first = await connector.submitPayout(instruction);
      expect(['accepted', 'settled']).toContain(first.kind);
      await connector.submitPayout(instruction);
      await stand().later();
      expect(await connector.queryPayout(instruction.reference)).toMatchObject({ kind: 'settled' });
      expect(await connector.submitPayout(instruction)).toMatchObject({ kind: 'settled' });
      expect(await balance()).toBe(before - 100n);
      expect(await paidFor(instruction.reference)).toMatchObject([{ amount: 100n }]);
    });

    test('a reference with another content is taken, and pays nothing more', async () => {
      const { connector } = stand();
      const instruction = order();
      await connector.submitPayout(instruction);
      const other = await connector.submitPayout({ ...instruction, amount: amount(200n) });
      expect(other).toEqual({ kind: 'reference_taken' });
      expect(await paidFor(instruction.reference)).toMatchObject([{ amount: 100n }]);
    });

    test('a refusal is final, in the bank’s words, and pays nothing', async () => {
      const { connector, tooMuch } = stand();
      const before = await balance();
      const instruction = order({ amount: amount(tooMuch) });
      const refused = await connector.submitPayout(instruction);
      expect(refused).toMatchObject({ kind: 'refused' });
      expect(refused.kind === 'refused' && refused.reason).toMatch(/./);
      expect(await connector.queryPayout(instruction.reference)).toEqual(refused);
      expect(await connector.submitPayout(instruction)).toEqual(refused);
      expect(await balance()).toBe(before);
    });

    test('a payout whose answer is lost is unknown, and the query tells what became of it', async () => {
      const { connector } = stand();
      const instruction = order();
      await stand().loseNextAnswer('submit');
      expect(await connector.submitPayout(instruction)).toMatchObject({
        ...{ kind: 'unknown', doubt: 'timeout' },
      });
      await stand().later();
      expect(await connector.queryPayout(instruction.reference)).toMatchObject({ kind: 'settled' });
      await connector.submitPayout(instruction);
      expect(await paidFor(instruction.reference)).toHaveLength(1);
    });

    test('a payout that the bank never saw is not found, and unknown before', async () => {
      const { connector } = stand();
      const instruction = order();
      await stand().failNextCall('submit');
      expect(await connector.submitPayout(instruction)).toMatchObject({ kind: 'unknown' });
      expect(await connector.queryPayout(instruction.reference)).toEqual({ kind: 'not_found' });
      expect(await paidFor(instruction.reference)).toEqual([]);
    });

    test('a payout that is sent back is returned, and its money is an entry of its own (退汇)', async () => {
      const { connector } = stand();
      const before = await balance();
      const instruction = order();
      await stand().bounceNextPayout();
      await connector.submitPayout(instruction);
      await stand().later();
      const outcome = await connector.queryPayout(instruction.reference);
      expect(outcome).toMatchObject({ kind: 'returned' });
      expect(outcome.kind === 'returned' && outcome.reason).toMatch(/./);
      expect(await balance()).toBe(before);
      const told = (await allEntries()).filter((e) => e.payoutReference === instruction.reference);
      expect(told.map(({ direction }) => direction)).toEqual(['debit', 'credit']);
    });

    test('silence and refusal of any call are told apart, and nothing is thrown', async () => {
      const { connector, account, payee, strangeAccount } = stand();
      const calls = {
        balance: () => connector.balance(account),
        entries: () => connector.entries({ account, limit: 1 }),
        query: () => connector.queryPayout('nobody'),
        verify: () => connector.verifyName(payee),
      };
      for (const [call, ask] of Object.entries(calls)) {
        const name = call as keyof typeof calls;
        await stand().loseNextAnswer(name);
        expect(await ask(), call).toMatchObject({ kind: 'unknown', doubt: 'timeout' });
        await stand().failNextCall(name);
        expect(await ask(), call).toMatchObject({ kind: 'unknown' });
      }
      expect(await connector.balance(strangeAccount)).toMatchObject({ kind: 'refused' });
      const ask = { account: strangeAccount, limit: 1 };
      expect(await connector.entries(ask)).toMatchObject({ kind: 'refused' });
      const gone = AbortSignal.abort();
      expect(await connector.submitPayout(order(), gone)).toMatchObject({ kind: 'unknown' });
    });

    test('a name is the account’s, or not, or nobody can tell', async () => {
      const { connector, payee, wrongName, strangeAccount } = stand();
      expect(await connector.verifyName(payee)).toEqual({ kind: 'match' });
      const wrong = { account: payee.account, name: wrongName };
      expect(await connector.verifyName(wrong)).toEqual({ kind: 'mismatch' });
      const { kind } = await connector.verifyName({ account: strangeAccount, name: wrongName });
      expect(['account_not_found', 'cannot_tell']).toContain(kind);
    });
  });
}
