// What tests and the operator's page move: transfers from outside, accounts, clock, rails, faults, notifications.
import { type Bank, receiveTransfer, reverseEntry } from './bank.ts';
import { tellEntry } from './bank-routes.ts';
import { auditBooks, BANK_NAME, listAccounts, openAccount } from './books.ts';
import { FAULT_KINDS, faultKind, operationOf } from './faults.ts';
import { fieldsOf } from './fields.ts';
import { yuan } from './money.ts';
import { renderPage } from './page.ts';
import { listDays, listRails, setDay, setRail } from './rails.ts';
import { Refusal } from './refusal.ts';
import { json, type Route } from './routing.ts';

/** How the program is told from others that listen on its port. */
const PROGRAM = 'guanjia-sandbox-bank';

const MILLION = 1_000_000;
const MAX_COUNT = 1_000_000;
const MAX_VALUE = 1_000_000_000;
const MAX_SEED = 2 ** 32 - 1;
const MAX_SECONDS = 10 * 366 * 86_400;
const MAX_RAIL_SECONDS = 7 * 86_400;

export function operatorRoutes(bank: Bank): Route[] {
  return [...moneyRoutes(bank), ...clockRoutes(bank), ...faultRoutes(bank), ...noticeRoutes(bank)];
}

function moneyRoutes(bank: Bank): Route[] {
  const { store } = bank;
  return [
    {
      method: 'GET',
      pattern: '/',
      act: () => ({ status: 200, type: 'text/html', body: renderPage(bank) }),
    },
    { method: 'GET', pattern: '/health', act: () => json({ program: PROGRAM }) },
    {
      method: 'GET',
      pattern: '/operator/books',
      act: () => {
        const accounts = listAccounts(store).map((account) => ({
          ...account,
          balance: yuan(account.balance),
        }));
        return json({ wrong: auditBooks(store), accounts });
      },
    },
    {
      method: 'POST',
      pattern: '/operator/accounts',
      act: ({ body }) => {
        const fields = fieldsOf(body);
        const number = fields.text('number');
        const known = listAccounts(store).find((account) => account.number === number);
        if (known?.kind === 'system') throw new Refusal(409, 'taken', 'The bank itself has it.');
        openAccount(store, {
          ...{ number, name: fields.text('name'), kind: 'customer' },
          bankName: fields.textOr('bankName', BANK_NAME),
          virtualPrefix: fields.textOr('virtualPrefix', null),
          closed: fields.has('closed') && fields.flag('closed'),
        });
        return json({ number }, 201);
      },
    },
    {
      method: 'POST',
      pattern: '/operator/transfers',
      act: ({ body }) => {
        const fields = fieldsOf(body);
        const entry = receiveTransfer(bank, {
          to: fields.text('to'),
          amount: fields.yuan('amount'),
          payerName: fields.textOr('payerName', '示例买家甲有限公司'),
          payerAccount: fields.textOr('payerAccount', '6222000000000000011'),
          remittance: fields.textOr('remittance', ''),
        });
        return json(tellEntry(entry), 201);
      },
    },
    {
      method: 'POST',
      pattern: '/operator/reversals',
      act: ({ body }) => json(tellEntry(reverseEntry(bank, fieldsOf(body).text('reference'))), 201),
    },
  ];
}

function clockRoutes(bank: Bank): Route[] {
  const { store, clock } = bank;
  const tell = () => json({ now: clock.now().toISOString(), frozen: clock.frozen });
  return [
    { method: 'GET', pattern: '/operator/clock', act: tell },
    {
      method: 'PUT',
      pattern: '/operator/clock',
      act: ({ body }) => {
        const fields = fieldsOf(body);
        if (fields.has('now')) {
          const time = new Date(fields.text('now'));
          if (Number.isNaN(time.getTime())) throw new Refusal(422, 'invalid', 'now is no time.');
          clock.moveTo(time);
        }
        const seconds = fields.wholeOr('advanceSeconds', 0, { min: 0, max: MAX_SECONDS });
        if (seconds > 0) clock.moveTo(new Date(clock.now().getTime() + seconds * 1_000));
        if (fields.has('frozen')) clock.freeze(fields.flag('frozen'));
        bank.catchUp();
        return tell();
      },
    },
    { method: 'GET', pattern: '/operator/days', act: () => json({ days: listDays(store) }) },
    {
      method: 'PUT',
      pattern: '/operator/days/:date',
      act: ({ params, body }) => {
        const fields = fieldsOf(body);
        setDay(
          store,
          params['date'] ?? '',
          fields.has('working') ? fields.flag('working') : undefined,
        );
        return json({ days: listDays(store) });
      },
    },
    { method: 'GET', pattern: '/operator/rails', act: () => json({ rails: listRails(store) }) },
    {
      method: 'PUT',
      pattern: '/operator/rails/:code',
      act: ({ params, body }) => {
        const fields = fieldsOf(body);
        const rail = listRails(store).find(({ code }) => code === params['code']);
        if (!rail) throw new Refusal(404, 'rail_unknown', 'There is no such rail.');
        const range = { min: 0, max: MAX_RAIL_SECONDS };
        setRail(store, {
          ...rail,
          seconds: fields.wholeOr('seconds', rail.seconds, range),
          maximum: fields.has('maximum') ? fields.yuan('maximum') : rail.maximum,
          hours: fields.textOr('hours', rail.hours),
        });
        return json({ rails: listRails(store) });
      },
    },
  ];
}

function faultRoutes({ faults }: Bank): Route[] {
  const tell = (status = 200) => json({ faults: faults.list(), kinds: FAULT_KINDS }, status);
  return [
    { method: 'GET', pattern: '/operator/faults', act: () => tell() },
    {
      method: 'POST',
      pattern: '/operator/faults',
      act: ({ body }) => {
        const fields = fieldsOf(body);
        faults.add({
          kind: faultKind(fields.text('kind')),
          operation: operationOf(fields.textOr('operation', null)),
          remaining: fields.wholeOr('times', null, { min: 1, max: MAX_COUNT }),
          perMillion: fields.wholeOr('perMillion', MILLION, { min: 0, max: MILLION }),
          value: fields.wholeOr('value', 1, { min: 0, max: MAX_VALUE }),
          text: fields.textOr('text', ''),
        });
        return tell(201);
      },
    },
    {
      method: 'DELETE',
      pattern: '/operator/faults',
      act: () => {
        faults.remove(undefined);
        return tell();
      },
    },
    {
      method: 'DELETE',
      pattern: '/operator/faults/:id',
      act: ({ params }) => {
        faults.remove(Number(params['id']));
        return tell();
      },
    },
    {
      method: 'PUT',
      pattern: '/operator/seed',
      act: ({ body }) => {
        faults.seed(fieldsOf(body).wholeOr('seed', 1, { min: 0, max: MAX_SEED }));
        return json({});
      },
    },
  ];
}

function noticeRoutes({ notifications }: Bank): Route[] {
  const tell = () => json({ url: notifications.url ?? null, notifications: notifications.list() });
  return [
    { method: 'GET', pattern: '/operator/notifications', act: tell },
    {
      method: 'PUT',
      pattern: '/operator/notifications',
      act: ({ body }) => {
        const fields = fieldsOf(body);
        notifications.subscribe(
          fields.textOr('url', undefined),
          fields.textOr('secret', undefined),
        );
        return tell();
      },
    },
  ];
}
