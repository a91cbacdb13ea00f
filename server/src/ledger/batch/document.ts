import type { AcceptedAnswer } from '../core/outcome.ts';
import type { Statement } from './connection.ts';

/** A document (单据) with the answer of the submission that it justifies. */
export interface Documented<Row> {
  readonly row: Row;
  readonly answer: AcceptedAnswer;
}

/**
 * Writes the documents of a module, set-based, in the transaction that moves the money: a document exists,
 * or is changed, exactly when its money moved. It changes rows relative to what is there, never to what was
 * read before the batch. It may send more than one statement: what it tells of goes to the outbox behind it. A writer whose rows must be in a certain state ends its statement with
 * `expect_count(found, expected)`: a submission whose document is not so is undone, alone, and its `submit`
 * rejects with an error for which `isDocumentConflict` is true.
 */
export interface DocumentWriter<Row> {
  readonly write: (
    platformId: bigint,
    items: readonly Documented<Row>[],
  ) => Statement | readonly Statement[];
}

/** A document bound to its writer, to travel with a submission. */
export interface Document {
  readonly writer: DocumentWriter<never>;
  readonly row: unknown;
}

/** Binds a row to the writer that knows it. */
export function documentOf<Row>(writer: DocumentWriter<Row>, row: Row): Document {
  return { writer, row };
}

/** The statements of each writer that has something to write, a writer's own in its order. */
export function documentStatements(
  platformId: bigint,
  items: readonly { readonly document: Document; readonly answer: AcceptedAnswer }[],
): Statement[] {
  const byWriter = Map.groupBy(items, ({ document }) => document.writer);
  return Array.from(byWriter).flatMap(([writer, group]) =>
    // Safe: `documentOf` bound each row to a writer of its own type.
    (writer as DocumentWriter<unknown>).write(
      platformId,
      group.map(({ document, answer }) => ({ row: document.row, answer })),
    ),
  );
}
