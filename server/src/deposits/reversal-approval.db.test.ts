// Goal: a reversal that needs approval is done exactly once, when others have agreed to exactly that, whoever
// approves at once and wherever a process dies. Method: the whole app over HTTP on a real PostgreSQL; a crash
// between the approval and the act is an approval that is decided without the act, and then the sweep.
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { testPlatform } from '../../test/support/fixtures.ts';
import { decide, sweepApprovals } from '../approvals/index.ts';
import { approvedActs } from '../approved-acts.ts';
import { verifyLedger } from '../ledger/index.ts';
import type { Scope } from '../platforms/index.ts';
import { camt, line } from './testing.fixture.ts';
import { verifyDeposits } from './verify.ts';

const { app, http, clock, keyOf } = await testApp();
const acts = approvedActs(app);
const client = new pg.Client({
  connectionString: app.database.sessions.options.connectionString ?? '',
});
await client.connect();
await client.query('set role guanjia_app');
afterAll(() => client.end());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly replayed: boolean;
}
type Ask = (
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  body?: object,
  key?: string,
) => Promise<Answer>;

let platforms = 10n;
let files = 0;

async function asking(platformId: bigint, scopes: readonly Scope[]): Promise<Ask> {
  const secret = await keyOf({ platformId, scopes });
  const ask: Ask = async (method, url, body, key = 'k1') => {
    const headers = { authorization: `Bearer ${secret}`, 'idempotency-key': key };
    const answer = await http.inject({
      ...{
        method,
        url,
        headers: method === 'POST' ? headers : { authorization: headers.authorization },
      },
      ...(body === undefined ? {} : { payload: body }),
    });
    const replayed = answer.headers['idempotent-replayed'] === 'true';
    return { status: answer.statusCode, body: answer.json(), replayed };
  };
  return ask;
}

/** A platform whose reversals from 5.00 need so many checkers, with a claim of 10.00. */
async function claimed({ checkers = 1 }: { checkers?: number } = {}) {
  platforms += 1n;
  const platformId = platforms;
  const { main, numbers } = await testPlatform(app, { platformId });
  const maker = await asking(platformId, ['read', 'money:write', 'statements:write', 'audit:read']);
  const [first, second] = [
    await asking(platformId, ['approvals:decide']),
    await asking(platformId, ['approvals:decide']),
  ];
  const manager = await asking(platformId, ['approvals:manage']);
  const tiers = [{ fromAmount: 500, checkers, expiresAfterHours: 24 }];
  expect((await manager('PUT', '/v1/approval-rules/claim_reversal', { tiers })).status).toBe(200);
  files += 1;
  const source = camt(main.number, [line({ reference: `R${files}`, remittance: 'whose?' })]);
  const secret = await keyOf({ platformId });
  await http.inject({
    ...{ method: 'POST', url: '/v1/statement-imports?fileName=a.xml' },
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/octet-stream' },
    payload: Buffer.concat(await Array.fromAsync(source)),
  });
  const { body } = await maker('GET', '/v1/bank-entries?state=suspended');
  const [entry] = body['data'] as { id: string }[];
  const bankEntry = `/v1/bank-entries/${entry?.id}`;
  const account = numbers[0] ?? '';
  const claim = (key: string) => maker('POST', `${bankEntry}/claim`, { account }, key);
  expect((await claim('claim')).status).toBe(201);
  const reversal = `${bankEntry}/claim-reversal`;
  const balance = async () =>
    (await maker('GET', `/v1/virtual-accounts/${account}`)).body['balance'];
  return { platformId, maker, first, second, manager, reversal, balance, claim, bankEntry };
}

const approvalOf = ({ body }: Answer): string => String(body['id']);
const reason = { reason: 'seen' };

async function agrees(platformId: bigint) {
  expect(await verifyDeposits(app.db, platformId)).toEqual([]);
  const checks = await verifyLedger(app.db, platformId);
  expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
}

