import { defineError, type FieldError } from '../kernel/error.ts';

/** The platform has no main account of that number. */
export const mainAccountNotFound = defineError<{ mainAccount: string; field?: string }>()({
  code: 'main_account_not_found',
  kind: 'not_found',
  title: { en: 'The main account does not exist', zh: '主体账户不存在' },
  remedy: {
    en: 'Check the number: main accounts are named by their number at the bank.',
    zh: '请检查账号：主体账户以其在银行的账号标识。',
  },
});

/** Which main account is meant must be said, because the platform has none or several. */
export const mainAccountRequired = defineError<{ mainAccounts: number }>()({
  code: 'main_account_required',
  kind: 'invalid',
  title: { en: 'Say which main account is meant', zh: '须指明主体账户' },
  remedy: {
    en: 'Send `mainAccount`. It may be left out only where the platform has exactly one.',
    zh: '请传入 mainAccount；仅当平台只有一个主体账户时可省略。',
  },
});

/** The platform has a main account of this number already. */
export const mainAccountExists = defineError<{ number: string }>()({
  code: 'main_account_exists',
  kind: 'conflict',
  title: { en: 'The main account is there already', zh: '该主体账户已存在' },
  remedy: {
    en: 'Read the main account of this number; a second one cannot be opened.',
    zh: '请查询该账号的主体账户；同一账号不可重复开立。',
  },
});

/** Another main account of the platform has this prefix. */
export const prefixTaken = defineError<{ prefix: string }>()({
  code: 'prefix_taken',
  kind: 'conflict',
  title: { en: 'Another main account has this prefix', zh: '该号段前缀已被占用' },
  remedy: {
    en: 'Choose another prefix, or leave it out to have one generated.',
    zh: '请更换前缀，或省略以自动生成。',
  },
});

/** The chosen number is another account's. */
export const numberTaken = defineError<{ number: string }>()({
  code: 'number_taken',
  kind: 'conflict',
  title: { en: 'The number belongs to another account', zh: '该账号已被使用' },
  remedy: {
    en: 'Choose another number or suffix, or leave it out. Numbers are never given out twice.',
    zh: '请更换账号或后缀，或省略以自动生成。账号不会重复分配。',
  },
});

/** Another account of the main account has this reference code. */
export const referenceCodeTaken = defineError<{ referenceCode: string }>()({
  code: 'reference_code_taken',
  kind: 'conflict',
  title: { en: 'Another account has this reference code', zh: '该附言识别码已被使用' },
  remedy: {
    en: 'Choose another code: deposits are matched by it, so it must be one account’s only.',
    zh: '请更换识别码：入金按其匹配，须唯一。',
  },
});

/** The chosen number or suffix does not fit the main account's prefix. */
export const numberInvalid = defineError<{ errors: readonly FieldError[]; prefix: string }>()({
  code: 'number_invalid',
  kind: 'invalid',
  title: { en: 'The number does not fit the prefix', zh: '账号与号段前缀不符' },
  remedy: {
    en: 'A number is 19 digits and begins with the prefix of its main account: 14 more digits after 5, 7 after 12.',
    zh: '账号为 19 位数字，以主体账户前缀开头：5 位前缀后接 14 位，12 位前缀后接 7 位。',
  },
});

/** Random numbers met numbers that are in use, time and again: the range of the prefix is nearly full. */
export const numbersExhausted = defineError<{ prefix: string }>()({
  code: 'numbers_exhausted',
  kind: 'refused',
  title: { en: 'The prefix has hardly any free numbers left', zh: '该前缀的可用账号几近耗尽' },
  remedy: {
    en: 'Choose the suffix yourself, or open accounts under a main account with another prefix.',
    zh: '请自行指定后缀，或在其他前缀的主体账户下开户。',
  },
});

/** The account is one that the main account needs, so this may not be done with it. */
export const publicAccountRefused = defineError<{
  account: string;
  accountKind: string;
  field?: string;
}>()({
  code: 'public_account_refused',
  kind: 'refused',
  title: { en: 'This may not be done with a public account', zh: '公共账户不支持该操作' },
  remedy: {
    en: 'Money leaves suspense by claims only; public accounts are never stopped or closed.',
    zh: '调账账户的资金仅可通过调账入款转出；公共账户不可停用或销户。',
  },
});

