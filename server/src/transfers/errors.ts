import { defineError, type FieldError } from '../kernel/error.ts';

/** Only transfers between virtual accounts, and captures, may be reversed this way. */
export const transferNotReversible = defineError<{ transfer: string; transferCode: string }>()({
  code: 'transfer_not_reversible',
  kind: 'refused',
  title: { en: 'This transfer cannot be reversed', zh: '该笔转账不可冲正' },
  remedy: {
    en: 'Deposits and claims are undone by claim reversal; a reversal is corrected by a new transfer.',
    zh: '入金与调账请使用错账调回；冲正记录请以新的转账更正。',
  },
});

/** The period of a statement or list, or the moment of a balance, is none. */
export const periodInvalid = defineError<{ errors: readonly FieldError[] }>()({
  code: 'period_invalid',
  kind: 'invalid',
  title: { en: 'The period is not valid', zh: '查询期间无效' },
  remedy: {
    en: 'Give two business dates, or two instants, in order and not in the future.',
    zh: '请传入一对营业日或一对时间，先后有序且不晚于当前。',
  },
});
