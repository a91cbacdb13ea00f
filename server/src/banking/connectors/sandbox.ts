import { isAmount } from '../../kernel/amount.ts';
import { isBusinessDate } from '../../kernel/business-date.ts';
import { currency } from '../../kernel/currency.ts';
import { formatDecimal, parseDecimal } from '../../kernel/decimal.ts';
import { parseInstant } from '../../kernel/instant.ts';
import type {
  BankRefusal,
  Connector,
  ConnectorEntry,
  EntryPage,
  NameOutcome,
  PayoutInstruction,
  PayoutOutcome,
  Unknown,
} from '../connector.ts';
import { askBank, type BankAnswer, unknown } from './bank-http.ts';

const CNY = currency('CNY');
/** A bank that is this slow is taken for silent. */
const ANSWER_LIMIT_MS = 10_000;
/** The bank gives no more entries in one answer. */
const MAX_PAGE = 500;

export interface SandboxBankOptions {
  /** Where the bank listens, such as http://127.0.0.1:7071. */
  readonly url: string;
  readonly timeoutMs?: number;
}

/** The connector to the sandbox bank (sandbox-bank/README.md), by HTTP and JSON. */
export function sandboxConnector({
  url,
  timeoutMs = ANSWER_LIMIT_MS,
}: SandboxBankOptions): Connector {
  const get = (path: string, signal: AbortSignal | undefined) =>
    askBank({ method: 'GET', url: `${url}/v1${path}`, timeoutMs, signal });
  const post = (path: string, body: unknown, signal: AbortSignal | undefined) =>
    askBank({ method: 'POST', url: `${url}/v1${path}`, body, timeoutMs, signal });
  const accountPath = (account: string) => `/accounts/${encodeURIComponent(account)}`;
  return {
    balance: async (account, signal) => {
      const answer = await get(accountPath(account), signal);
      return answer.kind === 'unknown' ? answer : (refusalIn(answer) ?? readBalance(answer));
    },
    entries: async ({ account, cursor, limit }, signal) => {
      const query = new URLSearchParams({ after: cursor ?? '0', limit: pageSize(limit) });
      const answer = await get(`${accountPath(account)}/entries?${query}`, signal);
      return answer.kind === 'unknown' ? answer : (refusalIn(answer) ?? readPage(answer));
    },
    submitPayout: async (instruction, signal) => {
      const answer = await post('/payouts', orderOf(instruction), signal);
      if (answer.kind === 'unknown') return answer;
      const no = refusalIn(answer);
      if (no?.kind !== 'refused') return no ?? readPayout(answer);
      if (no.code === 'reference_taken') return { kind: 'reference_taken' };
      // Only what the bank says of the order itself is an answer to it.
      return no.code === 'invalid' ? no : unknown('unreadable', no.reason);
    },
    queryPayout: async (reference, signal) => {
      const answer = await get(`/payouts/${encodeURIComponent(reference)}`, signal);
      if (answer.kind === 'unknown') return answer;
      const no = refusalIn(answer);
      if (no?.kind !== 'refused') return no ?? readPayout(answer);
      // A refused question is no refused payout.
      return no.code === 'payout_not_found'
        ? { kind: 'not_found' }
        : unknown('unreadable', no.reason);
    },
    verifyName: async (asked, signal) => {
      const answer = await post('/account-names', asked, signal);
      return answer.kind === 'unknown' ? answer : (refusalIn(answer) ?? readName(answer));
    },
  };
}

const pageSize = (limit: number) => String(Math.min(limit, MAX_PAGE));