test('a reversal waits for its checker, is done by the approval, and a repeat gets its answer', async () => {
  const { platformId, maker, first, reversal, balance } = await claimed();
  const dry = await maker('POST', `${reversal}?dryRun=true`, {});
  expect(dry).toMatchObject({ status: 200, body: { dryRun: true, checkersNeeded: 1 } });
  const asked = await maker('POST', reversal, {});
  expect(asked).toMatchObject({
    ...{ status: 202, replayed: false },
    body: { action: 'claim_reversal', state: 'pending', amount: 1000, checkers: 1, decisions: [] },
  });
  const id = approvalOf(asked);
  expect(await maker('POST', reversal, {})).toMatchObject({
    status: 202,
    replayed: true,
    body: { id },
  });
  expect(await balance()).toBe(1000);
  const approved = await first('POST', `/v1/approvals/${id}/approve`, reason);
  expect(approved).toMatchObject({
    status: 200,
    body: { state: 'used', decisions: [{ reason: 'seen' }] },
  });
  expect(await balance()).toBe(0);
  const repeat = await maker('POST', reversal, {});
  expect(repeat).toMatchObject({
    status: 201,
    replayed: true,
    body: { state: 'suspended', amount: 1000 },
  });
  const { body } = await maker('GET', `/v1/audit-log?object=${id}`);
  const actions = (body['data'] as { action: string }[]).map(({ action }) => action);
  expect(actions).toEqual(['approval.approved', 'approval.requested']);
  await agrees(platformId);
});

test('below the rule nobody is asked', async () => {
  const { manager, maker, reversal } = await claimed();
  const tiers = [{ fromAmount: 1001, checkers: 1, expiresAfterHours: 1 }];
  await manager('PUT', '/v1/approval-rules/claim_reversal', { tiers });
  const dry = await maker('POST', `${reversal}?dryRun=true`, {});
  expect(dry.body['checkersNeeded']).toBe(0);
  expect((await maker('POST', reversal, {})).status).toBe(201);
});

test('two that approve at once, and the sweep beside them, do it once', async () => {
  const { platformId, maker, first, second, reversal, balance } = await claimed();
  const id = approvalOf(await maker('POST', reversal, {}));
  const answers = await Promise.all([
    first('POST', `/v1/approvals/${id}/approve`, reason),
    second('POST', `/v1/approvals/${id}/approve`, reason),
    sweepApprovals(app, platformId, acts),
    sweepApprovals(app, platformId, acts),
    maker('POST', reversal, {}),
  ]);
  const statuses = [answers[0].status, answers[1].status].sort();
  expect(statuses).toEqual([200, 409]);
  expect((await maker('GET', `/v1/approvals/${id}`)).body).toMatchObject({
    state: 'used',
    failure: null,
  });
  expect(await balance()).toBe(0);
  await agrees(platformId);
});

test('a crash between approval and act: the sweeps of two processes do it once', async () => {
  const { platformId, maker, reversal, balance } = await claimed();
  const id = approvalOf(await maker('POST', reversal, {}));
  await decide(app, platformId, {
    approval: id,
    by: 'key_other',
    reason: 'seen',
    verdict: 'approved',
  });
  expect(await balance()).toBe(1000);
  await Promise.all([1, 2, 3].map(() => sweepApprovals(app, platformId, acts)));
  expect(await balance()).toBe(0);
  expect((await maker('GET', `/v1/approvals/${id}`)).body['state']).toBe('used');
  expect(await sweepApprovals(app, platformId, acts)).toBe(0);
  await agrees(platformId);
});

test('two checkers are two: neither the maker nor one of them twice', async () => {
  const { maker, first, second, reversal, balance, platformId } = await claimed({ checkers: 2 });
  const both = await asking(platformId, ['money:write', 'approvals:decide']);
  const id = approvalOf(await both('POST', reversal, {}));
  const approve = `/v1/approvals/${id}/approve`;
  expect((await both('POST', approve, reason)).body['code']).toBe('checker_is_maker');
  expect((await both('POST', `/v1/approvals/${id}/reject`, reason)).body['code']).toBe(
    'checker_is_maker',
  );
  expect((await maker('POST', approve, reason)).status).toBe(403);
  expect((await first('POST', approve, reason)).body['state']).toBe('pending');
  expect((await first('POST', approve, reason)).body['code']).toBe('already_decided');
  expect(await balance()).toBe(1000);
  expect((await second('POST', approve, reason)).body['state']).toBe('used');
});

