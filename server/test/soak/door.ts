import { isDeepStrictEqual } from 'node:util';
import { amount } from '../../src/kernel/amount.ts';
import { AppError } from '../../src/kernel/error.ts';
import { moveIdOf, textMoveId } from '../../src/kernel/id.ts';
import type { Ledger, Move } from '../../src/ledger/index.ts';
import { answerText, postingText } from './model/answer-text.ts';
import type { Operation, SingleOperation } from './operations.ts';
import type { World } from './world.ts';

/** What a client was told. */
export type Told =
  /** `lines`: what each move left behind, in words. `holds`: what was placed. `whole`: for comparing repeats. */
  | {
      readonly kind: 'accepted';
      readonly lines: readonly string[];
      readonly holds: readonly { readonly hold: bigint; readonly account: number }[];
      readonly whole: unknown;
    }
  | { readonly kind: 'refused'; readonly code: string; readonly whole: unknown }
  /** Ask again with the same key. `retryAfter`: what the server said about when. */
  | { readonly kind: 'later'; readonly code: string; readonly retryAfter: string | null }
  /** No answer came. */
  | { readonly kind: 'silent'; readonly why: string }
  /** What no client may ever see. */
  | { readonly kind: 'failed'; readonly why: string };

/** A way to a server: over HTTP, or straight to a ledger in this process. */
export interface Door {
  ask(key: string, operation: Operation): Promise<Told>;
}

/** True when two answers are the same. */
export function sameAnswer(a: Told, b: Told): boolean {
  if (a.kind !== b.kind || !('whole' in a) || !('whole' in b)) return false;
  return isDeepStrictEqual(a.whole, b.whole);
}

/** Straight to a ledger. */
export function ledgerDoor(ledger: Ledger, world: World): Door {
  const { platformId, accounts } = world;
  const idOf = (account: number) => accounts[account]?.id ?? fail(`no account ${account}`);
  const toMove = (item: SingleOperation): Move => {
    switch (item.kind) {
      case 'transfer':
        return {
          ...{ kind: 'transfer', code: 'transfer', amount: amount(item.amount) },
          ...{ debit: idOf(item.debit), credit: idOf(item.credit) },
        };
      case 'hold':
        return {
          kind: 'hold',
          account: idOf(item.account),
          amount: amount(item.amount),
          reason: 'soak',
        };
      case 'release':
        return { kind: 'release', hold: item.hold, amount: part(item.amount) };
      case 'capture': {
        const credit = idOf(item.credit);
        return {
          kind: 'capture',
          code: 'payment',
          hold: item.hold,
          credit,
          amount: part(item.amount),
        };
      }
    }
  };
  return {
    ask: async (key, operation) => {
      const items = operation.kind === 'group' ? operation.items : [operation];
      try {
        const request = { platformId, requestId: `api/${key}`, moves: items.map(toMove) };
        const answer = await ledger.submit(request);
        const whole = answerText(answer);
        if (!answer.accepted) return { kind: 'refused', code: answer.refusal.code, whole };
        const { postings } = answer;
        const holds = items.flatMap((item, i) => {
          const hold = postings[i]?.moveId;
          return item.kind === 'hold' && hold !== undefined
            ? [{ hold, account: item.account }]
            : [];
        });
        return { kind: 'accepted', lines: postings.map(postingText), holds, whole };
      } catch (error) {
        return toldOf(error);
      }
    },
  };
}

const part = (sum: number | undefined) => (sum === undefined ? undefined : amount(sum));

function toldOf(error: unknown): Told {
  if (error instanceof AppError && ['unavailable', 'unknown'].includes(error.definition.kind)) {
    const retryAfter = String(field(error.facts, 'retryAfterSeconds'));
    return { kind: 'later', code: error.definition.code, retryAfter };
  }
  return { kind: 'failed', why: String(error) };
}

const LATER = [502, 503, 504];

