import { defineError } from '../kernel/error.ts';

/** A rule that cannot be, or that would change what was charged. `errors`: which field, and why. */
export const feeRuleInvalid = defineError<{
  errors: readonly { pointer: string; detail: string }[];
}>()({
  code: 'fee_rule_invalid',
  kind: 'invalid',
  title: { en: 'The fee rule cannot be', zh: '费率规则有误' },
  remedy: {
    en: 'Correct the fields that `errors` names. Bands rise, the last one has no end; a rule begins now or later.',
    zh: '请更正 errors 所指字段。档位须递增，末档不设上限；规则只能自当前或以后生效。',
  },
});

/** Another version of the same rule was put at the same moment, several times. */
export const feeRuleBusy = defineError<{ product: string }>()({
  code: 'fee_rule_busy',
  kind: 'conflict',
  title: { en: 'The fee rule is being changed by others', zh: '该费率规则正被他人修改' },
  remedy: {
    en: 'Read the versions of the rule; put yours again if it is still wanted.',
    zh: '请先查看该规则的各版本；如仍需要，请重新提交。',
  },
});

/** No rule prices this product at that moment. */
export const feeRuleNotFound = defineError<{ product: string; currency: string; at: string }>()({
  code: 'fee_rule_not_found',
  kind: 'not_found',
  title: { en: 'No fee rule is in force for this product', zh: '该产品没有生效的费率规则' },
  remedy: {
    en: 'Put a rule for it; one that costs nothing is a rule too.',
    zh: '请为该产品设置费率规则；免费也须设置为规则。',
  },
});

/** The fee is taken from what the payee receives, and is more than that. */
export const feeExceedsAmount = defineError<{ fee: bigint; amount: bigint; product: string }>()({
  code: 'fee_exceeds_amount',
  kind: 'refused',
  title: { en: 'The fee is more than the amount', zh: '手续费超过交易金额' },
  remedy: {
    en: 'Send a larger amount, or change the minimum or the bearer of the rule.',
    zh: '请增大金额，或调整规则的最低收费或承担方。',
  },
});

/** The platform has no charge with that id. */
export const feeChargeNotFound = defineError<{ feeCharge: string }>()({
  code: 'fee_charge_not_found',
  kind: 'not_found',
  title: { en: 'There is no such fee', zh: '手续费记录不存在' },
  remedy: { en: 'Use an `id` from the list of fee charges.', zh: '请使用手续费列表中的 id。' },
});

/** It was forgiven or given back already, or was free. */
export const feeNothingToWaive = defineError<{ feeCharge: string }>()({
  code: 'fee_nothing_to_waive',
  kind: 'conflict',
  title: { en: 'Nothing of the fee is left to waive', zh: '该手续费已无可减免金额' },
  remedy: {
    en: 'Read the charge: `waived` and `refunded` say why.',
    zh: '请查询该手续费的 waived 与 refunded。',
  },
});

/** Something of it was taken or returned since it was looked at. */
export const feeChanged = defineError<{ feeCharge: string }>()({
  code: 'fee_changed',
  kind: 'conflict',
  title: { en: 'The fee has changed meanwhile', zh: '该手续费已发生变动' },
  remedy: {
    en: 'Read the charge. To waive what is left, ask again with another Idempotency-Key.',
    zh: '请查询该手续费；如仍需减免，请更换 Idempotency-Key 再次申请。',
  },
});
