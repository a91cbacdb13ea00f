// Goal: the commands do what they say, to programs and to people, and end as they must. Method: run the program
// itself as a process, on a database of its own, as an operator would: the only way in is the command line.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { camtFile } from '../../test/support/statement-samples.ts';
import { currency } from '../kernel/currency.ts';
import { runCommandLine } from './program.ts';

const database = await freshDatabase();
const admin = new pg.Client({ connectionString: database.adminUrl });
await admin.connect();
afterAll(() => admin.end());
const folder = await mkdtemp(join(tmpdir(), 'guanjia-cli-'));
afterAll(() => rm(folder, { recursive: true }));

const PROGRAM = join(import.meta.dirname, 'main.ts');
const MAIN_ACCOUNT = '8110888020000000017';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, DATABASE_URL: database.url, GUANJIA_DATA_DIR: folder, ...env },
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, ...said }));
  });
  return { child, ended };
}

function run(...args: string[]): Promise<Ended> {
  const { child, ended } = start(args);
  child.stdin.end();
  return ended;
}

/** The same in this process, where starting is not what is looked at. */
async function runHere(...args: string[]): Promise<Ended> {
  vi.stubEnv('DATABASE_URL', database.url);
  const said = { stdout: '', stderr: '' };
  const code = await runCommandLine(args, {
    write: (text) => {
      said.stdout += text;
    },
    note: (text) => {
      said.stderr += text;
    },
    isWatched: false,
  });
  return { code, ...said };
}

/** Runs a command that must succeed, and gives its document. */
async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runHere(...args, '--json');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

let payer = '';
let payee = '';

beforeAll(async () => {
  await json('platform', 'open', 'Market');
  await json('main-account', 'open', MAIN_ACCOUNT, 'Market Ltd', '--prefix', '88888');
  const member = await json('member', 'add', 'A shop', '--reference', 'shop-1');
  payer = String(
    (await json('account', 'open', 'A shop', '--member', String(member['id'])))['number'],
  );
  payee = String((await json('account', 'open', 'B shop'))['number']);
});

async function statementFile(options: {
  entries: number;
  accounts: string[];
  prefix?: string;
}): Promise<Buffer> {
  const pieces = camtFile({
    accountNumber: MAIN_ACCOUNT,
    currency: currency('CNY'),
    entries: options.entries,
    prefix: options.prefix ?? '',
    creditedAccounts: options.accounts,
  });
  return Buffer.concat(await Array.fromAsync(pieces));
}

test('a statement is imported, money is moved, and everything agrees', async () => {
  const path = join(folder, 'statement.xml');
  await writeFile(path, await statementFile({ entries: 40, accounts: [payer] }));
  const report = await json('statement', 'import', path);
  expect(report).toMatchObject({ format: 'camt.053', lines: 40, fileName: 'statement.xml' });
  const again = await run('statement', 'import', path);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was new.') });

  const before = await json('account', 'show', payer);
  expect(before).toMatchObject({ number: payer, currency: 'CNY', state: 'open', held: 0 });
  expect(before['balance']).toBeGreaterThan(1230);

  const paid = await json(
    'transfer',
    payer,
    payee,
    '12.30',
    '--memo',
    'order 1',
    '--key',
    'order-1',
  );
  expect(paid).toMatchObject({
    idempotencyKey: 'order-1',
    repeated: false,
    transfer: {
      amount: 1230,
      currency: 'CNY',
      memo: 'order 1',
      debit: { account: payer, balance: Number(before['balance']) - 1230 },
      credit: { account: payee, balance: 1230 },
    },
  });
  const repeated = await json(
    'transfer',
    payer,
    payee,
    '1230',
    '--minor',
    '--memo',
    'order 1',
    '--key',
    'order-1',
  );
  expect(repeated).toMatchObject({ repeated: true, transfer: paid['transfer'] });

  const tried = await json('transfer', payer, payee, '1', '--dry-run');
  expect(tried).toMatchObject({ idempotencyKey: null, transfer: { id: null, dryRun: true } });
  const after = await json('account', 'statement', payee);
  expect(after).toMatchObject({
    opening: 0,
    closing: 1230,
    totals: { credits: { count: 1, sum: 1230 }, debits: { count: 0, sum: 0 } },
    lines: [{ direction: 'credit', amount: 1230, balanceAfter: 1230, counterparty: payer }],
    more: false,
  });

  const verified = await run('verify');
  expect(verified.stdout).toMatch(/balances equal the transfers +OK/);
  expect(verified).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Everything agrees.'),
  });
});

