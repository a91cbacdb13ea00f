import { defineError } from '../kernel/error.ts';

type FieldErrors = { errors: readonly { pointer: string; detail: string }[] };

/** A rate that cannot be, or that would change what was earned. `errors`: which field, and why. */
export const interestRateInvalid = defineError<FieldErrors>()({
  code: 'interest_rate_invalid',
  kind: 'invalid',
  title: { en: 'The interest rate cannot be', zh: '利率设置有误' },
  remedy: {
    en: 'Correct the fields that `errors` names. Tiers rise, the last one has no end; a rate begins today or later.',
    zh: '请更正 errors 所指字段。档位须递增，末档不设上限；利率只能自当前营业日或以后生效。',
  },
});

/** Another version of the same rate was put at the same moment, several times. */
export const interestRateBusy = defineError<{ product: string }>()({
  code: 'interest_rate_busy',
  kind: 'conflict',
  title: { en: 'The interest rate is being changed by others', zh: '该利率正被他人修改' },
  remedy: {
    en: 'Read the versions of the rate; put yours again if it is still wanted.',
    zh: '请先查看该利率的各版本；如仍需要，请重新提交。',
  },
});

/** No rate has been put for the account or its product. */
export const interestRateNotFound = defineError<{ account: string }>()({
  code: 'interest_rate_not_found',
  kind: 'not_found',
  title: { en: 'The account has no interest rate', zh: '该账户没有利率' },
  remedy: {
    en: 'Put a rate for the product of the account, or for the account.',
    zh: '请为该账户的产品或该账户设置利率。',
  },
});

/** The period is not over, ends before it begins, is too long, or leaves days out. */
export const interestPeriodInvalid = defineError<FieldErrors>()({
  code: 'interest_period_invalid',
  kind: 'invalid',
  title: { en: 'Interest cannot be worked out for this period', zh: '计息期间有误' },
  remedy: {
    en: 'Correct the fields that `errors` names. The last day is before the open business date.',
    zh: '请更正 errors 所指字段。末日须早于当前营业日。',
  },
});

/** The account has its interest up to `settledTo` already. */
export const interestSettled = defineError<{ account: string; settledTo: string }>()({
  code: 'interest_settled',
  kind: 'conflict',
  title: { en: 'The interest of these days is settled', zh: '该期间已结息' },
  remedy: {
    en: 'Read the settlements of the account. To settle anew, reverse the last one first.',
    zh: '请查询该账户的结息单；如需重新结息，请先冲正最近一笔。',
  },
});

/** The platform has no settlement with that id. */
export const interestSettlementNotFound = defineError<{ settlement: string }>()({
  code: 'interest_settlement_not_found',
  kind: 'not_found',
  title: { en: 'There is no such interest settlement', zh: '结息单不存在' },
  remedy: { en: 'Use an `id` from the list of settlements.', zh: '请使用结息单列表中的 id。' },
});

/** It is reversed already, or a later settlement of the account follows it. */
export const interestNotReversible = defineError<{
  settlement: string;
  problem: 'reversed' | 'not_the_last';
}>()({
  code: 'interest_not_reversible',
  kind: 'conflict',
  title: { en: 'The settlement cannot be reversed', zh: '该结息单不可冲正' },
  remedy: {
    en: 'Only the last settlement of an account that is not reversed can be: reverse later ones first.',
    zh: '仅可冲正账户最近一笔未冲正的结息单；请先冲正其后的各笔。',
  },
});

/** Nobody had a balance in the period, or there are too many accounts. */
export const interestNotDivisible = defineError<{ problem: 'no_product' | 'too_many_accounts' }>()({
  code: 'interest_not_divisible',
  kind: 'refused',
  title: { en: 'The interest cannot be divided', zh: '利息无法分摊' },
  remedy: {
    en: 'Look at the period and the main account: no account of a member had a balance, or there are too many.',
    zh: '请核对期间与主体账户：会员账户均无余额，或账户过多。',
  },
});

/** The platform has no allocation with that id. */
export const interestAllocationNotFound = defineError<{ allocation: string }>()({
  code: 'interest_allocation_not_found',
  kind: 'not_found',
  title: { en: 'There is no such allocation of interest', zh: '利息分摊单不存在' },
  remedy: { en: 'Use the `id` that its creation answered.', zh: '请使用创建时返回的 id。' },
});

/** A schedule with a month or a day that is none. */
export const interestScheduleInvalid = defineError<FieldErrors>()({
  code: 'interest_schedule_invalid',
  kind: 'invalid',
  title: { en: 'The schedule of settlements cannot be', zh: '结息日设置有误' },
  remedy: { en: 'Correct the fields that `errors` names.', zh: '请更正 errors 所指字段。' },
});
