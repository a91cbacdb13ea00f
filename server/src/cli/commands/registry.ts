import { type Command, Option } from 'commander';
import { currency, isCurrency } from '../../kernel/currency.ts';
import { addMember, listMembers, type Member } from '../../members/index.ts';
import {
  listPlatforms,
  openPlatform,
  type Platform,
  platformTextId,
  readPlatform,
} from '../../platforms/index.ts';
import {
  countReferencesPerDay,
  listMainAccounts,
  type MainAccount,
  openMainAccount,
} from '../../virtual-accounts/index.ts';
import {
  type Cli,
  type DatabaseContext,
  databaseAction,
  type PlatformContext,
  platformAction,
  type Result,
} from '../action.ts';
import { CliError, usageError } from '../cli-error.ts';
import { limitOption, moreLine, nameText, readRows, textOf } from '../options.ts';
import { type Column, fields, money, table } from '../output.ts';

/** `guanjia platform …`, `main-account …`, `member …`: who and what there is. */
export function addRegistryCommands(program: Command, cli: Cli): void {
  addPlatformCommands(program, cli);
  addMainAccountCommands(program, cli);
  addMemberCommands(program, cli);
}

function addPlatformCommands(program: Command, cli: Cli): void {
  const platform = program
    .command('platform')
    .summary('platforms (平台商户): open, list')
    .description('Platforms (平台商户): each has its own accounts, keys and business date.');
  platform
    .command('open')
    .description('Open a platform and its first business day, which is today in its time zone.')
    .argument('<name>', 'what it is called', nameText)
    .option('--time-zone <zone>', 'whose calendar turns its business date', 'Asia/Shanghai')
    .addHelpText(
      'after',
      '\nExample:\n  guanjia platform open "My market" --time-zone Asia/Shanghai',
    )
    .action(databaseAction(cli, openOne));
  platform
    .command('list')
    .description('The platforms of this database.')
    .action(databaseAction(cli, listAll));
}

/** Another process may have taken the next id: how often we try the one after. */
const MAX_ATTEMPTS = 5;

async function openOne(
  { app }: DatabaseContext,
  name: string,
  { timeZone }: { timeZone: string },
): Promise<Result> {
  if (!isTimeZone(timeZone)) {
    const allowed = 'an IANA name, such as Asia/Shanghai or Europe/Berlin';
    throw usageError(
      'time_zone_invalid',
      `${JSON.stringify(timeZone)} is no time zone: ${allowed}`,
    );
  }
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const last = (await listPlatforms(app.db)).at(-1)?.platformId ?? 0n;
    const platform: Platform = { platformId: last + 1n, name, timeZone, sandbox: false };
    if (!(await openPlatform(app, platform))) continue;
    return platformResult(await readPlatform(app.db, platform.platformId));
  }
  throw new CliError('busy', 'others are opening platforms at the same time: try again');
}

function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

function platformResult(platform: Platform & { businessDate: string }): Result {
  const { platformId, name, timeZone, businessDate, sandbox } = platform;
  const id = platformTextId(platformId);
  return {
    document: { id, name, timeZone, businessDate, sandbox },
    text: fields({
      platform: id,
      name,
      'time zone': timeZone,
      'business date': businessDate,
      sandbox: sandbox ? 'yes' : '',
    }),
  };
}

async function listAll({ app }: DatabaseContext): Promise<Result> {
  const platforms = await listPlatforms(app.db);
  const data = await Promise.all(
    platforms.map(({ platformId }) => readPlatform(app.db, platformId)),
  );
  const columns: readonly Column<(typeof data)[number]>[] = [
    { title: 'platform', show: ({ platformId }) => platformTextId(platformId) },
    { title: 'name', show: ({ name }) => name },
    { title: 'time zone', show: ({ timeZone }) => timeZone },
    { title: 'business date', show: ({ businessDate }) => businessDate },
    { title: 'sandbox', show: ({ sandbox }) => (sandbox ? 'yes' : '') },
  ];
  return {
    document: { data: data.map((each) => platformResult(each).document) },
    text: table(data, columns, { empty: 'There are no platforms.' }),
  };
}

function addMainAccountCommands(program: Command, cli: Cli): void {
  const main = program
    .command('main-account')
    .summary('main accounts (主体账户): open, list, references-per-day')
    .description('Main accounts (主体账户): the platform’s real accounts at a bank.');
  main
    .command('open')
    .description('Open a main account with its public accounts and the platform’s own.')
    .argument('<number>', 'at the bank')
    .argument('<name>', 'in whose name it is', nameText)
    .option('--currency <code>', 'ISO 4217', 'CNY')
    .option('--bank-name <name>', 'which bank', nameText)
    .option(
      '--prefix <digits>',
      '5 or 12 digits that its virtual accounts begin with; made when left out',
    )
    .option(
      '--references-per-day',
      'the bank counts the references of its entries anew from day to day',
    )
    .addHelpText(
      'after',
      '\nExample:\n  guanjia main-account open 8110888020000000017 "Sample Ltd" --prefix 88888',
    )
    .action(platformAction(cli, openMain));
  main
    .command('list')
    .description('What each main account has at the bank, by what was recorded, and below it.')
    .addOption(limitOption())
    .action(platformAction(cli, listMains));
  main
    .command('references-per-day')
    .description(
      'Say that the bank counts the references of its entries anew from day to day: an entry is known by its booking date and its reference. What was recorded stays known; it cannot be turned off.',
    )
    .argument('<number>', 'at the bank')
    .action(platformAction(cli, setPerDay));
}