test('money is put aside, given back and paid from', async () => {
  const held = await json('hold', 'place', payee, '5.00', 'order 2');
  expect(held).toMatchObject({
    hold: { amount: 500, remaining: 500, account: payee, reason: 'order 2' },
  });
  expect(held['idempotencyKey']).toMatch(/^cli-[0-9a-z]{16}$/);
  const id = String((held['hold'] as { id: string }).id);
  const paid = await json('hold', 'capture', id, payer, '2.00');
  expect(paid).toMatchObject({
    transfer: { amount: 200 },
    hold: { remaining: 300, captured: 200 },
  });
  const released = await json('hold', 'release', id);
  expect(released).toMatchObject({ hold: { remaining: 0, released: 300, status: 'closed' } });
});

test('what nobody could match is listed, and claimed once', async () => {
  const path = join(folder, 'unmatched.xml');
  await writeFile(path, await statementFile({ entries: 2, accounts: [], prefix: 'UNMATCHED' }));
  await run('statement', 'import', path);
  const { data } = (await json('suspense', 'list')) as { data: { id: string; amount: number }[] };
  const [entry] = data;
  if (!entry) return expect.unreachable('the file has lines for an account that is not there');
  const claimed = await json('claim', entry.id, payee);
  expect(claimed).toMatchObject({
    repeated: false,
    claim: { account: payee, amount: entry.amount },
  });
  const twice = await run('claim', entry.id, payee);
  expect(twice).toMatchObject({ code: 1, stdout: '' });
  expect(twice.stderr).toContain('guanjia: entry_not_in_suspense: ');
});

test('an account may be opened with an overdraft limit', async () => {
  const open = ['account', 'open', 'C shop', '--overdraft'];
  expect(await json(...open, '50.00')).toMatchObject({ overdraftLimit: 5000, available: 0 });
  const named = await json(...open, '0.01', '--main-account', MAIN_ACCOUNT);
  expect(named).toMatchObject({ overdraftLimit: 1 });
  const wrong = await runHere(...open, '1.234');
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('amount_invalid') });
});

test('lists are tables for people and documents for programs', async () => {
  const { stdout } = await run('account', 'list');
  expect(stdout.split('\n')[0]).toMatch(/^number +name +kind +state +balance +held +available/);
  expect(stdout).toContain(payer);
  const { data, more } = await json('account', 'list', '--limit', '2');
  expect(data).toHaveLength(2);
  expect(more).toBe(true);
  const mains = await json('main-account', 'list');
  expect(mains).toMatchObject({ data: [{ number: MAIN_ACCOUNT, unexplainedDebits: 0 }] });
});

test('a main account is said to count references from day to day', async () => {
  const [number, flag] = ['6222000099', '--references-per-day'];
  const opened = await json('main-account', 'open', number, 'Other Ltd', flag);
  expect(opened).toMatchObject({ number, referencesPerDay: true });
  expect(await json('main-account', 'references-per-day', number)).toEqual(opened);
  const { stdout } = await run('main-account', 'references-per-day', number);
  expect(stdout).toMatch(/^references +unique per booking date$/m);
});

