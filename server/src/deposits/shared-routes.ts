/** Schemas of imports, entries and claims, and how their values become them. */
import {
  AccountNumber,
  AmountOut,
  BalanceOut,
  BankAccountNumber,
  CurrencyCode,
  Id,
  InstantOut,
  IsoDate,
  MoveId,
  Nullable,
  Type,
} from '../http/schemas.ts';
import { textMoveId } from '../kernel/id.ts';
import { BANK_ENTRY_STATES, type BankEntry } from './bank-entry.ts';
import type { ClaimAnswer } from './claim.ts';
import type { ImportReport, RecordedFile } from './import-report.ts';
import type { EntryClaim } from './read-entries.ts';

const TallyFields = { count: Type.Integer(), sum: BalanceOut };
const Tally = Type.Object(TallyFields);

const Statement = Type.Object({
  mainAccount: BankAccountNumber,
  statementId: Nullable(Type.String()),
  sequence: Nullable(Type.String()),
  currency: CurrencyCode,
  opening: Nullable(BalanceOut),
  credits: Tally,
  debits: Tally,
  closing: Nullable(BalanceOut),
  until: Nullable(IsoDate),
});

const Note = Type.Object({
  code: Type.Enum([
    'balance_gap',
    'statement_gap',
    'before_opening',
    'known_lines_differ',
    'not_posted',
  ]),
  mainAccount: BankAccountNumber,
  statementId: Type.Optional(Nullable(Type.String())),
  expected: Type.Optional(BalanceOut),
  found: Type.Optional(BalanceOut),
  difference: Type.Optional(BalanceOut),
  openedOn: Type.Optional(IsoDate),
  position: Type.Optional(Type.Integer()),
  bankEntry: Type.Optional(Id('ben')),
  refusal: Type.Optional(Type.String({ examples: ['balance_limit_exceeded'] })),
  count: Type.Optional(Type.Integer()),
  sum: Type.Optional(BalanceOut),
});

const FileFields = {
  format: Type.String({ examples: ['camt.053'] }),
  detectedBy: Type.String(),
  fileName: Nullable(Type.String()),
  fileBytes: Type.Integer(),
  statements: Type.Array(Statement),
  statementCount: Type.Integer(),
  lines: Type.Integer({ description: 'Bookings in the file' }),
  recorded: Type.Integer({ description: 'Entries that are new, an opening balance included' }),
  alreadyKnown: Type.Integer({ description: 'Lines that were recorded before' }),
  skipped: Type.Record(Type.String(), Type.Integer()),
  notes: Type.Array(Note),
  changed: Type.Boolean({ description: 'False when nothing was new' }),
  sameFileAs: Nullable(Id('imp')),
  createdAt: InstantOut,
};

/** An import as a list shows it. */
export const ImportListed = Type.Object({ id: Id('imp'), ...FileFields });
/** An import with what became of its entries. */
export const Import = Type.Object(
  {
    id: Nullable(Id('imp')),
    dryRun: Type.Boolean(),
    ...FileFields,
    credited: Tally,
    suspended: Type.Object({ ...TallyFields, byReason: Type.Record(Type.String(), Tally) }),
    claimed: Tally,
    debited: Tally,
    paidOut: Tally,
    payoutReturned: Tally,
    waiting: Tally,
  },
  { title: 'StatementImport' },
);

/** One of the states of an entry. */
export const EntryState = Type.Enum([...BANK_ENTRY_STATES]);

const EntryFields = {
  id: Id('ben'),
  import: Id('imp'),
  mainAccount: BankAccountNumber,
  position: Type.Integer(),
  kind: Type.Enum(['line', 'opening_balance']),
  direction: Type.Enum(['credit', 'debit']),
  reversal: Type.Boolean(),
  amount: AmountOut,
  currency: CurrencyCode,
  bookingDate: IsoDate,
  valueDate: Nullable(IsoDate),
  reference: Type.String(),
  referenceSource: Type.Enum(['bank', 'derived']),
  creditedAccount: Nullable(Type.String()),
  counterpartyName: Nullable(Type.String()),
  counterpartyAccount: Nullable(Type.String()),
  remittance: Type.String(),
  references: Type.Array(Type.String()),
  bankCode: Nullable(Type.String()),
  state: EntryState,
  matchReason: Nullable(Type.String({ examples: ['account_number', 'no_match'] })),
  matchedAccount: Nullable(
    Type.String({
      ...AccountNumber,
      description: 'Whom it is for, where that account could not be credited',
    }),
  ),
  account: Nullable(AccountNumber),
  transferId: Nullable(MoveId('trf')),
  claimCount: Type.Integer(),
};
/** A bank entry as a list shows it. */
export const EntryListed = Type.Object(EntryFields);
/** A bank entry with its claims. */
export const Entry = Type.Object(
  {
    ...EntryFields,
    claims: Type.Array(
      Type.Object({
        account: Nullable(AccountNumber),
        transferId: MoveId('trf'),
        reversalTransferId: Nullable(MoveId('trf')),
      }),
    ),
  },
  { title: 'BankEntry' },
);

/** The answer to a claim or its reversal. */
export const Claim = Type.Object(
  {
    bankEntry: Id('ben'),
    state: Type.Enum(['claimed', 'suspended']),
    account: AccountNumber,
    amount: AmountOut,
    currency: CurrencyCode,
    transferId: Nullable(MoveId('trf')),
    businessDate: IsoDate,
    bookedAt: InstantOut,
    dryRun: Type.Optional(Type.Literal(true)),
    checkersNeeded: Type.Optional(
      Type.Integer({
        description: 'On a dry run of a reversal: how many would have to approve it',
      }),
    ),
  },
  { title: 'Claim' },
);

const transferText = (id: bigint | null) => (id === null ? null : textMoveId('trf', id));

/** The parts of an import that are lists, as the schema wants them. */
export function fileBody<File extends RecordedFile>(file: File) {
  const { statements, notes, skipped } = file;
  return {
    ...file,
    statements: [...statements],
    notes: notes.map((note) => ({ ...note })),
    skipped: { ...skipped },
  };
}

/** An import as its schema wants it. */
export function importBody(report: ImportReport) {
  const { suspended } = report;
  return { ...fileBody(report), suspended: { ...suspended, byReason: { ...suspended.byReason } } };
}

/** An entry as its schema wants it. */
export function entryBody(entry: BankEntry) {
  const { transferId, references } = entry;
  return { ...entry, references: [...references], transferId: transferText(transferId) };
}

/** A claim of an entry as its schema wants it. */
export function entryClaimBody({ account, transferId, reversalTransferId }: EntryClaim) {
  const id = textMoveId('trf', transferId);
  return { account, transferId: id, reversalTransferId: transferText(reversalTransferId) };
}

/** A claim as its schema wants it. */
export function claimBody(claim: ClaimAnswer, { dryRun }: { dryRun: boolean }) {
  const body = { ...claim, transferId: transferText(claim.transferId) };
  return dryRun ? { ...body, dryRun: true as const } : body;
}
