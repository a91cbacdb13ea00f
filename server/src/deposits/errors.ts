import { defineError } from '../kernel/error.ts';

/** The statement is of an account that the platform has not opened as a main account. */
export const statementAccountUnknown = defineError<{ accountNumber: string }>()({
  code: 'statement_account_unknown',
  kind: 'not_found',
  title: { en: 'The account of the statement is not known', zh: '对账单所属账户未登记' },
  remedy: {
    en: 'Open it first: POST /v1/main-accounts with this number. Or check that the file is the right one.',
    zh: '请先以该账号开立主体账户（POST /v1/main-accounts），或核对文件是否正确。',
  },
});

/** A notification that the bank of the main account has not signed, or that is of no connected account. */
export const bankSignatureWrong = defineError()({
  code: 'bank_signature_wrong',
  kind: 'unauthenticated',
  title: { en: 'The notification is not signed by the bank', zh: '通知未经银行正确签名' },
  remedy: {
    en: 'Sign the fields with the secret of this main account’s connection, and send it to the address it was given.',
    zh: '请以该主体账户直连的密钥对各字段签名，并发送至约定地址。',
  },
});

/** The file does not say which account it is of. */
export const statementAccountRequired = defineError<{ format: string }>()({
  code: 'statement_account_required',
  kind: 'invalid',
  title: { en: 'Say which main account the statement is of', zh: '须指明对账单所属的主体账户' },
  remedy: {
    en: 'Send `mainAccount`: files of this format do not carry the number, or this one does not.',
    zh: '请传入 mainAccount：该格式的文件不含账号，或本文件未包含账号。',
  },
});

/** The statement is of another account than the one that was named. */
export const statementAccountDiffers = defineError<{ expected: string; found: string }>()({
  code: 'statement_account_differs',
  kind: 'refused',
  title: { en: 'The statement is of another account', zh: '对账单属于其他账户' },
  remedy: {
    en: 'Send the file of the account in `expected`, or leave `mainAccount` out.',
    zh: '请发送 expected 所示账户的文件，或省略 mainAccount。',
  },
});

/** The statement is in another currency than its main account. */
export const statementCurrencyDiffers = defineError<{
  mainAccount: string;
  expected: string;
  found: string;
}>()({
  code: 'statement_currency_differs',
  kind: 'refused',
  title: { en: 'The statement is in another currency', zh: '对账单币种与主体账户不一致' },
  remedy: {
    en: 'A main account has one currency: open another main account for the other one.',
    zh: '一个主体账户只有一种币种：其他币种请另开主体账户。',
  },
});

/** The main account was said to count references from day to day while the file was read. */
export const statementAccountChanged = defineError<{
  mainAccount: string;
  retryAfterSeconds: number;
}>()({
  code: 'statement_account_changed',
  kind: 'unavailable',
  title: {
    en: 'The main account was changed while the file was read',
    zh: '读取文件期间主体账户设置已变更',
  },
  remedy: {
    en: 'Nothing was recorded. Send the file again: it is then read as the main account says now.',
    zh: '未记录任何内容。请重新发送文件，届时将按主体账户的现行设置读取。',
  },
});

/** What is told of a line, so that two can be told apart. Minor units. */
interface StatedLine {
  readonly direction: string;
  readonly amount: bigint;
  readonly bookingDate: string;
  /** The account that the bank says was credited; null when it says none. */
  readonly creditedAccount: string | null;
}

/** A line has the reference of another one that was recorded before, and says something else. */
export const statementReferenceConflict = defineError<{
  mainAccount: string;
  reference: string;
  position: number;
  recorded: StatedLine;
  found: StatedLine;
}>()({
  code: 'statement_reference_conflict',
  kind: 'conflict',
  title: {
    en: 'Two different lines have the same bank reference',
    zh: '两笔不同的流水使用了同一银行参考号',
  },
  remedy: {
    en: 'Nothing was recorded. If the bank counts its references anew from day to day, set `referencesPerDay` of the main account and send the file again; where it is set, take this day from a file of the format that was recorded; else ask the bank which line holds. In CSV map a column that is unique.',
    zh: '未记录任何内容。若银行的参考号按日重新编号，请将主体账户的 referencesPerDay 设为 true 后重新导入；已设置时，该日流水请使用先前所登记的文件格式；否则请向银行核实。CSV 文件请映射唯一的参考号列。',
  },
});

/** Nothing of the file arrived for `seconds`; `receivedBytes` had until then. */
export const statementUploadStalled = defineError<{ seconds: number; receivedBytes: number }>()({
  code: 'statement_upload_stalled',
  kind: 'timed_out',
  title: { en: 'The statement file stopped arriving', zh: '对账单文件传输中断' },
  remedy: {
    en: 'Nothing was recorded. Send the whole file again, from a disk rather than from another download.',
    zh: '未记录任何内容。请重新发送整个文件，并先将其保存到磁盘。',
  },
});

/** The platform has no import of that id. */
export const statementImportNotFound = defineError<{ statementImport: string }>()({
  code: 'statement_import_not_found',
  kind: 'not_found',
  title: { en: 'There is no such statement import', zh: '对账单导入记录不存在' },
  remedy: {
    en: 'Use the id that the import answered, as `imp_…`.',
    zh: '请使用导入时返回的编号，形如 imp_…。',
  },
});

/** The platform has no bank entry of that id. */
export const bankEntryNotFound = defineError<{ bankEntry: string }>()({
  code: 'bank_entry_not_found',
  kind: 'not_found',
  title: { en: 'There is no such bank entry', zh: '银行流水不存在' },
  remedy: {
    en: 'Use an id from GET /v1/bank-entries, as `ben_…`.',
    zh: '请使用银行流水查询返回的编号，形如 ben_…。',
  },
});

/** Only what waits in suspense can be claimed. `state` is what it is now. */
export const entryNotInSuspense = defineError<{ bankEntry: string; state: string }>()({
  code: 'entry_not_in_suspense',
  kind: 'conflict',
  title: { en: 'The entry does not wait in suspense', zh: '该流水不在公共调账中' },
  remedy: {
    en: 'Read the entry: somebody may have claimed it already; take a wrong claim back first.',
    zh: '请查询该流水：可能已被调账；错账须先调回。',
  },
});

/** Only a claim can be taken back. `state` is what the entry is now. */
export const entryNotClaimed = defineError<{ bankEntry: string; state: string }>()({
  code: 'entry_not_claimed',
  kind: 'conflict',
  title: { en: 'The entry is not claimed', zh: '该流水未被调账' },
  remedy: {
    en: 'Read the entry: the claim may have been taken back already.',
    zh: '请查询该流水：可能已调回。',
  },
});
