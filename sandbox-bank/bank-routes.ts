// What a bank offers its customers' programs: balance, lines, payouts, names, statements.
import { type Bank, verifyName } from './bank.ts';
import { chinaTime } from './bank-clock.ts';
import { type Account, type Entry, entriesAfter, findAccount } from './books.ts';
import { fieldsOf } from './fields.ts';
import { yuan } from './money.ts';
import { type Payout, queryPayout, submitPayout } from './payouts.ts';
import { Refusal } from './refusal.ts';
import { json, type Request, type Route } from './routing.ts';
import { renderStatement } from './statement.ts';

const MAX_ENTRIES = 500;
const CURSOR = /^\d{1,18}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MEMO_FALLBACK = '';

export function bankRoutes(bank: Bank): Route[] {
  const { store, clock } = bank;
  return [
    {
      method: 'GET',
      pattern: '/v1/accounts/:number',
      operation: 'balance',
      act: (request) => {
        const { number, name, balance } = customer(bank, request);
        return json({
          ...{ number, name, currency: 'CNY', balance: yuan(balance) },
          asOf: clock.now().toISOString(),
        });
      },
    },
    {
      method: 'GET',
      pattern: '/v1/accounts/:number/entries',
      operation: 'entries',
      act: (request) => {
        const account = customer(bank, request).number;
        const after = request.query.get('after') ?? '0';
        const limit = Number(request.query.get('limit') ?? MAX_ENTRIES);
        if (!CURSOR.test(after) || !(limit >= 1 && limit <= MAX_ENTRIES)) {
          throw new Refusal(422, 'invalid', `after is a cursor; limit is 1 to ${MAX_ENTRIES}.`);
        }
        const entries = entriesAfter(store, { account, after: BigInt(after), limit });
        const cursor = String(entries.at(-1)?.seq ?? after);
        return json({ entries: entries.map(tellEntry), cursor });
      },
    },
    {
      method: 'GET',
      pattern: '/v1/accounts/:number/statements/:date',
      operation: 'statement',
      act: (request) => {
        const account = customer(bank, request);
        const date = request.params['date'] ?? '';
        const now = clock.now();
        if (!DATE.test(date) || date > chinaTime(now).date) {
          throw new Refusal(404, 'statement_not_found', 'The day is none, or has not come yet.');
        }
        const body = renderStatement(bank, account, { date, now });
        return { status: 200, type: 'application/xml', body };
      },
    },
    {
      method: 'POST',
      pattern: '/v1/payouts',
      operation: 'submit',
      act: ({ body }) => {
        const fields = fieldsOf(body);
        const order = {
          reference: fields.text('reference'),
          account: fields.text('account'),
          amount: fields.yuan('amount'),
          payeeAccount: fields.text('payeeAccount'),
          payeeName: fields.text('payeeName'),
          payeeBank: fields.text('payeeBank'),
          rail: fields.text('rail'),
          remittance: fields.textOr('remittance', MEMO_FALLBACK),
        };
        return json(tellPayout(submitPayout(bank, order, clock.now())));
      },
    },
    {
      method: 'GET',
      pattern: '/v1/payouts/:reference',
      operation: 'query',
      act: ({ params }) => {
        const payout = queryPayout(store, params['reference'] ?? '');
        // No exception: that would undo the count of hidden queries.
        const nothing = { code: 'payout_not_found', message: 'No payout has this reference.' };
        return payout ? json(tellPayout(payout)) : json(nothing, 404);
      },
    },
    {
      method: 'POST',
      pattern: '/v1/account-names',
      operation: 'verify',
      act: ({ body }) => {
        const fields = fieldsOf(body);
        const asked = { account: fields.text('account'), name: fields.text('name') };
        return json({ outcome: verifyName(bank, asked) });
      },
    },
  ];
}

function customer({ store }: Bank, { params }: Request): Account {
  const account = findAccount(store, params['number'] ?? '');
  if (account?.kind === 'customer') return account;
  throw new Refusal(404, 'account_not_found', 'No such account.');
}

/** A line as the API tells it. Amounts in yuan; `cursor` is where the next page begins. */
export function tellEntry({ seq, amount, balance, ...entry }: Entry) {
  return { cursor: String(seq), amount: yuan(amount), balance: yuan(balance), ...entry };
}

function tellPayout({ amount, ...payout }: Payout) {
  return { ...payout, amount: yuan(amount) };
}