test('keys are made, listed without their secret, and revoked', async () => {
  const key = await json('key', 'create', 'shop', '--scopes', 'read,money:write');
  expect(key).toMatchObject({ name: 'shop', scopes: ['read', 'money:write'] });
  expect(key['secret']).toMatch(/^gj_1_/);
  await json('key', 'revoke', String(key['id']));
  const { stdout } = await run('key', 'list', '--json');
  expect(stdout).not.toContain(String(key['secret']));
  expect(JSON.parse(stdout)).toMatchObject({
    data: [{ id: key['id'], revokedAt: expect.any(String) }],
  });
});

test.each([
  [
    ['transfer', 'PAYER', 'PAYEE', '99999999'],
    1,
    /^guanjia: insufficient_funds: .*shortfall [\d,]+\.\d\d CNY\)/m,
  ],
  [
    ['transfer', 'PAYER', '1234567890123456789', '1'],
    1,
    /^guanjia: account_not_found: .*1234567890123456789/m,
  ],
  [
    ['transfer', 'PAYER', 'PAYEE', '1.234'],
    2,
    /^guanjia: amount_invalid: "1.234" is no amount: .*at most 2 decimals/m,
  ],
  [['transfer', 'PAYER', 'PAYEE', '0'], 2, /^guanjia: amount_invalid: .*more than zero/m],
  [['transfer', 'PAYER', 'PAYEE'], 2, /^guanjia: usage: missing required argument 'amount'/m],
  [
    ['transfer', 'PAYER', 'PAYEE', '1', '--key', 'with space'],
    2,
    /^guanjia: key_invalid: .*1 to 128/m,
  ],
  [['hold', 'release', 'hld_nothing'], 1, /^guanjia: hold_not_found: /m],
  [['account', 'show', '1'], 1, /^guanjia: account_not_found: /m],
  [
    ['account', 'statement', 'PAYER', '--from', '2026-02-30'],
    1,
    /^guanjia: period_invalid: .*YYYY-MM-DD/m,
  ],
  [['account', 'list', '--platform', 'plt_7'], 1, /^guanjia: platform_not_found: .*plt_1 Market/m],
  [['statement', 'import', '/nowhere/at-all.xml'], 2, /^guanjia: file_unreadable: .*no such file/m],
  [['statement', 'import', 'FOLDER'], 2, /^guanjia: file_unreadable: \/.* is a directory: name/m],
  [
    ['statement', 'import', 'EMPTY'],
    1,
    /^guanjia: statement_format_unknown: .*seen an empty file/m,
  ],
  [
    ['statement', 'import', 'EMPTY', '--format', 'csv', '--csv-mapping', 'FOLDER'],
    2,
    /^guanjia: file_unreadable: \/.* is a directory/m,
  ],
  [['key', 'create', 'x', '--scopes', 'everything'], 2, /there are: read, accounts:write/m],
  [
    ['platform', 'open', 'x', '--time-zone', 'Moon/Base'],
    2,
    /^guanjia: time_zone_invalid: .*Asia\/Shanghai/m,
  ],
  [['platform', 'open', '  '], 2, /^guanjia: name_invalid: .*something to see/m],
  [['main-account', 'open', '6222', ' '], 2, /^guanjia: name_invalid: /m],
  [['main-account', 'open', '6222', 'x', '--bank-name', ' '], 2, /^guanjia: name_invalid: /m],
  [['member', 'add', '\u3000'], 2, /^guanjia: name_invalid: /m],
  [['member', 'add', '\u200b'], 2, /^guanjia: name_invalid: /m],
  [
    ['member', 'add', '\u202egnp'],
    2,
    /^guanjia: name_invalid: name must be: .*U\+202A to U\+202E/m,
  ],
  [['member', 'add', 'A\u0007'], 2, /^guanjia: name_invalid: .*control characters/m],
  [['member', 'add', 'x', '--reference', ' '], 2, /^guanjia: text_invalid: reference must/m],
  [['transfer', 'PAYER', 'PAYEE', '1', '--memo', ' '], 2, /^guanjia: text_invalid: memo must/m],
  [
    ['transfer', 'PAYER', 'PAYEE', '1', '--reference', '\u2060'],
    2,
    /text_invalid: reference must/m,
  ],
  [['hold', 'place', 'PAYER', '1', ' '], 2, /^guanjia: text_invalid: reason must/m],
  [['hold', 'place', 'PAYER', '1', 'x', '--owner', ''], 2, /^guanjia: text_invalid: owner must/m],
  [['account', 'open', ''], 2, /^guanjia: name_invalid: /m],
  [['key', 'create', 'x'.repeat(121)], 2, /^guanjia: name_invalid: .*1 to 120/m],
  [['backup', 'x.tar.gz'], 1, /^guanjia: not_embedded: /m],
  [['sing'], 2, /^guanjia: usage: unknown command 'sing'/m],
])('refused: %j', async (args, code, message) => {
  const empty = join(folder, 'empty.xml');
  await writeFile(empty, '');
  const words: Record<string, string> = {
    ...{ PAYER: payer, PAYEE: payee, FOLDER: folder, EMPTY: empty },
  };
  const ended = await runHere(...args.map((each) => words[each] ?? each));
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).not.toMatch(/^ +at /m);
  expect(ended).toMatchObject({ code, stdout: '' });
});

