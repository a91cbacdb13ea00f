import { AppError } from '../../../kernel/error.ts';
import { type Place, statementTooLarge } from '../../errors.ts';
import {
  type BalanceDraft,
  type DetailDraft,
  type EntryDraft,
  newBalance,
  newDetail,
  newEntry,
  type RawAmount,
} from './camt-draft.ts';
import { type ElementHooks, paths } from './element-tree.ts';

/** What is being read just now; each element writes into it. */
export interface CamtCursor {
  balance: BalanceDraft;
  entry: EntryDraft;
  detail: DetailDraft;
  /** Entries of the file so far, and so the number of the present one. */
  entries: number;
}

/** Version 1 has PrtryAcct, later ones Othr; BBAN and UPIC are there from the first. */
export const ACCOUNT_IDS = ['Id/IBAN', 'Id/Othr/Id', 'Id/BBAN', 'Id/UPIC', 'Id/PrtryAcct/Id'];
const CODE_PARTS = ['Domn/Cd', 'Domn/Fmly/Cd', 'Domn/Fmly/SubFmlyCd', 'Prtry/Cd'];
/** Placeholders that stand where no reference was given (SEPA rulebook). */
const NO_REFERENCE = new Set(['', 'NOTPROVIDED', 'NOT PROVIDED', 'NONREF']);

/** Keeps the element's text under a name. */
export function keep<K extends string>(of: () => Record<K, string>, name: K): ElementHooks {
  return {
    text: (text) => {
      of()[name] = text;
    },
  };
}

/** Keeps an amount; its currency is an attribute. */
function keepAmount(of: () => RawAmount): ElementHooks {
  return {
    begin: (attributes) => {
      of().currency = attributes['Ccy'] ?? '';
    },
    text: (text) => {
      of().text = text;
    },
  };
}

/** Joins the parts of BkTxCd in the order they come: PMNT/RCDT/ESCT. */
function keepCode(of: () => { bankCode: string }): ElementHooks {
  return {
    text: (text) => {
      const target = of();
      target.bankCode = target.bankCode === '' ? text : `${target.bankCode}/${text}`;
    },
  };
}

/** The elements of TxDtls, which stand in NtryDtls from version 2 on. */
export function detailHooks(
  cursor: CamtCursor,
  prefix: string,
  { maximum, place }: { readonly maximum: number; readonly place: () => Place },
): Record<string, ElementHooks> {
  const detail = () => cursor.detail;
  const parties = `${prefix}/RltdPties`;
  const addReference: ElementHooks = {
    text: (text) => {
      if (!NO_REFERENCE.has(text)) cursor.detail.references.push(text);
    },
  };
  const addText: ElementHooks = {
    text: (text) => {
      cursor.detail.texts.push(text);
    },
  };
  const whole: ElementHooks = {
    begin: () => {
      cursor.detail = newDetail();
    },
    end: () => {
      if (cursor.entry.details.push(cursor.detail) <= maximum) return;
      const limit = 'maxDetailsPerEntry';
      throw new AppError(statementTooLarge, { limit, maximum, ...place() });
    },
  };
  const name = (party: string) => [`${party}/Nm`, `${party}/Pty/Nm`];
  return {
    [prefix]: whole,
    ...paths(
      prefix,
      ['Amt'],
      keepAmount(() => cursor.detail.amount),
    ),
    ...paths(
      prefix,
      ['AmtDtls/TxAmt/Amt'],
      keepAmount(() => cursor.detail.transactionAmount),
    ),
    ...paths(prefix, ['CdtDbtInd'], keep(detail, 'indicator')),
    ...paths(prefix, ['Refs/AcctSvcrRef'], keep(detail, 'serviceReference')),
    ...paths(`${prefix}/Refs`, ['EndToEndId', 'InstrId', 'TxId', 'PmtInfId'], addReference),
    ...paths(`${prefix}/RmtInf/Strd/CdtrRefInf`, ['Ref', 'CdtrRef'], addReference),
    ...paths(`${prefix}/RmtInf`, ['Ustrd', 'Strd/AddtlRmtInf'], addText),
    ...paths(prefix, ['AddtlTxInf'], addText),
    ...paths(parties, name('Dbtr'), keep(detail, 'debtorName')),
    ...paths(parties, name('Cdtr'), keep(detail, 'creditorName')),
    ...paths(parties, name('UltmtDbtr'), keep(detail, 'ultimateDebtorName')),
    ...paths(parties, name('UltmtCdtr'), keep(detail, 'ultimateCreditorName')),
    ...paths(`${parties}/DbtrAcct`, ACCOUNT_IDS, keep(detail, 'debtorAccount')),
    ...paths(`${parties}/CdtrAcct`, ACCOUNT_IDS, keep(detail, 'creditorAccount')),
    ...paths(`${prefix}/BkTxCd`, CODE_PARTS, keepCode(detail)),
  };
}

/** The elements of Ntry itself. `end` is called when it is whole. */
export function entryHooks(cursor: CamtCursor, end: () => void): Record<string, ElementHooks> {
  const entry = () => cursor.entry;
  const whole: ElementHooks = {
    begin: (_, line) => {
      cursor.entries += 1;
      cursor.entry = newEntry(line());
    },
    end,
  };
  const status: ElementHooks = {
    text: (text) => {
      // The element that holds Cd has a text too, of blanks only.
      if (text !== '') cursor.entry.status = text;
    },
  };
  return {
    'Stmt/Ntry': whole,
    ...paths(
      'Stmt/Ntry',
      ['Amt'],
      keepAmount(() => cursor.entry.amount),
    ),
    ...paths('Stmt/Ntry', ['CdtDbtInd'], keep(entry, 'indicator')),
    ...paths('Stmt/Ntry', ['RvslInd'], keep(entry, 'reversal')),
    ...paths('Stmt/Ntry', ['Sts', 'Sts/Cd', 'Sts/Prtry'], status),
    ...paths('Stmt/Ntry/BookgDt', ['Dt', 'DtTm'], keep(entry, 'bookingDate')),
    ...paths('Stmt/Ntry/ValDt', ['Dt', 'DtTm'], keep(entry, 'valueDate')),
    ...paths('Stmt/Ntry', ['AcctSvcrRef'], keep(entry, 'serviceReference')),
    ...paths('Stmt/Ntry', ['AddtlNtryInf'], keep(entry, 'additional')),
    ...paths('Stmt/Ntry/BkTxCd', CODE_PARTS, keepCode(entry)),
  };
}

/** The elements of Bal. `end` is called when it is whole. */
export function balanceHooks(cursor: CamtCursor, end: () => void): Record<string, ElementHooks> {
  const balance = () => cursor.balance;
  const whole: ElementHooks = {
    begin: (_, line) => {
      cursor.balance = newBalance(line());
    },
    end,
  };
  return {
    'Stmt/Bal': whole,
    ...paths('Stmt/Bal/Tp', ['Cd', 'CdOrPrtry/Cd'], keep(balance, 'type')),
    ...paths('Stmt/Bal', ['CdtDbtInd'], keep(balance, 'indicator')),
    ...paths('Stmt/Bal/Dt', ['Dt', 'DtTm'], keep(balance, 'date')),
    ...paths(
      'Stmt/Bal',
      ['Amt'],
      keepAmount(() => cursor.balance.amount),
    ),
  };
}
