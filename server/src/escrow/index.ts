/** Escrow orders (担保交易): paid, released and split, refunded, disputed, finished. The front door. */
export * from './errors.ts';
export { keepDeadlines } from './keep-deadlines.ts';
export { verifyEscrow } from './verify.ts';
