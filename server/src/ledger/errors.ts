import { AppError, defineError, type ErrorDefinition } from '../kernel/error.ts';
import { textMoveId } from '../kernel/id.ts';
import type { Refusal } from './core/outcome.ts';

/** The lane is full: nothing was done. */
export const busy = defineError<{ retryAfterSeconds: number }>()({
  code: 'busy',
  kind: 'unavailable',
  title: { en: 'Too many requests are waiting', zh: '等待处理的请求过多' },
  remedy: {
    en: 'Nothing was done. Repeat the request with the same key after the time in Retry-After.',
    zh: '未作任何处理。请在 Retry-After 所示时间后用同一请求号重试。',
  },
});

/** The database cannot be reached: nothing was done. */
export const databaseUnavailable = defineError<{ retryAfterSeconds: number }>()({
  code: 'database_unavailable',
  kind: 'unavailable',
  title: { en: 'The database cannot be reached now', zh: '数据库暂时不可用' },
  remedy: {
    en: 'Nothing was done. Repeat the request with the same key after the time in Retry-After.',
    zh: '未作任何处理。请在 Retry-After 所示时间后用同一请求号重试。',
  },
});

/** The connection broke during the commit: it was done or it was not, and the same request id will tell. */
export const outcomeUnknown = defineError<{ retryAfterSeconds: number }>()({
  code: 'outcome_unknown',
  kind: 'unknown',
  title: { en: 'Whether it was done is not known yet', zh: '处理结果暂时未知' },
  remedy: {
    en: 'Repeat the request with the same key: it is done once, and the answer says what happened.',
    zh: '请用同一请求号重试：只会处理一次，应答即为最终结果。',
  },
});

const name = (en: string, zh: string) => ({ en, zh });

/**
 * The error of each refusal. Accounts in facts are numbers that people know, not ids of the ledger; holds
 * and transfers are text ids; amounts are minor units.
 */
