import { defineError } from '../kernel/error.ts';

/** No limit of the platform has that id. */
export const limitRuleNotFound = defineError<{ limitRule: string }>()({
  code: 'limit_rule_not_found',
  kind: 'not_found',
  title: { en: 'There is no such limit', zh: '限额规则不存在' },
  remedy: {
    en: 'Use the id that putting it answered, `lim_…`.',
    zh: '请使用设置时返回的编号（lim_…）。',
  },
});

/** A limit that limits nothing, or says something that cannot be. */
export const limitRuleInvalid = defineError<{
  errors: readonly { pointer: string; detail: string }[];
}>()({
  code: 'limit_rule_invalid',
  kind: 'invalid',
  title: { en: 'The limit cannot be', zh: '限额规则有误' },
  remedy: {
    en: 'Correct the fields that `errors` names.',
    zh: '请更正 errors 所指字段。',
  },
});

/** No entry of the platform's lists has that id. */
export const counterpartyEntryNotFound = defineError<{ entry: string }>()({
  code: 'counterparty_entry_not_found',
  kind: 'not_found',
  title: { en: 'There is no such entry of a list', zh: '名单记录不存在' },
  remedy: {
    en: 'Use the id that adding it answered, `cpe_…`.',
    zh: '请使用添加时返回的编号（cpe_…）。',
  },
});
