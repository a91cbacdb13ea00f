import type { TemporaryCluster } from '../server/test/support/postgres.ts';
import { openPlace, type Place } from './place.ts';

/** The databases of a run: fresh ones for whoever takes part at the same time, and one with older rows. */
export class Places implements AsyncDisposable {
  readonly #cluster: TemporaryCluster;
  readonly #size: { readonly accounts: number; readonly older: number };
  readonly #fresh: Place[] = [];
  #old: Place | undefined;

  constructor(cluster: TemporaryCluster, size: { accounts: number; older: number }) {
    this.#cluster = cluster;
    this.#size = size;
  }

  /** The n-th fresh one, counted from 0, made when it is first asked for. */
  async fresh(index: number): Promise<Place> {
    const known = this.#fresh[index];
    if (known) return known;
    const place = await openPlace(this.#cluster, { ...this.#size, older: 0 });
    this.#fresh.push(place);
    return place;
  }

  /** The one with older rows: the first time it takes minutes. */
  async old(): Promise<Place> {
    this.#old ??= await openPlace(this.#cluster, this.#size);
    return this.#old;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const place of this.#fresh) await place.close();
    await this.#old?.close();
  }
}
