import type { Db } from '../db/database.ts';
import { type AccountId, accountId } from '../ledger/index.ts';
import type { FreezeKind, FreezeState, FreezeStep, StepKind } from './freeze.ts';

/** Kinds as the tables have them. */
export const KIND_IN_TABLE = { freeze: 'freeze', payFreeze: 'pay_freeze' } as const satisfies {
  readonly [K in FreezeKind]: string;
};
/** Kinds of steps as the tables have them. */
export const STEP_IN_TABLE = {
  unfreeze: 'unfreeze',
  unfreezePay: 'unfreeze_pay',
} as const satisfies {
  readonly [K in StepKind]: string;
};

/** Freezes of a platform, newest first, below the number `before`. */
export async function selectFreezes(
  db: Db,
  platformId: bigint,
  filter: {
    readonly freezeId?: bigint | undefined;
    readonly account?: AccountId | undefined;
    readonly kind?: FreezeKind | undefined;
    readonly openOnly?: boolean | undefined;
    readonly before?: bigint | undefined;
    readonly limit: number;
  },
): Promise<readonly FreezeState[]> {
  const { freezeId, account, kind, openOnly, before, limit } = filter;
  let query = db.selectFrom('freeze_document').selectAll().where('platform_id', '=', platformId);
  if (freezeId !== undefined) query = query.where('freeze_id', '=', freezeId);
  if (account !== undefined) {
    query = query.where(({ or, eb }) =>
      or([eb('payer_account_id', '=', account), eb('payee_account_id', '=', account)]),
    );
  }
  if (kind !== undefined) query = query.where('kind', '=', KIND_IN_TABLE[kind]);
  if (openOnly) query = query.where('remaining', '>', 0n);
  if (before !== undefined) query = query.where('freeze_id', '<', before);
  const rows = await query.orderBy('freeze_id', 'desc').limit(limit).execute();
  return rows.map((row) => ({
    freezeId: row.freeze_id,
    kind: row.kind === KIND_IN_TABLE.freeze ? 'freeze' : 'payFreeze',
    payer: accountId(row.payer_account_id),
    payee: row.payee_account_id === null ? null : accountId(row.payee_account_id),
    transferId: row.transfer_id,
    amount: row.amount,
    unfrozen: row.unfrozen,
    paid: row.paid,
    reason: row.reason,
    reference: row.reference,
    memo: row.memo,
    businessDate: row.business_date,
  }));
}

/** What was taken from a freeze, oldest first. */
export async function selectSteps(
  db: Db,
  platformId: bigint,
  { freezeId, limit }: { freezeId: bigint; limit: number },
): Promise<readonly FreezeStep[]> {
  const rows = await db
    .selectFrom('freeze_step')
    .selectAll()
    .where('platform_id', '=', platformId)
    .where('freeze_id', '=', freezeId)
    .orderBy('step_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    stepId: row.step_id,
    freezeId: row.freeze_id,
    kind: row.kind === STEP_IN_TABLE.unfreeze ? 'unfreeze' : 'unfreezePay',
    amount: row.amount,
    remaining: row.remaining,
    credit: row.credit_account_id === null ? null : accountId(row.credit_account_id),
    reason: row.reason,
    businessDate: row.business_date,
  }));
}
