import type { Routes } from '../http/schemas.ts';
import { batchRoutes } from './batch-routes.ts';
import { freezeRoutes } from './freeze-routes.ts';
import { holdRoutes } from './hold-routes.ts';
import { statementRoutes } from './statement-routes.ts';
import type { TransferDeps } from './submit.ts';
import { transferRoutes } from './transfer-routes.ts';

/** Routes of transfers, holds, freezes, batches, balances and statements. */
export const moneyRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  await app.register(transferRoutes, { deps });
  await app.register(holdRoutes, { deps });
  await app.register(freezeRoutes, { deps });
  await app.register(batchRoutes, { deps });
  await app.register(statementRoutes, { deps });
};
