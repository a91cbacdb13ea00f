/** Schemas and answers that the routes of transfers, holds and batches share. */
import type { FastifyReply } from 'fastify';
import {
  AccountNumber,
  AmountIn,
  AmountOut,
  BalanceOut,
  CurrencyCode,
  InstantIn,
  InstantOut,
  IsoDate,
  MAX_TEXT,
  MoveId,
  markReplayed,
  Nullable,
  requestIdOf,
  Text,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { publicAccountRefused } from '../virtual-accounts/index.ts';
import type { Period } from './period.ts';
import { isRepeatedRefusal, type Mode, type Submitted } from './submit.ts';

const Side = Type.Object({
  account: Nullable(AccountNumber),
  balance: Nullable(BalanceOut),
  held: Nullable(BalanceOut),
  available: Nullable(BalanceOut),
});
const DryRun = Type.Optional(Type.Literal(true));

export const TransferFields = {
  id: Nullable(MoveId('trf')),
  status: Type.Literal('posted'),
  debit: Side,
  credit: Side,
  amount: AmountOut,
  currency: CurrencyCode,
  businessDate: IsoDate,
  bookedAt: InstantOut,
  code: Type.String(),
  reference: Nullable(Type.String()),
  memo: Nullable(Type.String()),
  reverses: Nullable(MoveId('trf')),
  reversedBy: Nullable(MoveId('trf')),
  dryRun: DryRun,
};
export const Transfer = Type.Object(TransferFields, { title: 'Transfer' });
/** The same or null, without the name: a name stands for one schema. */
export const TransferOrNull = Nullable(Type.Object(TransferFields));

const HoldFields = {
  id: Nullable(MoveId('hld')),
  account: Nullable(AccountNumber),
  currency: CurrencyCode,
  amount: AmountOut,
  remaining: BalanceOut,
  released: BalanceOut,
  captured: BalanceOut,
  owner: Nullable(Type.String()),
  reason: Type.String(),
  expiresAt: Nullable(InstantOut),
  status: Type.Enum(['active', 'closed']),
  businessDate: IsoDate,
  bookedAt: InstantOut,
};
const EventKind = Type.Enum(['placed', 'released', 'captured', 'expired']);
const EventFields = {
  kind: EventKind,
  amount: AmountOut,
  businessDate: IsoDate,
  bookedAt: InstantOut,
};

export const Hold = Type.Object(HoldFields, { title: 'Hold' });
const HistoryFields = {
  ...HoldFields,
  events: Type.Array(
    Type.Object({ ...EventFields, remaining: BalanceOut, transferId: Nullable(MoveId('trf')) }),
  ),
  moreEvents: Type.Boolean(),
};
export const HoldHistory = Type.Object(HistoryFields, { title: 'HoldHistory' });
const AnswerFields = {
  ...HoldFields,
  balances: Type.Object({ balance: BalanceOut, held: BalanceOut, available: BalanceOut }),
  event: Type.Object(EventFields),
  dryRun: DryRun,
};
export const HoldAnswer = Type.Object(AnswerFields, { title: 'HoldAnswer' });
export const HoldAnswerOrNull = Nullable(Type.Object(AnswerFields));
export const Captured = Type.Object(
  { transfer: Transfer, hold: HoldAnswer, dryRun: DryRun },
  { title: 'Capture' },
);

const Reference = Text({ max: MAX_TEXT.reference, examples: ['order-20261123-0001'] });
const Memo = Text({ max: MAX_TEXT.memo });
const Owner = Text({ max: MAX_TEXT.owner, examples: ['escrow'] });

/** Fields of the bodies, for single requests and for the items of a batch. */
export const TransferBody = {
  debitAccount: AccountNumber,
  creditAccount: AccountNumber,
  amount: AmountIn,
  currency: Type.Optional(CurrencyCode),
  reference: Type.Optional(Reference),
  memo: Type.Optional(Memo),
};
export const ReversalBody = { memo: Type.Optional(Memo) };
export const HoldBody = {
  account: AccountNumber,
  amount: AmountIn,
  reason: Text({ max: MAX_TEXT.reason }),
  owner: Type.Optional(Owner),
  expiresAt: Type.Optional(InstantIn),
};
export const ReleaseBody = { amount: Type.Optional(AmountIn), owner: Type.Optional(Owner) };
export const CaptureBody = {
  creditAccount: AccountNumber,
  ...ReleaseBody,
  reference: Type.Optional(Reference),
  memo: Type.Optional(Memo),
};

/** Query fields of a period. */
export const PeriodQuery = {
  from: Type.Optional(IsoDate),
  to: Type.Optional(IsoDate),
  fromInstant: Type.Optional(InstantIn),
  toInstant: Type.Optional(InstantIn),
};

/** The period of a query. */
export function periodOf(query: {
  from?: string | undefined;
  to?: string | undefined;
  fromInstant?: string | undefined;
  toInstant?: string | undefined;
}): Period {
  const { from, to, fromInstant, toInstant } = query;
  return { from, to, fromInstant: instantOf(fromInstant), toInstant: instantOf(toInstant) };
}

/** The moment that a text of `InstantIn` stands for. */
export const instantOf = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);

/** What may refuse a payment, for the API document. */
export const paymentProblems = [
  refusalErrors.account_not_found,
  refusalErrors.same_account,
  publicAccountRefused,
  refusalErrors.currencies_differ,
  refusalErrors.different_main_accounts,
  refusalErrors.account_closed,
  refusalErrors.account_stopped,
  refusalErrors.insufficient_funds,
  refusalErrors.frozen_by_order,
  refusalErrors.counterparty_refused,
  refusalErrors.limit_exceeded,
  refusalErrors.balance_limit_exceeded,
  refusalErrors.request_id_reused,
];

/** Whether a request asks to do it, and under which request id. Throws `idempotency_key_required`. */
export function modeOf(request: {
  query: { dryRun: boolean };
  headers: { 'idempotency-key'?: string | undefined };
}): Mode {
  return request.query.dryRun ? { dryRun: true } : { requestId: requestIdOf(request) };
}

/** The answer, with the header that says when it is the answer of before; a refusal is an answer too. */
export async function replaying<T>(reply: FastifyReply, work: Promise<Submitted<T>>): Promise<T> {
  try {
    const { repeated, result } = await work;
    markReplayed(reply, repeated);
    return result;
  } catch (error) {
    markReplayed(reply, isRepeatedRefusal(error));
    throw error;
  }
}

/** 201 for what was done, 200 for what was only foretold. */
export const createdOr200 = ({ query }: { query: { dryRun: boolean } }): 200 | 201 =>
  query.dryRun ? 200 : 201;
