/** The sandbox: one platform with a main account, four members and their accounts, on invented names. */
import type { App } from './app.ts';
import { keepNotifySecret } from './banking/index.ts';
import { pollFrom } from './deposits/index.ts';
import { currency } from './kernel/currency.ts';
import type { Random } from './kernel/random.ts';
import { addMember, listMembers } from './members/index.ts';
import { createApiKey, listPlatforms, openPlatform, SCOPES } from './platforms/index.ts';
import {
  type AccountDeps,
  listMainAccounts,
  listVirtualAccounts,
  openMainAccount,
  openVirtualAccount,
  readMainAccountRecord,
} from './virtual-accounts/index.ts';

const SANDBOX = {
  platformId: 1n,
  name: 'Sandbox 沙箱商城',
  timeZone: 'Asia/Shanghai',
  sandbox: true,
} as const;
const SECRET_BYTES = 32;
const MAIN_ACCOUNT = {
  number: '8110888020000000017',
  name: '示例平台科技有限公司 Sample Platform Ltd',
  bankName: '示例银行 Sample Bank',
  prefix: '88888',
} as const;

/** Four trading accounts and a margin account; reference codes are what a payer may quote. */
const MEMBERS = [
  {
    name: '示例甲商贸有限公司 Sample A Trading',
    reference: 'sample-a',
    code: 'SAMPLEA',
    margin: true,
  },
  {
    name: '示例乙百货有限公司 Sample B Stores',
    reference: 'sample-b',
    code: 'SAMPLEB',
    margin: false,
  },
  {
    name: '示例丙食品有限公司 Sample C Foods',
    reference: 'sample-c',
    code: 'SAMPLEC',
    margin: false,
  },
  {
    name: '示例丁物流有限公司 Sample D Logistics',
    reference: 'sample-d',
    code: 'SAMPLED',
    margin: false,
  },
] as const;
const ACCOUNTS_LISTED = 100;

/** What `sandbox.json` tells about the sandbox's accounts. */
export interface SandboxAccounts {
  readonly platformId: string;
  readonly mainAccount: { readonly number: string };
  readonly publicAccounts: {
    readonly suspense: string;
    readonly interestAndFees: string;
    readonly opening: string;
  };
  readonly accounts: readonly {
    readonly number: string;
    readonly name: string;
    readonly kind: string;
  }[];
}

/**
 * Opens the sandbox platform with its accounts, and goes on where an earlier start was cut off. Account
 * numbers are the same every time. Does nothing when the first platform is not the sandbox.
 */
export function seedSandbox(app: App): Promise<void> {
  return aloneWithSandbox(app, () => seed(app));
}

/** Does work on the sandbox while no other server does any: two that start at once take turns. */
export async function aloneWithSandbox<T>(
  { sessions }: Pick<App, 'sessions'>,
  work: () => Promise<T>,
): Promise<T> {
  const session = await sessions.connect();
  try {
    await session.query(`select pg_advisory_lock(hashtextextended('sandbox', 0))`);
    return await work();
  } finally {
    session.release(true); // a connection that is closed gives up its lock
  }
}

async function seed(app: App): Promise<void> {
  const { platformId } = SANDBOX;
  const [first] = await listPlatforms(app.db);
  if (first && !first.sandbox) return;
  if (!first) await openPlatform(app, SANDBOX);
  const { accounts } = await listVirtualAccounts(app, platformId, { limit: ACCOUNTS_LISTED });
  const deps = { db: app.db, clock: app.clock, random: countingRandom(accounts.length) };
  const { mainAccounts } = await listMainAccounts(app, platformId, { limit: 1 });
  if (mainAccounts.length === 0) {
    await openMainAccount(deps, platformId, { ...MAIN_ACCOUNT, currency: currency('CNY') });
  }
  for (const member of MEMBERS) await seedMember(app, deps, member);
}

