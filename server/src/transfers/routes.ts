import type { Routes } from '../http/schemas.ts';
import { batchRoutes } from './batch-routes.ts';
import { freezeRoutes } from './freeze-routes.ts';
import { holdRoutes } from './hold-routes.ts';
import { scheduleRoutes } from './schedule-routes.ts';
import type { ScheduleDeps } from './schedule-transfer.ts';
import { statementRoutes } from './statement-routes.ts';
import { transferRoutes } from './transfer-routes.ts';

/** Routes of transfers, holds, freezes, scheduled transfers, batches, balances and statements. */
export const moneyRoutes: Routes<{ deps: ScheduleDeps }> = async (app, { deps }) => {
  await app.register(transferRoutes, { deps });
  await app.register(holdRoutes, { deps });
  await app.register(freezeRoutes, { deps });
  await app.register(scheduleRoutes, { deps });
  await app.register(batchRoutes, { deps });
  await app.register(statementRoutes, { deps });
};
