import {
  askedBy,
  BalanceOut,
  CLOSED,
  Id,
  invalid,
  LimitIn,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  Text,
  Type,
} from '../http/schemas.ts';
import { approvalUuid } from './approval.ts';
import {
  alreadyDecided,
  approvalNotFound,
  approvalNotPending,
  checkerIsMaker,
  notTheMaker,
} from './errors.ts';
import {
  type ApprovedActs,
  approve,
  decide,
  listApprovals,
  putRule,
  readApproval,
  readRules,
  withdraw,
} from './index.ts';
import type { ApprovalDeps } from './request.ts';
import type { ApprovalRule as RuleRead } from './rules.ts';
import { Action, Approval, approvalBody, State } from './shared-routes.ts';

const TierFields = {
  checkers: Type.Integer({
    minimum: 0,
    maximum: 5,
    description: 'How many must approve; 0: nobody',
  }),
  expiresAfterHours: Type.Integer({ minimum: 1, maximum: 720 }),
};
const ApprovalRule = Type.Object(
  { action: Action, tiers: Type.Array(Type.Object({ fromAmount: BalanceOut, ...TierFields })) },
  { title: 'ApprovalRule' },
);
const MAX_TIERS = 10;
const Reason = Type.Object(
  { reason: Text({ max: 500, examples: ['checked against the contract'] }) },
  CLOSED,
);

const tags = ['approvals'];
const params = Type.Object({ id: Id('apr') });

/** What the routes need: the acts are what is done when a request is approved. */
export type ApprovalRouteDeps = ApprovalDeps & { readonly acts: ApprovedActs };

/** Routes of approvals and their rules. */
export const approvalRoutes: Routes<{ deps: ApprovalRouteDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/approvals',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listApprovals',
        summary:
          'Requests that wait for others to agree, and what became of them, newest first 复核列表',
        tags,
        querystring: Type.Object(
          { ...PageQuery, state: Type.Optional(State), action: Type.Optional(Action) },
          CLOSED,
        ),
        response: { 200: Page(Approval) },
      },
    },
    async ({ platformId, query: { cursor, ...filter } }) => {
      const before = positionOf(cursor, approvalAt);
      const { approvals, next } = await listApprovals(deps, platformId, { ...filter, before });
      return { data: approvals.map(approvalBody), nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/approvals/:id',
    {
      config: { scope: 'read', problems: [approvalNotFound] },
      schema: {
        operationId: 'readApproval',
        summary: 'One approval 复核单',
        tags,
        params,
        response: { 200: Approval },
      },
    },
    async ({ platformId, params: { id } }) =>
      approvalBody(await readApproval(deps, platformId, id)),
  );

  await app.register(decisionRoutes, { deps });
  await app.register(ruleRoutes, { deps });
};

const decisionRoutes: Routes<{ deps: ApprovalRouteDeps }> = async (app, { deps }) => {
  const problems = [approvalNotFound, approvalNotPending];
  const decisionProblems = [...problems, checkerIsMaker, alreadyDecided];
  const { acts } = deps;

  app.post(
    '/v1/approvals/:id/approve',
    {
      config: { scope: 'approvals:decide', problems: decisionProblems },
      schema: {
        operationId: 'approve',
        summary: 'Approve; the last approval that is needed carries the request out 复核通过',
        tags,
        params,
        body: Reason,
        response: { 200: Approval },
      },
    },
    async (request) => {
      const { platformId, params: path, body, keyId: by } = request;
      const word = { approval: path.id, by, reason: body.reason, acts };
      return approvalBody(await approve(askedBy(request, deps), platformId, word));
    },
  );

  app.post(
    '/v1/approvals/:id/reject',
    {
      config: { scope: 'approvals:decide', problems: decisionProblems },
      schema: {
        operationId: 'reject',
        summary: 'Reject, for good 复核拒绝',
        tags,
        params,
        body: Reason,
        response: { 200: Approval },
      },
    },
    async (request) => {
      const { platformId, params: path, body, keyId: by } = request;
      const word = { approval: path.id, by, reason: body.reason, verdict: 'rejected' } as const;
      return approvalBody(await decide(askedBy(request, deps), platformId, word));
    },
  );

  app.post(
    '/v1/approvals/:id/withdraw',
    {
      config: { scope: 'money:write', problems: [...problems, notTheMaker] },
      schema: {
        operationId: 'withdrawRequest',
        summary: 'Take a request back, by the key that asked 撤回申请',
        tags,
        params,
        body: Reason,
        response: { 200: Approval },
      },
    },
    async (request) => {
      const { platformId, params: path, body, keyId: by } = request;
      const word = { approval: path.id, by, reason: body.reason };
      return approvalBody(await withdraw(askedBy(request, deps), platformId, word));
    },
  );
};

const ruleRoutes: Routes<{ deps: ApprovalRouteDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/approval-rules',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listApprovalRules',
        summary: 'How many must approve what, by amount 复核规则',
        tags,
        response: { 200: Type.Object({ data: Type.Array(ApprovalRule) }) },
      },
    },
    async ({ platformId }) => ({ data: (await readRules(deps, platformId)).map(ruleBody) }),
  );

  app.put(
    '/v1/approval-rules/:action',
    {
      config: { scope: 'approvals:manage' },
      schema: {
        operationId: 'putApprovalRule',
        summary: 'Set how many must approve an action, by amount; no tiers: nobody 设置复核规则',
        description: 'What waits already keeps the rule that it was asked under.',
        tags,
        params: Type.Object({ action: Action }),
        body: Type.Object(
          {
            tiers: Type.Array(Type.Object({ fromAmount: LimitIn, ...TierFields }, CLOSED), {
              maxItems: MAX_TIERS,
            }),
          },
          CLOSED,
        ),
        response: { 200: ApprovalRule },
      },
    },
    async (request) => {
      const { platformId, params: path, body } = request;
      const tiers = body.tiers.map((tier) => ({ ...tier, fromAmount: BigInt(tier.fromAmount) }));
      if (new Set(tiers.map(({ fromAmount }) => fromAmount)).size < tiers.length) {
        throw invalid('/tiers', 'must each begin at another fromAmount');
      }
      const rule = { action: path.action, tiers };
      return ruleBody(await putRule(askedBy(request, deps), platformId, rule));
    },
  );
};

const approvalAt = ([id]: readonly string[]): string | undefined =>
  id !== undefined && approvalUuid(id) !== undefined ? id : undefined;

const ruleBody = ({ action, tiers }: RuleRead) => ({ action, tiers: [...tiers] });
