import { defineError } from '../kernel/error.ts';

/** No escrow order of that id on this platform. */
export const escrowOrderNotFound = defineError<{ escrowOrder: string }>()({
  code: 'escrow_order_not_found',
  kind: 'not_found',
  title: { en: 'There is no such escrow order', zh: '担保订单不存在' },
  remedy: { en: 'Use the id that paying the order answered.', zh: '请使用付款时返回的订单编号。' },
});

/** The platform has used that reference for another order. */
export const escrowReferenceTaken = defineError<{ reference: string; field: string }>()({
  code: 'escrow_reference_taken',
  kind: 'conflict',
  title: { en: 'Another escrow order has this reference', zh: '该订单号已用于其他担保订单' },
  remedy: { en: 'Give each order a reference of its own.', zh: '每笔担保订单须使用不同的订单号。' },
});

/** The state of the order does not allow it: it is disputed, or nothing is put aside any more, or it is finished. */
export const escrowStateRefuses = defineError<{
  escrowOrder: string;
  state: string;
  action: string;
}>()({
  code: 'escrow_state_refuses',
  kind: 'refused',
  title: {
    en: 'The state of the escrow order does not allow this',
    zh: '担保订单当前状态不允许该操作',
  },
  remedy: {
    en: 'Read the order: a dispute is to be resolved first, and what is finished stays so.',
    zh: '请查询订单：有争议的须先解除争议，已完结的不可再变更。',
  },
});

/** The lines of the split ask for more than the amount (`over`), or leave something to nobody (`rest`). */
export const escrowSplitImpossible = defineError<{ problem: 'over' | 'rest'; by: bigint }>()({
  code: 'escrow_split_impossible',
  kind: 'refused',
  title: { en: 'The split does not add up to the amount', zh: '分账各项与金额不符' },
  remedy: {
    en: 'Give one line the remainder, and let fixed amounts be no more than what is divided.',
    zh: '请设置一个取余额的分账方，且固定金额之和不得超过待分金额。',
  },
});

/** Commission and partners would get more together than the order allows. Minor units. */
export const escrowShareExceeded = defineError<{ share: bigint; limit: bigint }>()({
  code: 'escrow_share_exceeded',
  kind: 'refused',
  title: { en: 'The split passes the maximum share', zh: '分账超过最大比例' },
  remedy: {
    en: 'Commission and partners together may have at most `limit` of this amount.',
    zh: '佣金与合作方合计不得超过 `limit`。',
  },
});

/** An account may not stand there in a split or refund. */
export const escrowAccountRefused = defineError<{
  account: string;
  reason: 'not_a_seller' | 'is_the_buyer' | 'twice' | 'not_a_receiver';
}>()({
  code: 'escrow_account_refused',
  kind: 'refused',
  title: {
    en: 'This account may not take that part in the order',
    zh: '该账户不能担任此订单中的该角色',
  },
  remedy: {
    en: 'Sellers are those named at payment; nobody stands in a split twice; refunds come from who received.',
    zh: '卖方须为付款时所列；同一分账中账户不得重复；退款须来自已收款方。',
  },
});

/** Less is put aside than what should be released. Minor units. */
export const escrowRemainingInsufficient = defineError<{ remaining: bigint }>()({
  code: 'escrow_remaining_insufficient',
  kind: 'refused',
  title: { en: 'Less than that remains to be split', zh: '剩余待分金额不足' },
  remedy: { en: 'Confirm at most `remaining`.', zh: '确认金额不得超过 `remaining`。' },
});

/** More should be refunded than the buyer can get back from there. Minor units. */
export const escrowRefundExceeds = defineError<{ refundable: bigint }>()({
  code: 'escrow_refund_exceeds',
  kind: 'refused',
  title: { en: 'More than that cannot be refunded', zh: '退款金额超过可退金额' },
  remedy: { en: 'Refund at most `refundable`.', zh: '退款金额不得超过 `refundable`。' },
});

/** A partial refund found nothing that any receiver could give. Minor units. */
export const escrowRefundUnfunded = defineError<{ outstanding: bigint }>()({
  code: 'escrow_refund_unfunded',
  kind: 'refused',
  title: { en: 'No receiver has anything to give back', zh: '各收款方均无可退余额' },
  remedy: {
    en: 'Nothing moved. Try again when a receiver has money, under a new key.',
    zh: '资金未变动。待收款方有余额后，请用新的请求号重试。',
  },
});

/** The order cannot be finished while something is put aside and nobody said whose it is. */
export const escrowRestUndecided = defineError<{ remaining: bigint }>()({
  code: 'escrow_rest_undecided',
  kind: 'refused',
  title: { en: 'It is not said who gets what remains', zh: '未指明剩余金额归属' },
  remedy: {
    en: 'Finish with `rest`: release it by the split, or refund it to the buyer.',
    zh: '请在完结时指定 `rest`：按分账放款，或退还买方。',
  },
});

/** A deadline is a moment to come. */
export const escrowDeadlinePassed = defineError<{ deadlineAt: string; field: string }>()({
  code: 'escrow_deadline_passed',
  kind: 'refused',
  title: { en: 'The deadline has passed already', zh: '截止时间已过' },
  remedy: { en: 'Give a moment to come.', zh: '请传入将来的时间。' },
});

/** The rule that prices a commission does not take it out of the amount at once. */
export const escrowFeeRuleUnfit = defineError<{
  product: string;
  bearer: string;
  timing: string;
}>()({
  code: 'escrow_fee_rule_unfit',
  kind: 'refused',
  title: { en: 'The fee rule cannot price a commission', zh: '该费率规则不适用于佣金' },
  remedy: {
    en: 'A commission comes out of what is released: put a rule with bearer payee and timing now.',
    zh: '佣金从放款中扣取：请设置承担方为 payee、timing 为 now 的规则。',
  },
});
