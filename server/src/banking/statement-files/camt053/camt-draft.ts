/** An amount as it stands in the file. */
export interface RawAmount {
  text: string;
  currency: string;
}

/** What TxDtls say: one payment of an entry. Texts are empty until they come. */
export interface DetailDraft {
  readonly amount: RawAmount;
  readonly transactionAmount: RawAmount;
  indicator: string;
  serviceReference: string;
  debtorName: string;
  debtorAccount: string;
  ultimateDebtorName: string;
  creditorName: string;
  creditorAccount: string;
  ultimateCreditorName: string;
  bankCode: string;
  readonly references: string[];
  readonly texts: string[];
}

/** What Ntry says, as text, until its end. */
export interface EntryDraft {
  /** Where it begins. */
  readonly line: number;
  readonly amount: RawAmount;
  indicator: string;
  reversal: string;
  status: string;
  bookingDate: string;
  valueDate: string;
  serviceReference: string;
  bankCode: string;
  additional: string;
  readonly details: DetailDraft[];
}

/** What Bal says. */
export interface BalanceDraft {
  /** Where it begins. */
  readonly line: number;
  type: string;
  indicator: string;
  date: string;
  readonly amount: RawAmount;
}

export function newDetail(): DetailDraft {
  return {
    amount: { text: '', currency: '' },
    transactionAmount: { text: '', currency: '' },
    indicator: '',
    serviceReference: '',
    debtorName: '',
    debtorAccount: '',
    ultimateDebtorName: '',
    creditorName: '',
    creditorAccount: '',
    ultimateCreditorName: '',
    bankCode: '',
    references: [],
    texts: [],
  };
}

export function newEntry(line: number): EntryDraft {
  return {
    line,
    amount: { text: '', currency: '' },
    indicator: '',
    reversal: '',
    status: '',
    bookingDate: '',
    valueDate: '',
    serviceReference: '',
    bankCode: '',
    additional: '',
    details: [],
  };
}

export function newBalance(line: number): BalanceDraft {
  return { line, type: '', indicator: '', date: '', amount: { text: '', currency: '' } };
}
