import { type Command, Option } from 'commander';
import type { App } from '../../app.ts';
import { readStatement, type Statement, type StatementLine } from '../../transfers/index.ts';
import {
  listMainAccounts,
  listVirtualAccounts,
  openVirtualAccount,
  readMainAccount,
  readVirtualAccount,
  type VirtualAccount,
} from '../../virtual-accounts/index.ts';
import { type Cli, type PlatformContext, platformAction, type Result } from '../action.ts';
import { readAmount } from '../amount-text.ts';
import { usageError } from '../cli-error.ts';
import { limitOption, moreLine, nameText, readRows } from '../options.ts';
import { type Column, fields, money, moneyWithCurrency, table } from '../output.ts';

/** `guanjia account …` */
export function addAccountCommands(program: Command, cli: Cli): void {
  const account = program
    .command('account')
    .summary('virtual accounts (虚拟户): open, show, list, statement')
    .description('Virtual accounts (虚拟户): 19-digit numbers under a main account.');
  account
    .command('show')
    .description('One account as it is now: balance = available + held.')
    .argument('<number>', '19 digits')
    .addHelpText('after', '\nExample:\n  guanjia account show 8888800000000000051')
    .action(platformAction(cli, showAccount));
  account
    .command('list')
    .description('Accounts in the order in which they were opened.')
    .option('--member <id>', 'of this member only (mem_…)')
    .option('--main-account <number>', 'under this main account only')
    .addOption(limitOption())
    .addHelpText('after', '\nExample:\n  guanjia account list --json | jq ".data[].number"')
    .action(platformAction(cli, listAccounts));
  addStatement(account, cli);
  addOpen(account, cli);
}

function addStatement(account: Command, cli: Cli): void {
  account
    .command('statement')
    .description(
      'What was booked on an account (对账单), oldest first, with a running balance: opening + credits − debits = closing.',
    )
    .argument('<number>', '19 digits')
    .option('--from <date>', 'first business date, YYYY-MM-DD; from the beginning when left out')
    .option('--to <date>', 'last business date, YYYY-MM-DD; up to now when left out')
    .addOption(limitOption(1000))
    .addHelpText(
      'after',
      '\nExample:\n  guanjia account statement 8888800000000000051 --from 2026-03-01 --to 2026-03-31',
    )
    .action(platformAction(cli, showStatement));
}

function addOpen(account: Command, cli: Cli): void {
  account
    .command('open')
    .description(
      'Open a virtual account, empty. Its number is made, with a check digit, unless you choose it.',
    )
    .argument('<name>', 'what it is called', nameText)
    .option('--member <id>', 'whose it is (mem_…)')
    .option(
      '--main-account <number>',
      'under which main account; may be left out when there is just one',
    )
    .addOption(
      new Option('--kind <kind>', 'what it is for')
        .choices(['trading', 'margin'])
        .default('trading'),
    )
    .option('--suffix <digits>', 'the digits after the main account’s prefix, taken as they are')
    .option('--reference-code <code>', 'what a payer may quote: 4 to 32 letters and digits')
    .option(
      '--overdraft <amount>',
      'how far it may be overdrawn, such as 500.00: this grants credit',
    )
    .addHelpText('after', '\nExample:\n  guanjia account open "A shop" --member mem_01k5…')
    .action(platformAction(cli, openOne));
}

async function showAccount({ app, platformId }: PlatformContext, number: string): Promise<Result> {
  const account = await readVirtualAccount(app, platformId, number);
  return { document: account, text: describe(account) };
}

/** An account for people. */
function describe(account: VirtualAccount): string {
  const { currency, referenceCode, memberId, state } = account;
  return fields({
    number: account.number,
    name: account.name,
    kind: account.kind,
    'main account': account.mainAccount,
    member: memberId,
    state,
    balance: moneyWithCurrency(account.balance, currency),
    held: moneyWithCurrency(account.held, currency),
    available: moneyWithCurrency(account.available, currency),
    'overdraft limit':
      account.overdraftLimit > 0n ? moneyWithCurrency(account.overdraftLimit, currency) : '',
    'reference code': referenceCode,
  });
}