/** Over HTTP; `baseUrl` is asked each time, because a server that was started again has another port. */
export function httpDoor(baseUrl: () => string, world: World): Door {
  const names = new Map(world.accounts.map(({ id, number }) => [number, id]));
  return {
    ask: async (key, operation) => {
      const { path, body } = requestOf(operation, world);
      let response: Response;
      let text: string;
      try {
        response = await fetch(baseUrl() + path, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${world.apiKey}`,
            'content-type': 'application/json',
            'idempotency-key': key,
          },
          body: JSON.stringify(body),
        });
        text = await response.text();
      } catch (error) {
        return { kind: 'silent', why: String(error) };
      }
      return readAnswer(response, text, { operation, names });
    },
  };
}

function requestOf(operation: Operation, world: World): { path: string; body: object } {
  if (operation.kind === 'group') {
    const items = operation.items.map((item) => itemOf(item, world));
    return { path: '/v1/batches', body: { mode: 'atomic', items } };
  }
  const { type, hold, ...body } = itemOf(operation, world);
  const paths = { transfer: '/v1/transfers', hold: '/v1/holds' };
  if (type === 'transfer' || type === 'hold') return { path: paths[type], body };
  return { path: `/v1/holds/${hold}/${type}`, body };
}

type Item = { type: SingleOperation['kind']; hold?: string } & Record<string, unknown>;

function itemOf(item: SingleOperation, { accounts }: World): Item {
  const numberOf = (account: number) => accounts[account]?.number ?? fail(`no account ${account}`);
  const sum = item.amount === undefined ? {} : { amount: item.amount };
  switch (item.kind) {
    case 'transfer': {
      const [debitAccount, creditAccount] = [numberOf(item.debit), numberOf(item.credit)];
      return { type: 'transfer', debitAccount, creditAccount, ...sum };
    }
    case 'hold':
      return { type: 'hold', account: numberOf(item.account), reason: 'soak', ...sum };
    case 'release':
      return { type: 'release', hold: textMoveId('hld', item.hold), ...sum };
    case 'capture': {
      const hold = textMoveId('hld', item.hold);
      return { type: 'capture', hold, creditAccount: numberOf(item.credit), ...sum };
    }
  }
}

interface Context {
  readonly operation: Operation;
  readonly names: ReadonlyMap<string, bigint>;
}

function readAnswer(response: Response, text: string, context: Context): Told {
  const { status } = response;
  let body: unknown;
  try {
    body = JSON.parse(text) as unknown;
  } catch {
    return { kind: 'failed', why: `${status} without JSON: ${text.slice(0, 200)}` };
  }
  if (LATER.includes(status)) {
    const retryAfter = response.headers.get('retry-after');
    return { kind: 'later', code: String(field(body, 'code')), retryAfter };
  }
  if (status === 200 || status === 201) return accepted(body, context);
  const code = field(body, 'code');
  const refusals = [404, 409, 422];
  if (!refusals.includes(status) || typeof code !== 'string')
    return { kind: 'failed', why: `${status}: ${text.slice(0, 500)}` };
  // A problem names the request that it answers; everything else of it is repeated.
  const { requestId: _, ...whole } = Object(body) as Record<string, unknown>;
  return { kind: 'refused', code, whole };
}

function accepted(body: unknown, { operation, names }: Context): Told {
  const group = operation.kind === 'group';
  const items: readonly SingleOperation[] = group ? operation.items : [operation];
  const answers: readonly unknown[] = group ? list(field(body, 'items')) : [body];
  if (answers.length !== items.length) return { kind: 'failed', why: 'an answer for each item' };
  const lines = items.map((item, i) => lineOf(item, answers[i], { group, names }));
  const holds = items.flatMap((item, i) => {
    if (item.kind !== 'hold') return [];
    const id = field(group ? field(answers[i], 'hold') : answers[i], 'id');
    return [{ hold: moveIdOf('hld', String(id)) ?? fail(`no hold: ${id}`), account: item.account }];
  });
  return { kind: 'accepted', lines, holds, whole: body };
}

/** What an item's answer says was done, in the words of `postingText`. */
function lineOf(
  { kind }: SingleOperation,
  answer: unknown,
  { group, names }: { group: boolean; names: Context['names'] },
): string {
  const whole = group || kind === 'capture';
  const parts: string[] = [];
  const id = (number: unknown) => names.get(String(number)) ?? fail(`no account ${number}`);
  const balances = (of: unknown) => `(${field(of, 'balance')},${field(of, 'held')})`;
  if (kind === 'transfer' || kind === 'capture') {
    const transfer = whole ? field(answer, 'transfer') : answer;
    const [debit, credit] = [field(transfer, 'debit'), field(transfer, 'credit')];
    const side = (of: unknown) => `${id(field(of, 'account'))}${balances(of)}`;
    parts.push(
      `transfer ${field(transfer, 'code')} ${side(debit)} -> ${side(credit)} ${field(transfer, 'amount')} ref - reverses -`,
    );
  }
  if (kind !== 'transfer') {
    const hold = whole ? field(answer, 'hold') : answer;
    const event = field(hold, 'event');
    parts.push(
      `hold ${field(event, 'kind')} ${id(field(hold, 'account'))} ${field(event, 'amount')} remaining ${field(hold, 'remaining')}${balances(field(hold, 'balances'))}`,
    );
  }
  return parts.join(' | ');
}

const field = (value: unknown, name: string): unknown => Reflect.get(Object(value), name);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
function fail(why: string): never {
  throw new Error(why);
}
