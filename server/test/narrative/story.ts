/**
 * What the narratives are told with: a platform whose members have names, amounts in yuan as people write them, and the
 * sandbox bank as a process of its own, where money really arrives. Each story ends with `end()`: the eight invariants,
 * and the bank's own books.
 */
import { Readable } from 'node:stream';
import { afterAll, expect } from 'vitest';
import { backgroundLoops } from '../../src/background.ts';
import { sandboxConnector } from '../../src/banking/index.ts';
import type { DepositDeps, ImportReport } from '../../src/deposits/index.ts';
import { importStatement } from '../../src/deposits/index.ts';
import { currency } from '../../src/kernel/currency.ts';
import { formatDecimal, parseDecimal } from '../../src/kernel/decimal.ts';
import { AppError } from '../../src/kernel/error.ts';
import { openLog } from '../../src/logging.ts';
import { addMember } from '../../src/members/index.ts';
import { openPlatform } from '../../src/platforms/index.ts';
import {
  openMainAccount,
  openVirtualAccount,
  readVirtualAccount,
} from '../../src/virtual-accounts/index.ts';
import { type TestApp, testApp } from '../support/fixtures.ts';
import { expectInvariants } from '../support/invariants.ts';
import { type BankProcess, startSandboxBank } from '../support/sandbox-bank.ts';

const CNY = currency('CNY');
const HOUR_MS = 3_600_000;
/**
 * Stories begin on a Monday at nine in Shanghai, four weeks after each other and in a year to come: the bank's clock
 * goes forward only.
 */
const FIRST_MORNING = Date.parse('2030-03-04T01:00:00.000Z');
const FOUR_WEEKS_MS = 28 * 86_400_000;
/** An answer of the sandbox bank takes milliseconds; this is for a busy machine. */
const BANK_TIMEOUT_MS = 10_000;

/** Yuan as people write it, in fen. */
export function fen(yuan: string): bigint {
  const parsed = parseDecimal(yuan, CNY);
  if (!parsed.ok) throw new RangeError(`not an amount in yuan: ${yuan}`);
  return parsed.minorUnits;
}

/** Money that arrives at the bank. */
interface Arrival {
  /** A member's name, or a number as the payer wrote it. */
  readonly to?: string;
  readonly amount: string;
  readonly payer?: string;
  readonly payerAccount?: string;
  readonly text?: string;
}

/** The words of a story. */
export interface Story<Name extends string> {
  readonly app: TestApp & DepositDeps;
  readonly platformId: bigint;
  readonly bank: BankProcess;
  /** The number of a member's account. */
  number(name: Name): string;
  /** `mem_…` */
  member(name: Name): string;
  /** A request of its own: no other has its id. */
  ask(): { readonly requestId: string };
  /** Somebody pays at the bank. Answers with the bank's reference. */
  arrives(arrival: Arrival): Promise<string>;
  /** The bank takes a line back. */
  takesBack(reference: string): Promise<void>;
  /** The bank's statement of today is taken in. */
  statement(): Promise<ImportReport>;
  /** What a member has: "60.00", and "60.00 + 40.00 held" where some is put aside. */
  has(name: Name): Promise<string>;
  /** What all of them have. */
  everybody(): Promise<Readonly<Record<Name, string>>>;
  /** The code by which something is refused; "done" when it is not. */
  refusal(asked: Promise<unknown>): Promise<string>;
  /** Time goes by, for us and for the bank; then the server does what is due. */
  later(hours: number): Promise<void>;
  /** The server does what is due now. */
  background(): Promise<void>;
  /** Everything is as it must be, here and at the bank. */
  end(): Promise<void>;
}

let stories = 0;

/** Call it at the top of a file: the bank that its stories are told with. */
export async function tellStories(): Promise<
  <Name extends string>(names: readonly Name[]) => Promise<Story<Name>>
> {
  const app = await testApp();
  const bank = await startSandboxBank();
  afterAll(() => bank[Symbol.asyncDispose]());
  const deps = { ...app, sessions: app.database.sessions };
  return (names) => openStory(deps, bank, names);
}

