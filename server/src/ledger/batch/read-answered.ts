import type { Database } from '../../db/database.ts';
import type { Fingerprinted } from '../core/evaluate.ts';
import { repeatAnswer } from '../core/evaluate.ts';
import type { Answer } from '../core/outcome.ts';
import type { Send } from './connection.ts';
import { knownRequests, requestStatement } from './read-state.ts';

/** What a request was answered with before; undefined when its id is new. */
export async function readAnswered(
  { batches }: Pick<Database, 'batches'>,
  platformId: bigint,
  request: Fingerprinted,
): Promise<Answer | undefined> {
  const send: Send = async ({ name, text, values }) => {
    const query = { name, text, values: [...values], rowMode: 'array' as const };
    const { rows } = await batches.query<unknown[]>(query);
    return rows;
  };
  const rows = await send(requestStatement(platformId, [request]));
  const known = (await knownRequests(send, platformId, rows)).get(request.requestId);
  return known && repeatAnswer(known, request.fingerprint);
}
