import type { Command } from 'commander';
import { type BankEntry, claimEntry, listBankEntries } from '../../deposits/index.ts';
import { textMoveId } from '../../kernel/id.ts';
import {
  type Cli,
  moneyAction,
  type PlatformContext,
  platformAction,
  type Result,
} from '../action.ts';
import { under } from '../explain-error.ts';
import { keyFor, type MoneyOptions, modeOf } from '../idempotency.ts';
import { limitOption, MONEY_OPTIONS, moreLine, readRows } from '../options.ts';
import { type Column, fields, money, moneyWithCurrency, table } from '../output.ts';

/** `guanjia suspense list`, `guanjia claim ENTRY ACCOUNT` */
export function addSuspenseCommands(program: Command, cli: Cli): void {
  const suspense = program
    .command('suspense')
    .summary('deposits that nobody could match (公共调账): list')
    .description(
      'Suspense (公共调账): deposits that nobody could match. `guanjia claim` gives them to whom they belong.',
    );
  suspense
    .command('list')
    .description(
      'What waits in suspense, with what the bank said about it and why it did not match.',
    )
    .option('--main-account <number>', 'of this main account only')
    .addOption(limitOption())
    .action(platformAction(cli, list));
  program
    .command('claim')
    .summary('give a deposit in suspense to an account (调账入款)')
    .description(
      'Give a deposit that waits in suspense to the account that it is for (调账入款), in whole.',
    )
    .argument('<entry>', 'ben_…, from `guanjia suspense list`')
    .argument('<account>', 'the number of the account')
    .addOption(MONEY_OPTIONS.key)
    .addOption(MONEY_OPTIONS.dryRun)
    .addHelpText('after', '\nExample:\n  guanjia claim ben_01k5… 8888800000000000051')
    .action(moneyAction(cli, claim));
}

const COLUMNS: readonly Column<BankEntry>[] = [
  { title: 'entry', show: ({ id }) => id },
  { title: 'date', show: ({ bookingDate }) => bookingDate },
  { title: 'amount', right: true, show: ({ amount, currency }) => money(amount, currency) },
  { title: '', show: ({ currency }) => currency },
  { title: 'from', show: ({ counterpartyName }) => counterpartyName },
  { title: 'account', show: ({ counterpartyAccount }) => counterpartyAccount },
  { title: 'remittance', show: ({ remittance }) => remittance },
  { title: 'why', show: ({ matchReason }) => matchReason },
  { title: 'for', show: ({ matchedAccount }) => matchedAccount },
];

async function list(
  { app, platformId }: PlatformContext,
  { mainAccount, limit }: { mainAccount?: string; limit: number },
): Promise<Result> {
  const { rows, more } = await readRows<BankEntry, string>(limit, async (page) => {
    const filter = { state: 'suspended' as const, mainAccount, ...page };
    const { entries, next } = await listBankEntries(app, platformId, filter);
    return { rows: entries, next };
  });
  const data = rows.map((entry) => ({ ...entry, transferId: transferText(entry.transferId) }));
  const text = table(rows, COLUMNS, { empty: 'Nothing waits in suspense.' });
  return { document: { data, more }, text: text + moreLine(more, rows.length) };
}

async function claim(
  context: PlatformContext,
  bankEntry: string,
  account: string,
  options: MoneyOptions,
): Promise<Result> {
  const { app, platformId } = context;
  const key = keyFor(context, options);
  const mode = modeOf(key);
  const requestId = mode.dryRun ? undefined : mode.requestId;
  const input = { bankEntry, account, requestId };
  const { claim: claimed, repeated } = await under({ idempotencyKey: key }, () =>
    claimEntry({ ...app, ...app.database }, platformId, input),
  );
  const transferId = transferText(claimed.transferId);
  const text = fields({
    entry: claimed.bankEntry,
    account: claimed.account,
    amount: moneyWithCurrency(claimed.amount, claimed.currency),
    transfer: transferId,
    'business date': claimed.businessDate,
  });
  const dryRun = mode.dryRun ?? false;
  return {
    document: { idempotencyKey: key ?? null, repeated, dryRun, claim: { ...claimed, transferId } },
    text: dryRun ? `Dry run: it would be accepted, and nothing was done.\n\n${text}` : text,
  };
}

const transferText = (id: bigint | null) => (id === null ? null : textMoveId('trf', id));