async function openStory<Name extends string>(
  app: TestApp & DepositDeps,
  bank: BankProcess,
  names: readonly Name[],
): Promise<Story<Name>> {
  stories += 1;
  const platformId = BigInt(stories);
  app.clock.set(new Date(FIRST_MORNING + stories * FOUR_WEEKS_MS).toISOString());
  const mainAccount = `81108880200000000${10 + stories}`;
  const prefix = String(88800 + stories);
  const numbers = await openAccounts(app, { platformId, mainAccount, prefix, names });
  const account = { number: mainAccount, name: '示例平台', virtualPrefix: prefix };
  await bank.operate('POST', '/accounts', account);
  const syncBank = () =>
    bank.operate('PUT', '/clock', { now: app.clock.now().toISOString(), frozen: true });
  await syncBank();
  const number = (name: Name) => numbers.get(name)?.number ?? '';
  const member = (name: Name) => numbers.get(name)?.memberId ?? '';
  const has = async (name: Name) => {
    const { available, held } = await readVirtualAccount(app, platformId, number(name));
    const aside = held > 0n ? ` + ${formatDecimal(held, CNY)} held` : '';
    return formatDecimal(available, CNY) + aside;
  };
  const everybody = async () =>
    Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await has(name)])),
    ) as Record<Name, string>;
  const background = async () => {
    const loops = backgroundLoops({ ...app, log: openLog({ level: 'silent' }) });
    for (const { run } of loops) await run();
  };
  let asked = 0;
  const connector = sandboxConnector({ url: bank.url, timeoutMs: BANK_TIMEOUT_MS });
  return {
    ...{ app, platformId, bank, number, member, has, everybody, background },
    ask: () => {
      asked += 1;
      return { requestId: `story-${platformId}/${asked}` };
    },
    arrives: async ({ to = mainAccount, amount, payer, payerAccount, text }) => {
      const told = await bank.operate('POST', '/transfers', {
        ...{ to: numbers.get(to)?.number ?? to, amount },
        ...(payer === undefined ? {} : { payerName: payer }),
        ...(payerAccount === undefined ? {} : { payerAccount }),
        ...(text === undefined ? {} : { remittance: text }),
      });
      return (told as { reference: string }).reference;
    },
    takesBack: async (reference) => {
      await bank.operate('POST', '/reversals', { reference });
    },
    statement: async () => {
      const date = dateOf(app.clock.now());
      const answer = await fetch(`${bank.url}/v1/accounts/${mainAccount}/statements/${date}`);
      const bytes = new Uint8Array(await answer.arrayBuffer());
      expect(answer.status).toBe(200);
      const source = Readable.from([bytes]);
      return importStatement(app, platformId, { source });
    },
    refusal: async (asking) => {
      try {
        await asking;
        return 'done';
      } catch (error) {
        if (error instanceof AppError) return error.definition.code;
        throw error;
      }
    },
    later: async (hours) => {
      app.clock.advance(hours * HOUR_MS);
      await syncBank();
      await background();
    },
    end: async () => {
      await background();
      await expectInvariants(app.db, [platformId], {
        bank: { connector, accounts: [mainAccount] },
      });
    },
  };
}

async function openAccounts<Name extends string>(
  app: TestApp,
  { platformId, mainAccount, prefix, names }: OpenedWith<Name>,
): Promise<ReadonlyMap<string, { readonly number: string; readonly memberId: string | null }>> {
  const place = { timeZone: 'Asia/Shanghai', sandbox: true };
  await openPlatform(app, { platformId, name: '示例平台', ...place });
  const main = { number: mainAccount, name: '示例平台', bankName: '示例银行', prefix };
  await openMainAccount(app, platformId, { ...main, currency: CNY });
  const numbers = new Map<string, { readonly number: string; readonly memberId: string | null }>();
  for (const name of names) {
    const { id: memberId } = await addMember(app, platformId, { kind: 'company', name });
    const account = { memberId, name, mainAccount };
    numbers.set(name, await openVirtualAccount(app, platformId, account));
  }
  return numbers;
}

interface OpenedWith<Name> {
  readonly platformId: bigint;
  readonly mainAccount: string;
  readonly prefix: string;
  readonly names: readonly Name[];
}

/** The date in Shanghai, which is eight hours ahead the whole year. */
const dateOf = (at: Date): string =>
  new Date(at.getTime() + 8 * HOUR_MS).toISOString().slice(0, 10);
