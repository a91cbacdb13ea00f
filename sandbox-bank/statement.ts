import { type Account, balanceBefore, type Entry, entriesOn } from './books.ts';
import type { Faults } from './faults.ts';
import { yuan } from './money.ts';
import type { Store } from './store.ts';

/**
 * The statement of an account for one day as ISO 20022 camt.053.001.08; of today it is what there is so far.
 * Faults may let it leave out its last line, or state another closing balance than its lines come to.
 */
export function renderStatement(
  { store, faults }: { store: Store; faults: Faults },
  account: Account,
  { date, now }: { date: string; now: Date },
): string {
  const opening = balanceBefore(store, account.number, date);
  const all = entriesOn(store, account.number, date);
  const entries = faults.take('statement_missing', 'statement') ? all.slice(0, -1) : all;
  const wrong = BigInt(faults.take('statement_balance', 'statement')?.value ?? 0);
  const closing = entries.reduce((sum, entry) => sum + signed(entry), opening) + wrong;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">',
    '  <BkToCstmrStmt>',
    `    <GrpHdr><MsgId>${account.number}-${date}</MsgId><CreDtTm>${now.toISOString()}</CreDtTm></GrpHdr>`,
    '    <Stmt>',
    `      <Id>${date}</Id>`,
    `      <CreDtTm>${now.toISOString()}</CreDtTm>`,
    `      <Acct><Id><Othr><Id>${account.number}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>`,
    ...[balance('OPBD', opening, date), balance('CLBD', closing, date)],
    ...entries.map((entry) => entryXml(entry, account)),
    '    </Stmt>',
    '  </BkToCstmrStmt>',
    '</Document>',
    '',
  ].join('\n');
}

const signed = ({ direction, amount }: Entry) => (direction === 'credit' ? amount : -amount);

function balance(code: string, amount: bigint, date: string): string {
  const indicator = amount < 0n ? 'DBIT' : 'CRDT';
  const size = yuan(amount < 0n ? -amount : amount);
  return `      <Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">${size}</Amt><CdtDbtInd>${indicator}</CdtDbtInd><Dt><Dt>${date}</Dt></Dt></Bal>`;
}

function entryXml(entry: Entry, account: Account): string {
  const { amount, date, reference, reversalOf, remittance, payoutReference } = entry;
  const isCredit = entry.direction === 'credit';
  const indicator = isCredit ? 'CRDT' : 'DBIT';
  const other = { name: entry.counterpartyName, number: entry.counterpartyAccount };
  const own = { name: account.name, number: entry.creditedAccount ?? account.number };
  const [debtor, creditor] = isCredit ? [other, own] : [own, other];
  const endToEnd =
    payoutReference === null
      ? ''
      : `<Refs><EndToEndId>${escapeXml(payoutReference)}</EndToEndId></Refs>`;
  return [
    '      <Ntry>',
    `        <Amt Ccy="CNY">${yuan(amount)}</Amt><CdtDbtInd>${indicator}</CdtDbtInd>`,
    reversalOf === null ? undefined : '        <RvslInd>true</RvslInd>',
    `        <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>${date}</Dt></BookgDt><ValDt><Dt>${date}</Dt></ValDt>`,
    `        <AcctSvcrRef>${reference}</AcctSvcrRef>`,
    `        <NtryDtls><TxDtls>${endToEnd}<Amt Ccy="CNY">${yuan(amount)}</Amt><CdtDbtInd>${indicator}</CdtDbtInd>`,
    `          <RltdPties>${party('Dbtr', debtor)}${party('Cdtr', creditor)}</RltdPties>`,
    remittance === ''
      ? undefined
      : `          <RmtInf><Ustrd>${escapeXml(remittance)}</Ustrd></RmtInf>`,
    '        </TxDtls></NtryDtls>',
    '      </Ntry>',
  ]
    .filter((line) => line !== undefined)
    .join('\n');
}

function party(role: 'Dbtr' | 'Cdtr', { name, number }: { name: string; number: string }): string {
  const named = name === '' ? '' : `<${role}><Pty><Nm>${escapeXml(name)}</Nm></Pty></${role}>`;
  const id = `<${role}Acct><Id><Othr><Id>${escapeXml(number)}</Id></Othr></Id></${role}Acct>`;
  return named + id;
}

/** Text for XML: its signs are escaped, and control characters, which XML cannot carry, become spaces. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
