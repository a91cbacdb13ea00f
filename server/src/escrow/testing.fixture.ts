/** A platform with a buyer, two sellers, the platform's commission and a partner, for tests of escrow orders. */
import { type TestApp, type TestPlatform, testPlatform } from '../../test/support/fixtures.ts';
import { type AccountId, readAccounts, verifyLedger } from '../ledger/index.ts';
import { accountsByNumber } from '../virtual-accounts/index.ts';
import { orderTextId, type SplitPart } from './order.ts';
import { type PayInput, payOrder } from './pay.ts';
import { verifyEscrow } from './verify.ts';

/** What the tests speak of: accounts by who has them. Each party has `FUNDS` at the start. */
export interface EscrowBench {
  readonly app: TestApp;
  readonly platform: TestPlatform;
  readonly platformId: bigint;
  readonly buyer: string;
  readonly seller: string;
  readonly second: string;
  readonly commission: string;
  readonly partner: string;
  /** 5% commission, at most 20.00; 2.00 to the partner; the seller has the rest. */
  readonly split: readonly SplitPart[];
  pay(options: Partial<PayInput> & { reference: string }): Promise<string>;
  /** Available money of each party, in the order above, in minor units. */
  available(): Promise<readonly bigint[]>;
  held(): Promise<bigint>;
  /** Everything that disagrees: of the ledger and of escrow orders. */
  disagreements(): Promise<readonly unknown[]>;
}

export const FUNDS = 1000_00n;

export async function escrowBench(app: TestApp, platformId: bigint): Promise<EscrowBench> {
  const platform = await testPlatform(app, { platformId, members: 5, funds: FUNDS });
  const [buyer = '', seller = '', second = '', commission = '', partner = ''] = platform.numbers;
  const split: readonly SplitPart[] = [
    {
      role: 'commission',
      account: commission,
      share: { kind: 'ratio', ppm: 50_000, atMost: 2000n },
    },
    { role: 'partner', account: partner, share: { kind: 'amount', amount: 200n } },
    { role: 'seller', account: seller, share: { kind: 'remainder', weight: 1 } },
  ];
  const found = await accountsByNumber(app.db, platformId, platform.numbers);
  const ids = platform.numbers.map((number) => found.get(number)?.accountId as AccountId);
  const accountsNow = async () => {
    const accounts = await readAccounts(app.db, platformId, ids);
    return ids.flatMap((id) => accounts.get(id) ?? []);
  };
  let requests = 0;
  return {
    ...{ app, platform, platformId, buyer, seller, second, commission, partner, split },
    pay: async (options) => {
      requests += 1;
      const input = {
        buyer,
        sellers: [seller, second],
        amount: 100_00n,
        split,
        maxSharePpm: 300_000,
      };
      const mode = { requestId: `test/pay/${requests}` };
      const { action } = await payOrder(app, platformId, { ...input, ...options }, mode);
      return orderTextId(action.orderId);
    },
    available: async () => (await accountsNow()).map(({ balance, held }) => balance - held),
    held: async () => (await accountsNow()).reduce((sum, { held }) => sum + held, 0n),
    disagreements: async () => {
      const checks = [
        ...(await verifyLedger(app.db, platformId)),
        ...(await verifyEscrow(app.db, platformId)),
      ];
      return checks.flatMap(({ findings }) => findings);
    },
  };
}
