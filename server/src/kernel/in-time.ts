const LATE = Symbol('late');

/**
 * What the work comes to, or what `late` says when that takes longer than `limitMs`; `late` may throw. Nothing is
 * left behind that would keep a process alive. The work itself goes on: only nobody waits for it.
 */
export async function inTime<T, L>(
  work: Promise<T>,
  limitMs: number,
  late: () => L,
): Promise<T | L> {
  const { promise, resolve } = Promise.withResolvers<typeof LATE>();
  const timer = setTimeout(() => resolve(LATE), limitMs);
  try {
    const first = await Promise.race([work, promise]);
    return first === LATE ? late() : first;
  } finally {
    clearTimeout(timer);
  }
}
