import type { RailReason } from './rails.ts';

/** Why a rail takes a payout or does not, as a sentence for people. */
export const REASON_TEXT: Readonly<Record<RailReason, { en: string; zh: string }>> = {
  chosen: { en: 'This rail takes it.', zh: '选用该汇路。' },
  usable: { en: 'It would take it too; another is preferred.', zh: '可用，但优先选用其他汇路。' },
  same_bank: {
    en: 'Payer and payee are at the same bank.',
    zh: '收付款账户同属一家银行，无须跨行。',
  },
  other_bank: { en: 'The payee is at another bank.', zh: '收款账户在他行。' },
  not_reachable: {
    en: 'The bank of the payee cannot be addressed on it.',
    zh: '收款行未接入该汇路。',
  },
  no_rule: { en: 'The rail did not exist then.', zh: '当时尚无该汇路。' },
  disabled: { en: 'The platform has switched it off.', zh: '平台已停用该汇路。' },
  over_limit: {
    en: 'The amount is over its limit; amounts are not split to stay below one.',
    zh: '金额超过该汇路单笔限额；系统不会为规避限额而拆分。',
  },
  maintenance: { en: 'It is down or in maintenance.', zh: '该汇路维护或停用中。' },
  closed: { en: 'It is outside of its hours.', zh: '不在该汇路的营业时间内。' },
  calendar_unknown: {
    en: 'Whether the day is worked is not known: state its year in the calendar.',
    zh: '该日是否为工作日未知：请先导入该年日历。',
  },
};