function orderOf({ payee, amount, currency: code, ...rest }: PayoutInstruction) {
  return {
    ...rest,
    amount: formatDecimal(amount, code),
    payeeAccount: payee.account,
    payeeName: payee.name,
    payeeBank: payee.bankName,
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

const textIn = (fields: Fields, name: string) => {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Minor units from a decimal text: this bank keeps CNY only. */
function moneyIn(fields: Fields, name: string): bigint | undefined {
  const parsed = parseDecimal(textIn(fields, name) ?? '', CNY);
  return parsed.ok ? parsed.minorUnits : undefined;
}

const instantIn = (fields: Fields, name: string) => parseInstant(textIn(fields, name) ?? '');

const unclear = (what: string): Unknown =>
  unknown('unreadable', `the bank's ${what} makes no sense`);

/** The bank's no. An answer in the 400s without its code is none of the bank's. */
function refusalIn({ status, body }: BankAnswer): BankRefusal | Unknown | undefined {
  if (status < 400) return undefined;
  const fields = fieldsOf(body);
  const code = textIn(fields, 'code');
  if (code === undefined) return unknown('unreadable', `HTTP ${status}`);
  return { kind: 'refused', code, reason: textIn(fields, 'message') ?? code };
}

function readBalance({ body }: BankAnswer) {
  const fields = fieldsOf(body);
  const amount = moneyIn(fields, 'balance');
  const asOf = instantIn(fields, 'asOf');
  if (amount === undefined || asOf === undefined) return unclear('balance');
  return { kind: 'balance', amount, currency: CNY, asOf } as const;
}

/** One line that cannot be read makes the page unreadable: a cursor behind it would lose it. */
function readPage({ body }: BankAnswer): EntryPage | Unknown {
  const fields = fieldsOf(body);
  const cursor = textIn(fields, 'cursor');
  const list = fields['entries'];
  if (cursor === undefined || !Array.isArray(list)) return unclear('page of entries');
  const entries = list.map(readEntry);
  const read = entries.filter((entry) => entry !== undefined);
  if (read.length < entries.length) return unclear('entry');
  return { kind: 'entries', entries: read, currency: CNY, cursor };
}

function readEntry(value: unknown): ConnectorEntry | undefined {
  const fields = fieldsOf(value);
  const reference = textIn(fields, 'reference');
  const direction = (['credit', 'debit'] as const).find((each) => each === fields['direction']);
  const amount = moneyIn(fields, 'amount') ?? 0n;
  const bookedAt = instantIn(fields, 'at');
  const bookingDate = textIn(fields, 'date') ?? '';
  if (!reference || !direction || !bookedAt) return undefined;
  if (!isAmount(amount) || !isBusinessDate(bookingDate)) return undefined;
  return {
    ...{ reference, direction, amount, bookedAt, bookingDate },
    reversal: textIn(fields, 'reversalOf') !== undefined,
    counterpartyName: textIn(fields, 'counterpartyName'),
    counterpartyAccount: textIn(fields, 'counterpartyAccount'),
    creditedAccount: textIn(fields, 'creditedAccount'),
    remittance: textIn(fields, 'remittance') ?? '',
    payoutReference: textIn(fields, 'payoutReference'),
  };
}

function readPayout({ body }: BankAnswer): PayoutOutcome {
  const fields = fieldsOf(body);
  const bankReference = textIn(fields, 'bankReference');
  const at = instantIn(fields, 'decidedAt');
  const reason = textIn(fields, 'reason') ?? '';
  const status = fields['status'];
  if (status === 'processing') return { kind: 'accepted', bankReference };
  if (status === 'refused') {
    return { kind: 'refused', code: textIn(fields, 'code') ?? 'refused', reason };
  }
  if (status === 'settled' && at) return { kind: 'settled', at, bankReference };
  if (status === 'returned' && at) return { kind: 'returned', at, reason, bankReference };
  return unclear('payout');
}

const NAME_OUTCOMES = ['match', 'mismatch', 'account_not_found', 'cannot_tell'] as const;

function readName({ body }: BankAnswer): NameOutcome | Unknown {
  const kind = NAME_OUTCOMES.find((each) => each === fieldsOf(body)['outcome']);
  return kind ? { kind } : unclear('answer about a name');
}