test('what was rejected, withdrawn or has expired is not done, and a repeat is told so', async () => {
  const { platformId, maker, first, reversal, balance } = await claimed();
  const refused = async (key: string, state: string) => {
    const answer = await maker('POST', reversal, {}, key);
    expect(answer).toMatchObject({ status: 422, body: { code: 'approval_not_granted', state } });
  };
  const rejected = approvalOf(await maker('POST', reversal, {}, 'a'));
  expect((await first('POST', `/v1/approvals/${rejected}/reject`, reason)).body['state']).toBe(
    'rejected',
  );
  await refused('a', 'rejected');
  const withdrawn = approvalOf(await maker('POST', reversal, {}, 'b'));
  const other = await asking(platformId, ['money:write']);
  const path = `/v1/approvals/${withdrawn}/withdraw`;
  expect((await other('POST', path, reason)).body['code']).toBe('not_the_maker');
  expect((await maker('POST', path, reason)).body['state']).toBe('withdrawn');
  await refused('b', 'withdrawn');
  const expired = approvalOf(await maker('POST', reversal, {}, 'c'));
  clock.advance(24 * 3_600_000);
  const late = await first('POST', `/v1/approvals/${expired}/approve`, reason);
  expect(late.body).toMatchObject({ code: 'approval_not_pending', state: 'expired' });
  await refused('c', 'expired');
  expect(await sweepApprovals(app, platformId, acts)).toBe(1);
  const { body } = await maker('GET', '/v1/approvals?state=expired');
  expect(body['data']).toMatchObject([{ id: expired }]);
  expect(await balance()).toBe(1000);
});

test('an approval is for the claim that was meant: for a later one it fails', async () => {
  const { maker, first, manager, reversal, claim, balance } = await claimed();
  const id = approvalOf(await maker('POST', reversal, {}, 'meant'));
  await manager('PUT', '/v1/approval-rules/claim_reversal', { tiers: [] });
  expect((await maker('POST', reversal, {}, 'quick')).status).toBe(201);
  expect((await claim('again')).status).toBe(201);
  const { body } = await first('POST', `/v1/approvals/${id}/approve`, reason);
  expect(body).toMatchObject({ state: 'failed', failure: 'entry_not_claimed' });
  expect(await balance()).toBe(1000);
  const repeat = await maker('POST', reversal, {}, 'meant');
  expect(repeat.body).toMatchObject({ code: 'approval_not_granted', failure: 'entry_not_claimed' });
});

test('the database itself refuses the maker, a second word, other content and a short cut', async () => {
  const { platformId, maker, first, reversal } = await claimed({ checkers: 2 });
  const id = approvalOf(await maker('POST', reversal, {}));
  expect((await first('POST', `/v1/approvals/${id}/approve`, reason)).status).toBe(200);
  const say = (checker: string, of = 'maker') =>
    client.query(
      `insert into approval_decision (platform_id, approval_id, checker, maker, verdict, reason, decided_at)
       select platform_id, approval_id, ${checker}, ${of}, 'approved', 'r', created_at from approval
        where platform_id = $1`,
      [platformId],
    );
  await expect(say('maker')).rejects.toThrow('approval_decision_check');
  await expect(say('maker', "'somebody else'")).rejects.toThrow('violates foreign key');
  const twice =
    '(select checker from approval_decision d where d.platform_id = approval.platform_id)';
  await expect(say(twice)).rejects.toThrow('approval_decision_pkey');
  const change = (set: string) =>
    client.query(`update approval set ${set} where platform_id = $1`, [platformId]);
  await expect(change('amount = 1')).rejects.toThrow('cannot be changed');
  await expect(change(`content = '{}'`)).rejects.toThrow('cannot be changed');
  await expect(change(`state = 'approved'`)).rejects.toThrow('needs 2 to approve it');
  await expect(change(`state = 'used'`)).rejects.toThrow('does not go from pending to used');
});
