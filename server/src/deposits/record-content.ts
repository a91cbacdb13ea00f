import { checkOpeningBalance } from '../banking/index.ts';
import { importTextId } from './bank-entry.ts';
import { type LineFormat, MAX_LISTED, type RecordedFile } from './import-report.ts';
import { insertEntries, insertOpening } from './insert-entries.ts';
import { keepEarlierReferences } from './keep-references.ts';
import { noteOtherTexts } from './known-lines.ts';
import { refuseOtherFormats } from './other-formats.ts';
import { dayOf, type FileContent, type FirstStatement } from './read-file.ts';
import {
  countKnown,
  findSameFile,
  lockMainAccounts,
  readBefore,
  readBeforeOpening,
  readExpectedBalance,
  type Session,
} from './record-store.ts';

/** What recording added to what was read. */
export type Recorded = Pick<RecordedFile, 'recorded' | 'alreadyKnown' | 'changed' | 'sameFileAs'>;

/**
 * Records the lines of a file that was read whole, under the lock of its main accounts: opening balances of
 * accounts that begin with this file, then every line that is new. Adds notes to `content`. Throws
 * `statement_reference_conflict`, `statement_account_changed`, `statement_field_invalid` (an opening balance that is
 * too large for an entry).
 */
export async function recordContent(
  session: Session,
  platformId: bigint,
  file: { importId: string; content: FileContent; digest: Uint8Array; format: LineFormat },
): Promise<Recorded> {
  const { importId, content, digest, format } = file;
  const firsts = [...content.first.values()].sort((a, b) =>
    a.main.mainAccountId < b.main.mainAccountId ? -1 : 1,
  );
  const mains = firsts.map(({ main }) => main);
  await lockMainAccounts(session, platformId, mains);
  const sameFile = await findSameFile(session, platformId, digest);
  let openings = 0;
  let isFirst = true;
  let left = 0;
  for (const [i, first] of firsts.entries()) {
    const { mainAccountId: id, referencesPerDay } = first.main;
    if (referencesPerDay) await keepEarlierReferences(session, platformId, id);
    const before = await readBefore(session, platformId, id);
    if (before.hasEntries) {
      isFirst = false;
      const { openedOn } = before;
      if (openedOn !== undefined && dayOf(first) < openedOn) {
        left += await leaveOutEarlier(session, platformId, { first, content, openedOn });
      } else if (!sameFile) await noteGap(session, platformId, { first, content });
    } else openings += await open(session, platformId, { first, importId, serial: i + 1 });
  }
  // Where nothing was recorded before there is nothing to compare with.
  const known = isFirst ? 0 : await countKnown(session, platformId);
  if (known > 0 && !sameFile) {
    const limit = MAX_LISTED - content.notes.length;
    content.notes.push(...(await noteOtherTexts(session, platformId, { format, limit })));
  }
  if (!isFirst) await refuseOtherFormats(session, platformId, { format, mains });
  const inserted = await insertEntries(session, platformId, { importId, known });
  const repeated = content.lines - left - inserted;
  // A line twice in one file, under one reference: they must say the same.
  if (repeated !== known) await countKnown(session, platformId);
  const recorded = openings + inserted;
  return {
    recorded,
    alreadyKnown: repeated,
    changed: recorded > 0,
    sameFileAs: sameFile === undefined ? null : importTextId(sameFile),
  };
}

/** A main account begins with the balance of its first statement: money that was there before. */
async function open(
  session: Session,
  platformId: bigint,
  { first, importId, serial }: { first: FirstStatement; importId: string; serial: number },
): Promise<number> {
  const { main, opening, openingDate, statementId } = first;
  if (opening === undefined || opening === 0n) return 0;
  const day = first.firstLine ?? openingDate;
  if (day === undefined) return 0;
  checkOpeningBalance({ amount: opening, currency: main.currency, statementId });
  await insertOpening(session, platformId, {
    ...{ importId, serial, amount: opening, bookingDate: day },
    mainAccountId: main.mainAccountId,
    reference: `opening/${openingDate ?? statementId ?? day}`,
  });
  return 1;
}

/** Lines from before the opening balance are in it already: recorded too, they would count twice. */
async function leaveOutEarlier(
  session: Session,
  platformId: bigint,
  { first, content, openedOn }: { first: FirstStatement; content: FileContent; openedOn: string },
): Promise<number> {
  const { mainAccountId, number: mainAccount } = first.main;
  const earlier = await readBeforeOpening(session, platformId, { mainAccountId, openedOn });
  if (earlier.count === 0) return 0;
  const { skipped, notes } = content;
  skipped['before_opening'] = (skipped['before_opening'] ?? 0) + earlier.count;
  if (notes.length < MAX_LISTED) {
    notes.push({ code: 'before_opening', mainAccount, openedOn, ...earlier });
  }
  return earlier.count;
}

async function noteGap(
  session: Session,
  platformId: bigint,
  { first, content }: { first: FirstStatement; content: FileContent },
): Promise<void> {
  const { main, opening: found } = first;
  const from = first.firstLine ?? first.openingDate;
  if (found === undefined || from === undefined || content.notes.length >= MAX_LISTED) return;
  const { mainAccountId, number: mainAccount } = main;
  const expected = await readExpectedBalance(session, platformId, { mainAccountId, from });
  if (expected === found) return;
  const difference = found - expected;
  content.notes.push({ code: 'balance_gap', mainAccount, expected, found, difference });
}
