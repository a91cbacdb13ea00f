import type { Routes } from '../http/schemas.ts';
import { mainAccountRoutes } from './main-account-routes.ts';
import type { AccountDeps } from './open-main-account.ts';
import { payerAccountRoutes } from './payer-account-routes.ts';
import { virtualAccountRoutes } from './virtual-account-routes.ts';

/** Routes of main accounts, virtual accounts and payer accounts. */
export const accountRoutes: Routes<{ deps: AccountDeps }> = async (app, { deps }) => {
  await app.register(mainAccountRoutes, { deps });
  await app.register(virtualAccountRoutes, { deps });
  await app.register(payerAccountRoutes, { deps });
};
