import { strict as assert } from 'node:assert';
import type { AcceptedAnswer, AccountId, Document, Move } from '../ledger/index.ts';
import { accountsById, accountsByNumber, rememberedAccount } from '../virtual-accounts/index.ts';
import { type TransferInput, transferMove } from './moves.ts';
import { accepted, type Mode, type Submitted, submitMoves, type TransferDeps } from './submit.ts';
import { postedView, type TransferView } from './view.ts';

/**
 * Moves money from one virtual account to another of the same main account (转账), at once.
 *
 * Throws AppError: what `transferMove` refuses, then the ledger's refusals, in its order:
 * `different_main_accounts`, `currencies_differ`, `account_closed`, `account_stopped`, `insufficient_funds`,
 * `balance_limit_exceeded`; `request_id_reused`; `busy`, `database_unavailable`, `outcome_unknown`.
 *
 * When both numbers are remembered, nothing but the ledger's batch asks the database.
 */
export async function transfer(
  deps: TransferDeps,
  platformId: bigint,
  input: TransferInput,
  mode: Mode,
): Promise<Submitted<TransferView>> {
  const { db } = deps;
  const debit = rememberedAccount(db, platformId, input.debitAccount);
  const credit = rememberedAccount(db, platformId, input.creditAccount);
  const accounts =
    debit && credit
      ? { get: (number: string) => (number === debit.number ? debit : credit) }
      : await accountsByNumber(db, platformId, [input.debitAccount, input.creditAccount]);
  const move = transferMove(input, { accounts, at: '' });
  const submitted = await submitMoves(deps, platformId, [move], { mode });
  const answer = submitted.accepted ? submitted : await accepted(deps, platformId, submitted, move);
  const [payer, payee] = [accounts.get(input.debitAccount), accounts.get(input.creditAccount)];
  const byId = (id: AccountId) => (id === payer?.accountId ? payer : payee);
  return { repeated: answer.repeated, result: onlyTransfer(answer, byId, mode) };
}

/** Answers a submission whose last move made a transfer, whatever accounts it touched. `first` are done before it. */
export async function answerTransfer(
  deps: TransferDeps,
  platformId: bigint,
  {
    move,
    first = [],
    document,
    mode,
  }: {
    move: Move;
    first?: readonly Move[] | undefined;
    document?: Document | undefined;
    mode: Mode;
  },
): Promise<Submitted<TransferView>> {
  const submitted = await submitMoves(deps, platformId, [...first, move], { mode, document });
  const answer = await accepted(deps, platformId, submitted, move);
  const accounts = await accountsById(deps.db, platformId, accountsOf(answer));
  const paid = { ...answer, postings: answer.postings.slice(-1) };
  const result = onlyTransfer(paid, (id) => accounts.get(id), mode);
  return { repeated: answer.repeated, result };
}

/** The ledger ids of all accounts that an answer speaks of. */
export function accountsOf({ postings }: AcceptedAnswer): AccountId[] {
  return postings.flatMap(({ transfer: paid, holdEvent }) => [
    ...(paid ? [paid.debit.account, paid.credit.account] : []),
    ...(holdEvent ? [holdEvent.account] : []),
  ]);
}

/** The transfer that the one posting of an answer left behind. */
export function onlyTransfer(
  answer: AcceptedAnswer,
  accounts: Parameters<typeof postedView>[1],
  mode: Mode,
): TransferView {
  const [posting] = answer.postings;
  assert(posting?.transfer, 'a transfer leaves a transfer behind');
  const { moveId, transfer: paid } = posting;
  const { businessDate } = answer;
  return postedView({ moveId, transfer: paid }, accounts, {
    businessDate,
    dryRun: mode.dryRun ?? false,
  });
}
