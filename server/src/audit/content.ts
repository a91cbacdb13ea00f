import { type RawBuilder, sql } from 'kysely';

/**
 * All that an entry says, as one text that is the same on every server: what its hash is taken of. `entry` is
 * the alias of audit_entry; the text is null where there is no entry.
 */
export function auditContent(entry: string): RawBuilder<string> {
  const column = (name: string) => sql.ref(`${entry}.${name}`);
  return sql<string>`
    case when ${column('audit_id')} is not null then jsonb_build_array(
      ${column('platform_id')}, ${column('audit_id')},
      (extract(epoch from ${column('at')}) * 1000000)::bigint,
      ${column('origin_kind')}, ${column('origin_name')}, ${column('address')}, ${column('request_id')},
      ${column('action')}, ${column('object_type')}, ${column('object_id')},
      ${column('before')}, ${column('after')})::text end`;
}
