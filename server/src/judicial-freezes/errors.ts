import { defineError } from '../kernel/error.ts';

/** No judicial freeze of the platform has that id. */
export const judicialFreezeNotFound = defineError<{ judicialFreeze: string }>()({
  code: 'judicial_freeze_not_found',
  kind: 'not_found',
  title: { en: 'There is no such judicial freeze', zh: '司法冻结记录不存在' },
  remedy: {
    en: 'Use the id that placing it answered, `jfz_…`.',
    zh: '请使用登记时返回的编号（jfz_…）。',
  },
});

/** The same order is on the account already, and says something else. */
export const judicialFreezeExists = defineError<{ judicialFreeze: string; account: string }>()({
  code: 'judicial_freeze_exists',
  kind: 'conflict',
  title: {
    en: 'The order is on this account already, with other content',
    zh: '该文书已对此账户执行，且内容不同',
  },
  remedy: {
    en: 'Read `judicialFreeze`. An order does not change: another amount is another order.',
    zh: '请查看 judicialFreeze 所示记录。文书内容不可更改：金额不同须另有文书。',
  },
});

/** It was lifted before, by another request. */
export const judicialFreezeLifted = defineError<{ judicialFreeze: string }>()({
  code: 'judicial_freeze_lifted',
  kind: 'conflict',
  title: { en: 'The judicial freeze is lifted already', zh: '司法冻结已解除' },
  remedy: {
    en: 'Read it: it says by which order. Freezing anew takes a new order.',
    zh: '请查看该记录中的解除文书。再次冻结须有新的文书。',
  },
});