const COLUMNS: readonly Column<VirtualAccount>[] = [
  { title: 'number', show: ({ number }) => number },
  { title: 'name', show: ({ name }) => name },
  { title: 'kind', show: ({ kind }) => kind },
  { title: 'state', show: ({ state }) => state },
  { title: 'balance', right: true, show: ({ balance, currency }) => money(balance, currency) },
  { title: 'held', right: true, show: ({ held, currency }) => money(held, currency) },
  {
    title: 'available',
    right: true,
    show: ({ available, currency }) => money(available, currency),
  },
  { title: '', show: ({ currency }) => currency },
];

async function listAccounts(
  { app, platformId }: PlatformContext,
  options: { member?: string; mainAccount?: string; limit: number },
): Promise<Result> {
  const { member: memberId, mainAccount, limit } = options;
  const { rows, more } = await readRows<VirtualAccount, bigint>(limit, async (page) => {
    const filter = { memberId, mainAccount, ...page };
    const { accounts, next } = await listVirtualAccounts(app, platformId, filter);
    return { rows: accounts, next };
  });
  const text = table(rows, COLUMNS, { empty: 'There are no virtual accounts.' });
  return { document: { data: rows, more }, text: text + moreLine(more, rows.length) };
}

async function showStatement(
  { app, platformId }: PlatformContext,
  number: string,
  { from, to, limit }: { from?: string; to?: string; limit: number },
): Promise<Result> {
  let first: Statement | undefined;
  const { rows, more } = await readRows<StatementLine, Statement['next']>(limit, async (page) => {
    const query = { period: { from, to }, ...page };
    const statement = await readStatement(app, platformId, number, query);
    first ??= statement;
    return { rows: statement.lines, next: statement.next };
  });
  if (!first) throw new Error('a statement has a first page');
  const { next: _, ...statement } = { ...first, lines: rows };
  return { document: { ...statement, more }, text: statementText(statement, more) };
}

function statementText(statement: Omit<Statement, 'next'>, more: boolean): string {
  const { number, currency, lines, opening, closing, totals } = statement;
  const amount = (line: StatementLine) =>
    money(line.direction === 'debit' ? -line.amount : line.amount, currency);
  const columns: readonly Column<StatementLine>[] = [
    { title: 'date', show: ({ businessDate }) => businessDate },
    { title: 'transfer', show: ({ transferId }) => transferId },
    { title: 'code', show: ({ code }) => code },
    { title: 'counterparty', show: ({ counterparty }) => counterparty },
    { title: 'amount', right: true, show: amount },
    { title: 'balance', right: true, show: ({ balanceAfter }) => money(balanceAfter, currency) },
    { title: 'reference', show: ({ reference }) => reference },
    { title: 'memo', show: ({ memo }) => memo },
  ];
  const summary = fields({
    account: number,
    opening: moneyWithCurrency(opening, currency),
    credits: totals && `${money(totals.credits.sum, currency)} in ${totals.credits.count}`,
    debits: totals && `${money(totals.debits.sum, currency)} in ${totals.debits.count}`,
    closing: moneyWithCurrency(closing, currency),
  });
  const body = table(lines, columns, { empty: 'Nothing was booked in this period.' });
  return `${summary}\n${body}${moreLine(more, lines.length)}`;
}

async function openOne(
  { app, platformId }: PlatformContext,
  name: string,
  options: {
    member?: string;
    mainAccount?: string;
    kind: 'trading' | 'margin';
    suffix?: string;
    referenceCode?: string;
    overdraft?: string;
  },
): Promise<Result> {
  const { member: memberId, overdraft, ...rest } = options;
  const overdraftLimit =
    overdraft === undefined
      ? undefined
      : readAmount(overdraft, { currency: await currencyUnder(app, platformId, rest.mainAccount) });
  const input = { name, memberId, overdraftLimit, ...rest };
  const account = await openVirtualAccount(app, platformId, input);
  return { document: account, text: describe(account) };
}

/** The currency of the main account that is named, or of the only one. Throws CliError `main_account_required`. */
async function currencyUnder(
  app: App,
  platformId: bigint,
  mainAccount: string | undefined,
): Promise<string> {
  if (mainAccount !== undefined) {
    return (await readMainAccount(app, platformId, mainAccount)).currency;
  }
  const { mainAccounts, next } = await listMainAccounts(app, platformId, { limit: 1 });
  const [only] = mainAccounts;
  if (only && next === undefined) return only.currency;
  throw usageError(
    'main_account_required',
    'an overdraft limit is in the currency of a main account: name one with --main-account',
  );
}