/** The platform's own account is to be closed. It may be stopped. */
export const platformAccountNeeded = defineError<{ account: string }>()({
  code: 'platform_account_needed',
  kind: 'refused',
  title: { en: 'The platform’s own account is not closed', zh: '平台自有资金账户不可销户' },
  remedy: {
    en: 'Its main account needs it as long as there is one. Stop it, if nothing is to be paid from it or into it.',
    zh: '主体账户始终需要该账户。如不再收付，可将其停用。',
  },
});

/** The account still has money, or money that is put aside. */
export const accountNotEmpty = defineError<{ account: string; balance: bigint; held: bigint }>()({
  code: 'account_not_empty',
  kind: 'refused',
  title: { en: 'The account is not empty', zh: '账户余额不为零' },
  remedy: {
    en: 'Move the balance away and release its holds, then close the account.',
    zh: '请先转出余额并解除冻结，再销户。',
  },
});

/** More of the overdraft limit is in use than would be left. */
export const overdraftInUse = defineError<{ account: string; needed: bigint }>()({
  code: 'overdraft_in_use',
  kind: 'refused',
  title: { en: 'The overdraft limit is in use', zh: '透支额度正在使用' },
  remedy: {
    en: 'Set the limit to `needed` at least, or pay money in first.',
    zh: '额度不得低于 needed，或先入金。',
  },
});

/** The member has bound this bank account already. */
export const payerAccountBound = defineError<{ accountNumber: string }>()({
  code: 'payer_account_bound',
  kind: 'conflict',
  title: { en: 'The member has bound this payer account already', zh: '该付款账号已绑定' },
  remedy: {
    en: 'Remove the binding first if deposits are to go to another virtual account.',
    zh: '如需改变入金去向，请先解除绑定。',
  },
});

/** The member has not bound this bank account. */
export const payerAccountNotFound = defineError<{ accountNumber: string }>()({
  code: 'payer_account_not_found',
  kind: 'not_found',
  title: { en: 'The member has not bound this payer account', zh: '会员未绑定该付款账号' },
  remedy: {
    en: 'List the payer accounts of the member.',
    zh: '请查询该会员的付款账号列表。',
  },
});

/** The virtual account is another member's, or nobody's. */
export const accountOfAnotherMember = defineError<{
  account: string;
  memberId: string;
  field?: string;
}>()({
  code: 'account_of_another_member',
  kind: 'refused',
  title: { en: 'The account is not this member’s', zh: '该账户不属于此会员' },
  remedy: {
    en: 'Bind the payer account to a virtual account of the same member.',
    zh: '付款账号须绑定至该会员自己的虚拟户。',
  },
});

/** The bank account number is none: 1 to 34 letters and digits. */
export const bankAccountInvalid = defineError<{ errors: readonly FieldError[] }>()({
  code: 'bank_account_invalid',
  kind: 'invalid',
  title: { en: 'This is no bank account number', zh: '银行账号格式有误' },
  remedy: {
    en: 'Send 1 to 34 letters and digits; spaces, hyphens, dots and slashes are ignored.',
    zh: '请传入 1 至 34 位字母或数字；空格、连字符、点和斜线会被忽略。',
  },
});

/** An account cannot be closed while it has interest to come: `interest` for the days from `from` to `to`. */
export const interestDue = defineError<{
  account: string;
  interest: bigint;
  from: string;
  to: string;
}>()({
  code: 'interest_due',
  kind: 'refused',
  title: { en: 'Interest of the account is not settled', zh: '账户尚有未结利息' },
  remedy: {
    en: 'Settle its interest, pay the money out, then close it.',
    zh: '请先结息并转出资金，再行销户。',
  },
});

/** An account cannot be closed while it owes fees, in minor units. */
export const feesOwed = defineError<{ account: string; owed: bigint }>()({
  code: 'fees_owed',
  kind: 'refused',
  title: { en: 'The account owes fees', zh: '账户尚有未收手续费' },
  remedy: {
    en: 'They are taken when the month is over; or waive them. Then close the account.',
    zh: '手续费于月末后收取，也可先行减免；之后再销户。',
  },
});
