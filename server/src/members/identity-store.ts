import type { Db } from '../db/database.ts';
import type { Sealer } from '../sealing/index.ts';
import type { Identity, SearchField } from './identity.ts';

/** The identity of a member as it is kept. */
interface SealedIdentity {
  readonly legal_name: string;
  readonly identity_number: string | null;
  readonly identity_number_hash: Buffer | null;
  readonly credit_code: string | null;
  readonly credit_code_hash: Buffer | null;
  readonly mobile: string | null;
  readonly mobile_hash: Buffer | null;
}

const COLUMNS = ['legal_name', 'identity_number', 'credit_code', 'mobile'] as const;
type SealedColumn = (typeof COLUMNS)[number];

/** Whose identity: a platform's id and a member's UUID. */
interface Whose {
  readonly platformId: bigint;
  readonly memberId: string;
}

/** Keeps the identity of a member in place of the one before. */
export async function upsertIdentity(
  { db, sealer }: { db: Db; sealer: Sealer },
  whose: Whose,
  { identity, updatedAt }: { identity: Identity; updatedAt: Date },
): Promise<void> {
  const sealed = sealIdentity(sealer, whose, identity);
  await db
    .insertInto('member_identity')
    .values({
      ...{ platform_id: whose.platformId, member_id: whose.memberId },
      ...sealed,
      updated_at: updatedAt,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['platform_id', 'member_id'])
        .doUpdateSet({ ...sealed, updated_at: updatedAt }),
    )
    .execute();
}

/** The identity of a member, open; undefined when none is kept. Throws AppError as `Sealer.open` does. */
export async function selectIdentity(
  { db, sealer }: { db: Db; sealer: Sealer },
  whose: Whose,
): Promise<{ identity: Identity; updatedAt: Date } | undefined> {
  const row = await db
    .selectFrom('member_identity')
    .select([...COLUMNS, 'updated_at'])
    .where('platform_id', '=', whose.platformId)
    .where('member_id', '=', whose.memberId)
    .executeTakeFirst();
  return row && { identity: openIdentity(sealer, whose, row), updatedAt: row.updated_at };
}

/** The UUIDs of the members that have this number, in the order in which they were added. */
export async function selectMembersBy(
  { db, sealer }: { db: Db; sealer: Sealer },
  platformId: bigint,
  { field, text, limit }: { field: SearchField; text: string; limit: number },
): Promise<readonly string[]> {
  const hashes = sealer.lookUpHashes(text, { platformId, field: `member.${field}` });
  const rows = await db
    .selectFrom('member_identity')
    .select('member_id')
    .where('platform_id', '=', platformId)
    .where(`${field}_hash`, 'in', [...hashes])
    .orderBy('member_id')
    .limit(limit)
    .execute();
  return rows.map((row) => row.member_id);
}

/**
 * Seals up to `limit` identities anew that were sealed with an older key. Gives how many were found: 0 when there
 * are none left. One that was changed meanwhile is left: it was sealed with the current key.
 */
export async function renewSome(
  { db, sealer }: { db: Db; sealer: Sealer },
  platformId: bigint,
  limit: number,
): Promise<number> {
  const rows = await db
    .selectFrom('member_identity')
    .select(['member_id', ...COLUMNS])
    .where('platform_id', '=', platformId)
    .where('legal_name', 'not like', `${sealer.currentPrefix()}%`)
    .orderBy('member_id')
    .limit(limit)
    .execute();
  for (const row of rows) {
    const whose = { platformId, memberId: row.member_id };
    await db
      .updateTable('member_identity')
      .set(sealIdentity(sealer, whose, openIdentity(sealer, whose, row)))
      .where('platform_id', '=', platformId)
      .where('member_id', '=', row.member_id)
      .where('legal_name', '=', row.legal_name)
      .execute();
  }
  return rows.length;
}

function sealIdentity(sealer: Sealer, whose: Whose, identity: Identity): SealedIdentity {
  const seal = (text: string, column: SealedColumn) => sealer.seal(text, placeOf(whose, column));
  const number = (column: SearchField, text: string | null) => ({
    sealed: text === null ? null : seal(text, column),
    hash:
      text === null
        ? null
        : sealer.lookUpHash(text, { platformId: whose.platformId, field: `member.${column}` }),
  });
  const identityNumber = number('identity_number', identity.identityNumber);
  const creditCode = number('credit_code', identity.creditCode);
  const mobile = number('mobile', identity.mobile);
  return {
    legal_name: seal(identity.legalName, 'legal_name'),
    ...{ identity_number: identityNumber.sealed, identity_number_hash: identityNumber.hash },
    ...{ credit_code: creditCode.sealed, credit_code_hash: creditCode.hash },
    ...{ mobile: mobile.sealed, mobile_hash: mobile.hash },
  };
}

function openIdentity(
  sealer: Sealer,
  whose: Whose,
  row: Pick<SealedIdentity, SealedColumn>,
): Identity {
  const openColumn = (column: Exclude<SealedColumn, 'legal_name'>) => {
    const sealed = row[column];
    return sealed === null ? null : sealer.open(sealed, placeOf(whose, column));
  };
  return {
    legalName: sealer.open(row.legal_name, placeOf(whose, 'legal_name')),
    identityNumber: openColumn('identity_number'),
    creditCode: openColumn('credit_code'),
    mobile: openColumn('mobile'),
  };
}

const placeOf = ({ platformId, memberId }: Whose, column: SealedColumn) => ({
  ...{ platformId, column },
  table: 'member_identity',
  row: memberId,
});