async function seedMember(
  app: App,
  deps: AccountDeps,
  { name, reference, code, margin }: (typeof MEMBERS)[number],
): Promise<void> {
  const { platformId } = SANDBOX;
  const { members } = await listMembers(app, platformId, { reference, limit: 1 });
  const known =
    members[0] ?? (await addMember(app, platformId, { kind: 'company', name, reference }));
  const memberId = known.id;
  const { accounts } = await listVirtualAccounts(app, platformId, { memberId, limit: 2 });
  const has = (wanted: string) => accounts.some(({ kind }) => kind === wanted);
  if (!has('trading')) {
    await openVirtualAccount(deps, platformId, { memberId, name, referenceCode: code });
  }
  if (!margin || has('margin')) return;
  const marginName = `${name} 保证金 Margin`;
  await openVirtualAccount(deps, platformId, { memberId, name: marginName, kind: 'margin' });
}

/** The sandbox's accounts as they are in the database; undefined when there is no sandbox. */
export async function readSandbox(app: App): Promise<SandboxAccounts | undefined> {
  const { platformId } = SANDBOX;
  const { mainAccounts } = await listMainAccounts(app, platformId, { limit: 1 });
  const [main] = mainAccounts;
  if (!main) return undefined;
  const { suspense, interestAndFees, opening } = main.accounts;
  const { accounts } = await listVirtualAccounts(app, platformId, { limit: ACCOUNTS_LISTED });
  return {
    platformId: `plt_${platformId}`,
    mainAccount: { number: main.number },
    publicAccounts: { suspense, interestAndFees, opening },
    accounts: accounts
      .filter(({ kind }) => kind === 'trading' || kind === 'margin' || kind === 'platform')
      .map(({ number, name, kind }) => ({ number, name, kind })),
  };
}

/** The sandbox's main account as its bank knows it; undefined when the first platform is no sandbox. */
export async function readSandboxBankAccount(app: App) {
  const { platformId } = SANDBOX;
  const [first] = await listPlatforms(app.db);
  const { mainAccounts } = await listMainAccounts(app, platformId, { limit: 1 });
  const [main] = mainAccounts;
  if (!first?.sandbox || !main) return undefined;
  const { number, name, bankName, prefix: virtualPrefix } = main;
  return { number, name, bankName, virtualPrefix };
}

/**
 * From now on the lines of the sandbox's main account are asked of the sandbox bank that listens there. Gives what the
 * bank is to sign its notifications with, and where they go; undefined when this is no sandbox.
 */
export async function connectSandboxBank(
  app: App,
  url: string,
): Promise<{ path: string; secret: string } | undefined> {
  const { platformId } = SANDBOX;
  const main = await readMainAccountRecord(app.db, platformId, MAIN_ACCOUNT.number);
  if (!main) return undefined;
  const { mainAccountId } = main;
  await pollFrom(app, platformId, { mainAccountId, connector: 'sandbox', url });
  const secret = Buffer.from(app.random.bytes(SECRET_BYTES)).toString('base64url');
  await keepNotifySecret(app, platformId, { mainAccountId, secret });
  return { path: `/bank-notifications/${platformId}`, secret };
}

/** Makes a key for the sandbox with every scope, under that name, and gives its text. */
export async function createSandboxKey(app: App, name: string): Promise<string> {
  const { platformId } = SANDBOX;
  const { secret } = await createApiKey(app, { platformId, name, scopes: SCOPES });
  return secret;
}

/** The platform of the sandbox. */
export const SANDBOX_PLATFORM_ID = SANDBOX.platformId;

/**
 * Counts on from the accounts that are there instead of drawing: the sandbox's account numbers are 88888 00000
 * 00001 …, with their check digits.
 */
function countingRandom(opened: number): Random {
  let count = opened;
  return {
    bytes: (length) => {
      count += 1;
      const digits = String(count).padStart(13, '0').padEnd(length, '0');
      return Uint8Array.from(digits.slice(0, length), Number);
    },
  };
}
