import type { Routes } from '../http/schemas.ts';
import { allocationRoutes } from './allocation-routes.ts';
import type { InterestDeps } from './put-rate.ts';
import { rateRoutes } from './rate-routes.ts';
import { settlementRoutes } from './settlement-routes.ts';

/** Routes of interest: rates, the schedule, trials, settlements and allocations. */
export const interestRoutes: Routes<{ deps: InterestDeps }> = async (app, { deps }) => {
  await app.register(rateRoutes, { deps });
  await app.register(settlementRoutes, { deps });
  await app.register(allocationRoutes, { deps });
};