// Goal: whoever has written a charset that is none, or another than the file's, learns which field is wrong, and
// what may stand there. Method: the same file, with each.
test.each([
  [
    'klingon',
    /^guanjia: csv_mapping_invalid: .*field charset, .*Encoding Standard, such as gb18030/m,
  ],
  [7, /^guanjia: csv_mapping_invalid: .*field charset, /m],
  [
    'utf-8',
    /^guanjia: statement_charset_wrong: .*charset utf-8, .*byte 36, line 2, found c5\b.*gb18030/m,
  ],
  ['gb18030', undefined],
])('a CSV mapping with the charset %j', async (charset, message) => {
  const file = join(folder, 'lines.csv');
  const mapping = join(folder, 'mapping.json');
  const head = Buffer.from('date,amount,payer\n2026-01-02,1.00,');
  await writeFile(file, Buffer.concat([head, Buffer.from('d5c5c8fd', 'hex'), Buffer.from('\n')]));
  const columns = { bookingDate: 'date', counterpartyName: 'payer' };
  const form = { charset, dateFormat: 'YYYY-MM-DD', amount: { signed: 'amount' }, currency: 'CNY' };
  await writeFile(mapping, JSON.stringify({ ...form, columns }));
  const { code, stdout, stderr } = await runHere(
    ...['statement', 'import', file, '--format', 'csv', '--csv-mapping', mapping],
    ...['--main-account', MAIN_ACCOUNT, '--dry-run'],
  );
  expect(stderr).toMatch(message ?? /^$/);
  expect([code, stdout === '']).toEqual(message ? [1, true] : [0, false]);
});

test.each([
  ['CNY', /^$/],
  ['USD', /^guanjia: statement_currency_differs: .*USD/m],
  ['yuan', /--currency.*It must be an ISO 4217 code, such as CNY/],
])('lines whose file says no currency, taken as %s', async (code, message) => {
  const file = join(folder, 'plain.csv');
  const mapping = join(folder, 'plain.json');
  await writeFile(file, 'date,amount\n2026-01-02,1.00\n');
  const form = { charset: 'utf-8', dateFormat: 'YYYY-MM-DD', amount: { signed: 'amount' } };
  await writeFile(mapping, JSON.stringify({ ...form, columns: { bookingDate: 'date' } }));
  const { stderr } = await runHere(
    ...['statement', 'import', file, '--format', 'csv', '--csv-mapping', mapping],
    ...['--main-account', MAIN_ACCOUNT, '--currency', code, '--dry-run'],
  );
  expect(stderr).toMatch(message);
});

