import { entryTextId } from './bank-entry.ts';
import type { ImportNote } from './import-report.ts';
import type { NotPosted } from './post-waiting.ts';

/** Says which entries of an import could not be posted: one note for each main account and reason. */
export function notesOfNotPosted(notPosted: readonly NotPosted[]): readonly ImportNote[] {
  const inOrder = notPosted.toSorted((a, b) => (a.entry.entryId < b.entry.entryId ? -1 : 1));
  const groups = Map.groupBy(inOrder, ({ entry, refusal }) => `${entry.main.number} ${refusal}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { entry, refusal } = first;
    return [
      {
        ...{ code: 'not_posted' as const, mainAccount: entry.main.number, refusal },
        ...{ bankEntry: entryTextId(entry.entryId), count: group.length },
        sum: group.reduce((sum, { entry: { amount } }) => sum + amount, 0n),
      },
    ];
  });
}
