import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Answer, Ledger } from '../ledger/index.ts';

/** Upper bounds of request durations, in seconds. */
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BATCH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const BATCH_MOVES = [1, 4, 16, 64, 256, 1024, 4096];

/** Numbers about this process for Prometheus. */
export interface Metrics {
  /** A counter of requests to one route. On every request's path: a few array steps. */
  route(route: { method: string; url: string }): RouteTimes;
  /** Counts a batch that the ledger committed. */
  batch(batch: { moves: number; submissions: number; durationMs: number }): void;
  /** The same ledger, with what waits in it and what it refuses counted. */
  measured(ledger: Ledger): Ledger;
  /** The text that Prometheus reads. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Counts the requests to one route, by status and duration. */
export interface RouteTimes {
  add(request: { status: number; seconds: number }): void;
}

/** Starts counting. */
export function openMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new RequestTimes();
  const batches = new Counter({
    name: 'guanjia_ledger_batches_total',
    help: 'Batches committed',
    registers,
  });
  const size = new Histogram({
    name: 'guanjia_ledger_batch_moves',
    help: 'Moves in a batch',
    buckets: BATCH_MOVES,
    registers,
  });
  const seconds = new Histogram({
    name: 'guanjia_ledger_batch_duration_seconds',
    help: 'From the first statement of a batch to its commit',
    buckets: BATCH_SECONDS,
    registers,
  });
  return {
    route: (route) => requests.route(route),
    batch: ({ moves, durationMs }) => {
      batches.inc();
      size.observe(moves);
      seconds.observe(durationMs / 1000);
    },
    measured: (ledger) => measuredLedger(ledger, registers),
    text: async () => (await registry.metrics()) + requests.text(),
    contentType: registry.contentType,
  };
}

function measuredLedger(ledger: Ledger, registers: Registry[]): Ledger {
  const submissions = new Counter({
    name: 'guanjia_ledger_submissions_total',
    help: 'Submissions answered, by what was answered',
    labelNames: ['answer'],
    registers,
  });
  let waiting = 0;
  new Gauge({
    name: 'guanjia_ledger_waiting',
    help: 'Submissions that are not answered yet',
    registers,
    collect() {
      this.set(waiting);
    },
  });
  const count = (answer: Answer) =>
    submissions.inc({ answer: answer.accepted ? 'accepted' : answer.refusal.code });
  return {
    ...ledger,
    // Not async: every request would keep a frame of it until its batch has committed.
    submit: (request) => {
      const answered = ledger.submit(request);
      waiting += 1;
      return answered.then(
        (answer) => {
          waiting -= 1;
          count(answer);
          return answer;
        },
        (error: unknown) => {
          waiting -= 1;
          throw error;
        },
      );
    },
    submitSeries: async (series) => {
      waiting += series.submissions.length;
      try {
        const answers = await ledger.submitSeries(series);
        answers.forEach(count);
        return answers;
      } finally {
        waiting -= series.submissions.length;
      }
    },
  };
}

interface Times {
  readonly labels: string;
  readonly counts: number[];
  sum: number;
  count: number;
}

/** A histogram by route, method and status. prom-client's own hashes its labels on every observation. */
class RequestTimes {
  readonly #all: Map<number, Times>[] = [];

  route({ method, url }: { method: string; url: string }): RouteTimes {
    const byStatus = new Map<number, Times>();
    this.#all.push(byStatus);
    return {
      add: ({ status, seconds }) => {
        let times = byStatus.get(status);
        if (!times) {
          const labels = `method="${method}",route="${url}",status="${status}"`;
          times = { labels, counts: REQUEST_SECONDS.map(() => 0), sum: 0, count: 0 };
          byStatus.set(status, times);
        }
        const bucket = REQUEST_SECONDS.findIndex((bound) => seconds <= bound);
        if (bucket >= 0) times.counts[bucket] = (times.counts[bucket] ?? 0) + 1;
        times.sum += seconds;
        times.count += 1;
      },
    };
  }

  text(): string {
    const name = 'guanjia_http_request_duration_seconds';
    const lines = [`# HELP ${name} Time to answer a request`, `# TYPE ${name} histogram`];
    const all = this.#all.flatMap((byStatus) => [...byStatus.values()]);
    for (const { labels, counts, sum, count } of all) {
      let below = 0;
      for (const [i, bound] of REQUEST_SECONDS.entries()) {
        below += counts[i] ?? 0;
        lines.push(`${name}_bucket{${labels},le="${bound}"} ${below}`);
      }
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }
}