test('no command is typed wrong, asking for help is not', async () => {
  const none = await runHere();
  expect([none.code, none.stdout]).toEqual([2, '']);
  expect(none.stderr).toMatch(/^Usage: guanjia /);
  const half = await runHere('account');
  expect([half.code, half.stdout]).toEqual([2, '']);
  for (const args of [['--help'], ['help'], ['account', '--help'], ['--version']]) {
    const { code, stderr } = await runHere(...args);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  }
});

test('with --json an error is a document too, on standard error', async () => {
  const { code, stdout, stderr } = await run(
    'transfer',
    payer,
    payee,
    '99999999',
    '--key',
    'k',
    '--json',
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'insufficient_funds', account: payer, shortfall: expect.any(Number) },
  });
});

test('a database that is not there is said in one line, and where it went wrong only when asked', async () => {
  const away = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing' };
  const short = start(['verify'], away);
  const long = start(['verify'], { ...away, GUANJIA_LOG_LEVEL: 'debug' });
  expect((await short.ended).stderr).toMatch(/^guanjia: database_unavailable: [^\n]*\n$/);
  expect((await long.ended).stderr).toMatch(/^ +at /m);
});

// Method: half a file comes in and no more; once the import is at it (it holds its table), Ctrl-C.
test('Ctrl-C during an import leaves nothing half-done, and says so', async () => {
  const imports = 'select count(*)::integer as n from statement_import';
  const before = await admin.query(imports);
  const verified = await run('verify', '--json');
  const { child, ended } = start(['statement', 'import', '-']);
  const file = await statementFile({ entries: 20_000, accounts: [payer], prefix: 'CUT' });
  child.stdin.on('error', () => {}); // it hangs up on us
  child.stdin.write(file.subarray(0, Math.floor(file.length / 2)));
  await expect
    .poll(async () => (await admin.query(UNDER_WAY)).rowCount, { timeout: 30_000 })
    .toBeGreaterThan(0);
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect(stderr).toContain('guanjia: interrupted: nothing of - was recorded');
  expect(code).toBe(1);
  expect((await admin.query(imports)).rows).toEqual(before.rows);
  expect(await run('verify', '--json')).toEqual(verified);
});

const UNDER_WAY = `
  select from pg_stat_activity
   where datname = current_database() and query ilike 'copy%' and pid <> pg_backend_pid()`;

test('what disagrees is found, named, and ends with 1', async () => {
  await admin.query(`update account set balance = balance + 1 where guarded and balance > 0`);
  const { code, stdout } = await run('verify');
  expect(stdout).toMatch(/balances equal the transfers +\d/);
  expect(stdout).toMatch(
    /^ {2}balances equal the transfers: account \d+: stored \d+, transfers give \d+$/m,
  );
  expect(code).toBe(1);
  const asJson = await run('verify', '--json');
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    agrees: false,
    platforms: [{ platform: 'plt_1', name: 'Market', agrees: false }],
  });
  expect(asJson.code).toBe(1);
});

test('every platform is verified unless one is named', async () => {
  await json('platform', 'open', 'Bazaar');
  const all = await runHere('verify');
  expect(all.stdout).toMatch(/^plt_1 Market$[\s\S]*^plt_2 Bazaar$/m);
  expect(all.stdout.trimEnd().split('\n').at(-1)).toBe('Something disagrees: plt_1.');
  expect(all.code).toBe(1);
  const allAsJson = await runHere('verify', '--json');
  expect(JSON.parse(allAsJson.stdout)).toMatchObject({
    agrees: false,
    platforms: [
      { platform: 'plt_1', agrees: false },
      { platform: 'plt_2', name: 'Bazaar', agrees: true },
    ],
  });
  expect(allAsJson.code).toBe(1);

  const one = await runHere('verify', '--platform', 'plt_2');
  expect(one.stdout).not.toContain('plt_1');
  expect(one).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^plt_2 Bazaar$[\s\S]*^Everything agrees\.\n$/m),
  });
  expect((await runHere('account', 'list')).stderr).toContain('guanjia: platform_required: ');
});