export const refusalErrors = {
  request_id_reused: defineError()({
    code: 'request_id_reused',
    kind: 'conflict',
    title: name('The key was used for another request', '该请求号已用于其他内容的请求'),
    remedy: name(
      'Use a new key for a new request; repeat a request with exactly the same content.',
      '新请求请使用新的请求号；重试时请求内容必须完全相同。',
    ),
  }),
  rules_changed: defineError()({
    code: 'rules_changed',
    kind: 'conflict',
    title: name('The rules changed while it was looked at', '处理期间规则有变动'),
    remedy: name(
      'Nothing was done. Repeat the request with the same key.',
      '未作任何处理，请用同一请求号重试。',
    ),
  }),
  counterparty_refused: defineError<{
    account?: string;
    counterparty?: string;
    list: 'block' | 'allow';
    field?: string;
  }>()({
    code: 'counterparty_refused',
    kind: 'refused',
    title: name('A list does not let these two pay each other', '名单不允许双方收付'),
    remedy: name(
      '`list` says which. block: one of the two is on the block list of the other. allow: the payer has an allow list, and the payee is not on it.',
      'list 为名单种类。block：一方在另一方的黑名单中；allow：付款方设有白名单，收款方不在其中。',
    ),
  }),
  limit_exceeded: defineError<{
    account?: string;
    rule: string;
    limit: string;
    direction: 'out' | 'in';
    most: bigint;
    used: bigint;
    remaining: bigint;
    field?: string;
  }>()({
    code: 'limit_exceeded',
    kind: 'refused',
    title: name('A limit would be exceeded', '超过限额'),
    remedy: name(
      'Ask for at most `remaining` of what `limit` names, wait for the next day or month, or have `rule` changed.',
      '不得超过 limit 所示限额的剩余 remaining；请待次日或次月，或调整 rule 所示规则。',
    ),
  }),
  hold_not_found: defineError<{ hold: string }>()({
    code: 'hold_not_found',
    kind: 'not_found',
    title: name('There is no such hold', '冻结记录不存在'),
    remedy: name('Use the id that placing the hold answered.', '请使用冻结时返回的编号。'),
  }),
  transfer_not_found: defineError<{ transfer: string }>()({
    code: 'transfer_not_found',
    kind: 'not_found',
    title: name('There is no such transfer', '转账记录不存在'),
    remedy: name('Use the id that the transfer answered.', '请使用转账时返回的编号。'),
  }),
  account_not_found: defineError<{ account?: string; field?: string }>()({
    code: 'account_not_found',
    kind: 'not_found',
    title: name('There is no such virtual account', '虚拟户不存在'),
    remedy: name(
      'Check the number in the field that `field` names; it must be of your platform.',
      '请核对 field 所示字段的账号；账号须属于本平台。',
    ),
  }),
  same_account: defineError<{ account?: string; field?: string }>()({
    code: 'same_account',
    kind: 'invalid',
    title: name('Both sides are the same account', '借贷双方为同一账户'),
    remedy: name('Name two different accounts.', '请指定两个不同的账户。'),
  }),
  different_main_accounts: defineError<{ debit?: string; credit?: string; field?: string }>()({
    code: 'different_main_accounts',
    kind: 'refused',
    title: name('The accounts are under different main accounts', '双方不在同一主体账户下'),
    remedy: name(
      'Money moves only between virtual accounts of one main account.',
      '仅可在同一主体账户的虚拟户之间转账。',
    ),
  }),
  currencies_differ: defineError<{ debit: string; credit: string; field?: string }>()({
    code: 'currencies_differ',
    kind: 'refused',
    title: name('The currencies differ', '币种不一致'),
    remedy: name(
      'Use accounts of one currency, and that currency in `currency`.',
      '请使用同一币种的账户，且 currency 与之一致。',
    ),
  }),
  hold_owner_differs: defineError<{ hold: string; field?: string }>()({
    code: 'hold_owner_differs',
    kind: 'refused',
    title: name('The hold belongs to another owner', '冻结记录属于其他所有方'),
    remedy: name('Send the `owner` that the hold was placed with.', '请发送冻结时所用的 owner。'),
  }),
  hold_expiry_passed: defineError<{ expiresAt: string; field?: string }>()({
    code: 'hold_expiry_passed',
    kind: 'refused',
    title: name('The hold would have expired already', '冻结到期时间已过'),
    remedy: name(
      'Give an `expiresAt` that is still to come, or none.',
      '请传入未来的 expiresAt，或不传。',
    ),
  }),
  hold_expired: defineError<{ hold: string; expiredAt: string }>()({
    code: 'hold_expired',
    kind: 'refused',
    title: name('The hold has expired', '冻结已到期'),
    remedy: name(
      'Its money is available again: place a new hold, or transfer.',
      '资金已恢复可用：请重新冻结或直接转账。',
    ),
  }),
  hold_insufficient: defineError<{
    hold: string;
    remaining: bigint;
    expiredAt?: string;
    field?: string;
  }>()({
    code: 'hold_insufficient',
    kind: 'refused',
    title: name('The hold has less left than that', '冻结余额不足'),
    remedy: name(
      'Ask for at most `remaining` (in minor units). With `expiredAt` the hold has expired: what it still had then is available again.',
      '金额不得超过 remaining（最小货币单位）。给出 expiredAt 时，冻结已到期：到期时的剩余金额已恢复可用。',
    ),
  }),
  already_reversed: defineError<{ transfer: string; reversedBy?: string }>()({
    code: 'already_reversed',
    kind: 'conflict',
    title: name('The transfer is reversed already', '该转账已冲正'),
    remedy: name(
      '`reversedBy` names the reversal; without it, the request itself reverses the transfer twice.',
      'reversedBy 为冲正转账的编号；未给出时，说明同一请求内重复冲正。',
    ),
  }),
  account_closed: defineError<{ account?: string; field?: string }>()({
    code: 'account_closed',
    kind: 'refused',
    title: name('The virtual account is closed', '虚拟户已销户'),
    remedy: name(
      'Use another account: a closed one stays closed.',
      '请使用其他账户：销户不可恢复。',
    ),
  }),
  account_stopped: defineError<{
    account?: string;
    side: 'debit' | 'credit';
    field?: string;
  }>()({
    code: 'account_stopped',
    kind: 'refused',
    title: name('The virtual account is stopped for this', '虚拟户已停止该方向收付'),
    remedy: name(
      'Reopen it first, if whoever stopped it agrees; `side` says which side is stopped.',
      '须先解除停用（经停用方同意）；side 为被停用的方向。',
    ),
  }),
  insufficient_funds: defineError<{ account?: string; shortfall: bigint; field?: string }>()({
    code: 'insufficient_funds',
    kind: 'refused',
    title: name('The account has too little available', '账户可用余额不足'),
    remedy: name(
      'Bring in `shortfall` (in minor units) more, or ask for less. Money on hold is not available.',
      '请补足 shortfall（最小货币单位）或减少金额；冻结资金不可用。',
    ),
  }),
  frozen_by_order: defineError<{ account?: string; leavable: bigint; field?: string }>()({
    code: 'frozen_by_order',
    kind: 'refused',
    title: name('A judicial freeze keeps this money in the account', '资金已被司法冻结'),
    remedy: name(
      'At most `leavable` (in minor units) may leave now. The freeze is lifted by its own order only.',
      '目前最多可转出 leavable（最小货币单位）；司法冻结仅可凭其解除文书解除。',
    ),
  }),
  balance_limit_exceeded: defineError<{ account?: string; limit: bigint; field?: string }>()({
    code: 'balance_limit_exceeded',
    kind: 'refused',
    title: name('The balance would pass what an account can have', '余额将超过账户上限'),
    remedy: name(
      'Divide the money over several accounts: one can have `limit` (in minor units).',
      '请将资金分散到多个账户；limit 为最小货币单位。',
    ),
  }),
} as const satisfies { readonly [C in Refusal['code']]: ErrorDefinition<C> };

/** The number by which people know an account of the ledger; undefined for one that has none. */
export type AccountNamer = (account: bigint) => string | undefined;

/** The error that says a refusal to people and programs, with account numbers instead of ledger ids. */
export function refusalError(refusal: Refusal, numberOf: AccountNamer): AppError {
  const facts: Record<string, unknown> = {};
  // A refusal that was stored has its facts in another order, and is to be told in the same words.
  const inOrder = Object.entries(refusal).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [fact, value] of inOrder) {
    if (fact !== 'code')
      facts[fact] = typeof value === 'bigint' ? named(fact, value, numberOf) : value;
  }
  const definition: ErrorDefinition = refusalErrors[refusal.code];
  return new AppError(definition, facts);
}

function named(fact: string, value: bigint, numberOf: AccountNamer): unknown {
  switch (fact) {
    case 'hold':
      return textMoveId('hld', value);
    case 'transfer':
    case 'reversedBy':
      return textMoveId('trf', value);
    case 'account':
    case 'counterparty':
    case 'debit':
    case 'credit':
      return numberOf(value);
    default:
      return value;
  }
}
