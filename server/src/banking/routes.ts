import type { Routes } from '../http/schemas.ts';
import { calendarRoutes } from './calendar-routes.ts';
import type { RailDeps } from './change-rail.ts';
import { railRoutes } from './rail-routes.ts';

/** Routes of banking: the working-day calendar and rails. */
export const bankingRoutes: Routes<{ deps: RailDeps }> = async (app, { deps }) => {
  await app.register(calendarRoutes, { deps });
  await app.register(railRoutes, { deps });
};
