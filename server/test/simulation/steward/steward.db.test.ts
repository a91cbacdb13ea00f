// Goal: the steward does what a few hundred lines of arithmetic say, whatever members, operators, the bank and the clock
// do in whatever order, while connections break, servers restart and requests come twice. Method: random stories on two
// servers against a model in memory: the same outcome of each step, with the code of each refusal; the same balances;
// the eight invariants at the end. Seeded; a failure shrinks to a short story, which is printed.
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { violationsOf } from '../../support/invariants.ts';
import { Model } from './model.ts';
import { type Step, step, tellStory } from './step.ts';
import { type Lane, openLane, World } from './world.ts';

/** Stories are told side by side, each lane on a database of its own. */
const LANES = 4;
const STORIES_PER_LANE = 30;
const LONGEST_STORY = 400;
/** Balances are compared every so many steps, and at the end. */
const LOOK_EVERY = 20;
const SEED = Number(process.env['GUANJIA_MODEL_SEED'] ?? 20_261_124);
const TIMEOUT_MS = 300_000;

const databases = [];
for (let i = 1; i <= LANES; i += 1) databases.push(await freshDatabase());
const lanes = await Promise.all(databases.map((each, i) => openLane(each, i + 1)));
afterAll(() => Promise.all(lanes.map((lane) => lane.close())));

/** What became of the steps, by kind and outcome. */
const seen = new Map<string, number>();

/** Tells a story on both sides. Throws where they part. */
async function tell(lane: Lane, story: readonly Step[]): Promise<void> {
  const world = await World.open(lane);
  const model = new Model(lane.clock.now().getTime());
  const look = async (after: number) => {
    const members = model.available.map((has, i) => [has, model.held[i] ?? 0]);
    const expected = [...members, [model.suspense, 0]];
    expect(await world.balances(), `balances after step ${after}`).toEqual(expected);
  };
  for (const [i, each] of story.entries()) {
    model.now = lane.clock.now().getTime() + (each.action.do === 'wait' ? 0 : 1);
    const expected = model.apply(each.action);
    const outcome = await world.apply(each);
    expect(outcome, `step ${i + 1}, ${tellStory([each])}`).toBe(expected);
    const key = `${each.action.do}: ${outcome}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if ((i + 1) % LOOK_EVERY === 0) await look(i + 1);
  }
  await look(story.length);
  expect(await violationsOf(world.db, world.platform.platformId)).toEqual([]);
}

const stories = fc.array(step, { minLength: 1, maxLength: LONGEST_STORY, size: 'max' });

test('20,000 steps end as the model says', { timeout: TIMEOUT_MS }, async () => {
  await Promise.all(
    lanes.map((lane, i) =>
      fc.assert(
        fc.asyncProperty(stories, (story) => tell(lane, story)),
        {
          ...{ seed: SEED + i, numRuns: STORIES_PER_LANE },
          reporter: (outcome) => {
            if (!outcome.failed) return;
            const [story = []] = outcome.counterexample ?? [];
            const again = `seed ${outcome.seed}, path ${outcome.counterexamplePath}`;
            throw new Error(`${String(outcome.errorInstance)}\n${again}\n${tellStory(story)}`);
          },
        },
      ),
    ),
  );
  const steps = [...seen.values()].reduce((sum, count) => sum + count, 0);
  expect(steps).toBeGreaterThanOrEqual(20_000);
  // Stories in which nothing is refused, or little happens, would prove little.
  const refused = [...seen.keys()].filter((key) => /^(?!batch)[^,]+: (?!ok)\w+$/.test(key));
  expect(refused.length).toBeGreaterThanOrEqual(45);
});
