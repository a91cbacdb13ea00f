import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type Member, type MemberKind, memberKind, memberTextId } from './member.ts';
import { type MemberStatus, memberStatus } from './member-status.ts';

const COLUMNS = [
  'member_id',
  'kind',
  'name',
  'status',
  'reference',
  'metadata',
  'created_at',
] as const;

interface MemberRow {
  readonly member_id: string;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly reference: string | null;
  readonly metadata: unknown;
  readonly created_at: Date;
}

/** What a member is added with. */
export interface NewMember {
  readonly memberId: string;
  readonly kind: MemberKind;
  readonly name: string;
  readonly status: MemberStatus;
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

/** Adds a member. Throws the unique violation when the reference is another's. */
export async function insertMember(db: Db, platformId: bigint, member: NewMember): Promise<Member> {
  const row = await db
    .insertInto('member')
    .values({
      platform_id: platformId,
      member_id: member.memberId,
      kind: member.kind,
      name: member.name,
      status: member.status,
      reference: member.reference,
      metadata: JSON.stringify(member.metadata),
      created_at: member.createdAt,
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return toMember(row);
}

/** One member by UUID; undefined when the platform has none such. */
export async function selectMember(
  db: Db,
  platformId: bigint,
  memberId: string,
): Promise<Member | undefined> {
  const row = await db
    .selectFrom('member')
    .select(COLUMNS)
    .where('platform_id', '=', platformId)
    .where('member_id', '=', memberId)
    .executeTakeFirst();
  return row && toMember(row);
}

/** The same, locked until the transaction ends. */
export async function lockMember(
  tx: Db,
  platformId: bigint,
  memberId: string,
): Promise<Member | undefined> {
  const row = await tx
    .selectFrom('member')
    .select(COLUMNS)
    .where('platform_id', '=', platformId)
    .where('member_id', '=', memberId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row && toMember(row);
}

/** Members in the order in which they were added, after the UUID `after`. */
export async function selectMembers(
  db: Db,
  platformId: bigint,
  filter: { reference?: string | undefined; after?: string | undefined; limit: number },
): Promise<readonly Member[]> {
  const { reference, after, limit } = filter;
  let query = db.selectFrom('member').select(COLUMNS).where('platform_id', '=', platformId);
  if (reference !== undefined) query = query.where('reference', '=', reference);
  if (after !== undefined) query = query.where('member_id', '>', after);
  const rows = await query.orderBy('member_id').limit(limit).execute();
  return rows.map(toMember);
}

/** Changes what is named, and gives the member as it is then; undefined when there is none. */
export async function updateMember(
  db: Db,
  platformId: bigint,
  memberId: string,
  change: MemberChange,
): Promise<Member | undefined> {
  const { name, reference, metadata } = change;
  const row = await db
    .updateTable('member')
    .set({
      // Set to itself where nothing is changed: an update needs a column.
      name: name ?? sql<string>`name`,
      ...(reference === undefined ? {} : { reference }),
      ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
    })
    .where('platform_id', '=', platformId)
    .where('member_id', '=', memberId)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row && toMember(row);
}

/** The status of a member, which stays so until the transaction ends; undefined when there is none. */
export async function holdStatus(
  tx: Db,
  platformId: bigint,
  memberId: string,
): Promise<MemberStatus | undefined> {
  const row = await tx
    .selectFrom('member')
    .select('status')
    .where('platform_id', '=', platformId)
    .where('member_id', '=', memberId)
    .forShare()
    .executeTakeFirst();
  return row && memberStatus(row.status);
}

/** Gives a member that is locked another status. */
export async function setMemberStatus(
  tx: Db,
  { platformId, memberId, status }: { platformId: bigint; memberId: string; status: MemberStatus },
): Promise<void> {
  await tx
    .updateTable('member')
    .set({ status })
    .where('platform_id', '=', platformId)
    .where('member_id', '=', memberId)
    .execute();
}

/** What may be changed about a member. `null` takes the reference away; metadata is replaced as a whole. */
export interface MemberChange {
  readonly name?: string | undefined;
  readonly reference?: string | null | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

function toMember(row: MemberRow): Member {
  return {
    id: memberTextId(row.member_id),
    kind: memberKind(row.kind),
    name: row.name,
    status: memberStatus(row.status),
    reference: row.reference,
    // Safe: only insertMember and updateMember write it, from a map of text.
    metadata: row.metadata as Readonly<Record<string, string>>,
    createdAt: row.created_at,
  };
}