async function openMain(
  { app, platformId }: PlatformContext,
  number: string,
  name: string,
  options: { currency: string; bankName?: string; prefix?: string; referencesPerDay?: boolean },
): Promise<Result> {
  const { bankName, prefix, referencesPerDay } = options;
  if (!isCurrency(options.currency)) {
    const allowed = 'an ISO 4217 code, such as CNY';
    throw usageError(
      'currency_invalid',
      `${JSON.stringify(options.currency)} is no currency: ${allowed}`,
    );
  }
  const named = { number, name, bankName, prefix, referencesPerDay };
  const input = { ...named, currency: currency(options.currency) };
  return mainResult(await openMainAccount(app, platformId, input));
}

async function setPerDay({ app, platformId }: PlatformContext, number: string): Promise<Result> {
  return mainResult(await countReferencesPerDay(app, platformId, number));
}

function mainResult(main: MainAccount): Result {
  const { accounts } = main;
  const text = fields({
    'main account': main.number,
    name: main.name,
    bank: main.bankName,
    currency: main.currency,
    prefix: main.prefix,
    references: main.referencesPerDay ? 'unique per booking date' : '',
    suspense: accounts.suspense,
    'interest and fees': accounts.interestAndFees,
    opening: accounts.opening,
    platform: accounts.platform,
  });
  return { document: main, text };
}

async function listMains(
  { app, platformId }: PlatformContext,
  { limit }: { limit: number },
): Promise<Result> {
  const { rows, more } = await readRows<MainAccount, bigint>(limit, async (page) => {
    const { mainAccounts, next } = await listMainAccounts(app, platformId, page);
    return { rows: mainAccounts, next };
  });
  const amount = (title: string, pick: (main: MainAccount) => bigint): Column<MainAccount> => ({
    title,
    right: true,
    show: (main) => money(pick(main), main.currency),
  });
  const columns: readonly Column<MainAccount>[] = [
    { title: 'number', show: ({ number }) => number },
    { title: 'name', show: ({ name }) => name },
    { title: 'prefix', show: ({ prefix }) => prefix },
    amount('at the bank', ({ bankBalance }) => bankBalance),
    amount('virtual accounts', ({ virtualAccountsBalance }) => virtualAccountsBalance),
    amount('unexplained debits', ({ unexplainedDebits }) => unexplainedDebits),
    { title: '', show: (main) => main.currency },
  ];
  const text = table(rows, columns, { empty: 'There are no main accounts.' });
  return { document: { data: rows, more }, text: text + moreLine(more, rows.length) };
}

function addMemberCommands(program: Command, cli: Cli): void {
  const member = program
    .command('member')
    .summary('members (会员): add, list')
    .description('Members (会员): the people and companies under a platform.');
  member
    .command('add')
    .description('Add a person or a company.')
    .argument('<name>', 'who it is', nameText)
    .addOption(
      new Option('--kind <kind>', 'what it is')
        .choices(['company', 'sole_trader', 'person'])
        .default('company'),
    )
    .option(
      '--reference <text>',
      'your own key for it, unique in the platform',
      textOf('memberReference'),
    )
    .addHelpText('after', '\nExample:\n  guanjia member add "A shop" --reference shop-1')
    .action(platformAction(cli, addOne));
  member
    .command('list')
    .description('Members in the order in which they were added.')
    .option('--reference <text>', 'the one with this reference')
    .addOption(limitOption())
    .action(platformAction(cli, listMembersOf));
}

const MEMBER_COLUMNS: readonly Column<Member>[] = [
  { title: 'member', show: ({ id }) => id },
  { title: 'kind', show: ({ kind }) => kind },
  { title: 'name', show: ({ name }) => name },
  { title: 'status', show: ({ status }) => status },
  { title: 'reference', show: ({ reference }) => reference },
];

async function addOne(
  { app, platformId }: PlatformContext,
  name: string,
  { kind, reference }: { kind: 'company' | 'sole_trader' | 'person'; reference?: string },
): Promise<Result> {
  const member = await addMember(app, platformId, { kind, name, reference });
  return { document: member, text: table([member], MEMBER_COLUMNS, { empty: '' }) };
}

async function listMembersOf(
  { app, platformId }: PlatformContext,
  { reference, limit }: { reference?: string; limit: number },
): Promise<Result> {
  const { rows, more } = await readRows<Member, string>(limit, async (page) => {
    const { members, next } = await listMembers(app, platformId, { reference, ...page });
    return { rows: members, next };
  });
  const text = table(rows, MEMBER_COLUMNS, { empty: 'There are no such members.' });
  return { document: { data: rows, more }, text: text + moreLine(more, rows.length) };
}
