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

/** Owners that begin with `guanjia:` are those of the server's own flows. */
export const holdOwnerReserved = defineError<{ owner: string; field: string }>()({
  code: 'hold_owner_reserved',
  kind: 'refused',
  title: { en: 'This owner is reserved for the server', zh: '该冻结所有方为系统保留' },
  remedy: {
    en: 'Name another owner. A hold of a freeze is changed by the freeze: /v1/freezes/{id}/unfreeze or /unfreeze-pay.',
    zh: '请使用其他 owner。冻结单的资金请通过 /v1/freezes/{id}/unfreeze 或 /unfreeze-pay 处理。',
  },
});

/** The platform has no freeze of that number. */
export const freezeNotFound = defineError<{ freeze: string }>()({
  code: 'freeze_not_found',
  kind: 'not_found',
  title: { en: 'There is no such freeze', zh: '冻结单不存在' },
  remedy: {
    en: 'Use the number that the freeze or pay-freeze answered, as `frz_…`.',
    zh: '请使用冻结或支付冻结返回的编号，形如 frz_…。',
  },
});

/** The freeze has less left than was asked for. Minor units. */
export const freezeInsufficient = defineError<{
  freeze: string;
  remaining: bigint;
  field?: string;
}>()({
  code: 'freeze_insufficient',
  kind: 'refused',
  title: { en: 'The freeze has less left than that', zh: '冻结单剩余金额不足' },
  remedy: {
    en: 'Ask for at most `remaining` (in minor units). Read the freeze: its steps say where the money went.',
    zh: '金额不得超过 remaining（最小货币单位）。查询该冻结单可知资金去向。',
  },
});

/** To be paid from a freeze, somebody must be named. */
export const freezePayeeRequired = defineError<{ freeze: string; field: string }>()({
  code: 'freeze_payee_required',
  kind: 'invalid',
  title: { en: 'Say who is paid from the freeze', zh: '解冻支付须指明收款账户' },
  remedy: {
    en: 'Send `creditAccount`. Only a pay-freeze has its payee already.',
    zh: '请传入 creditAccount；仅支付冻结已有收款方。',
  },
});

/** A pay-freeze is for the payee who has it. `payee` is the number of that account. */
export const freezePayeeDiffers = defineError<{ freeze: string; payee: string; field: string }>()({
  code: 'freeze_payee_differs',
  kind: 'refused',
  title: { en: 'The pay-freeze is for another payee', zh: '支付冻结的收款方不一致' },
  remedy: {
    en: 'Leave `creditAccount` out, or name the `payee`. To pay somebody else, unfreeze it first.',
    zh: '请省略 creditAccount 或传入 payee 所示账户；支付给他人须先解冻。',
  },
});

/** When the transfer is to be made is not possible. */
export const scheduleInvalid = defineError<{ errors: readonly FieldError[] }>()({
  code: 'schedule_invalid',
  kind: 'invalid',
  title: { en: 'The schedule is not valid', zh: '预约时间无效' },
  remedy: {
    en: 'Give an instant that is still to come, or business dates from the open one on, in order.',
    zh: '请传入未来的时间，或不早于当前营业日、先后有序的营业日。',
  },
});

/** The platform has no scheduled transfer of that id. */
export const scheduleNotFound = defineError<{ schedule: string }>()({
  code: 'schedule_not_found',
  kind: 'not_found',
  title: { en: 'There is no such scheduled transfer', zh: '预约转账不存在' },
  remedy: {
    en: 'Use the id that scheduling it answered, as `sch_…`.',
    zh: '请使用预约时返回的编号，形如 sch_…。',
  },
});

/** All that was scheduled was made, or given up: there is nothing to cancel. */
export const scheduleFinished = defineError<{ schedule: string }>()({
  code: 'schedule_finished',
  kind: 'conflict',
  title: { en: 'The schedule is finished already', zh: '预约转账已结束' },
  remedy: {
    en: 'Read it: its runs name the transfers. A transfer is undone by a reversal.',
    zh: '请查询该预约：runs 中列有转账编号；撤销转账请用冲正。',
  },
});

/** The file of a batch is not as it was declared: `errors` say which lines and fields (100 at most). */
export const batchFileInvalid = defineError<{
  errors: readonly (FieldError & { readonly line: number; readonly field?: string })[];
  errorCount: number;
}>()({
  code: 'batch_file_invalid',
  kind: 'invalid',
  title: { en: 'The file has rows that cannot be read', zh: '文件中有无法读取的行' },
  remedy: {
    en: 'Nothing was done. Correct the lines in `errors`, and send the whole file again.',
    zh: '未作任何处理。请更正 errors 所示各行后重新发送整个文件。',
  },
});
