/**
 * Our senders alone, as they are deployed: at a provider's latency, and while connections are closed
 * after 2,000 +- 500 streams. The same process sends without and then with GOAWAYs.
 */

import { once } from 'node:events';
import type { Provider } from '../../functions/model/provider/registry.ts';
import { forkOn } from '../../functions/simulators/fork.ts';
import type { Simulator } from '../../functions/simulators/simulator.ts';
import type { ScenarioReport, ScenarioWork } from './senders-scenario-child.ts';
import { median } from './senders-work.ts';

export interface ScenarioFigures {
  provider: Provider;
  latencyMs: number;
  /** chunks of 1,000 that are sent at the same time */
  chunksAtOnce: number;
  /** of a round, without GOAWAYs and with them */
  pushes: number;
  /** medians of the rounds */
  perSecond: number;
  perCpuSecond: number;
  rssMb: number;
  lost: number;
  duplicates: number;
  goaway: {
    perSecond: number;
    /** of the rate without, in the same round */
    ratio: number;
    /** sums over the rounds, by the simulator's count */
    lost: number;
    duplicates: number;
    /** of a round */
    connections: number;
  };
}

/**
 * V8 makes half of its young generation as large as the machine allows, for a process that could do
 * with 8 MB: see README.md for what was measured.
 */
export const FLAGS = ['--max-semi-space-size=8'];

const ROUNDS = 3;
const GOAWAY = { goawayEvery: 2000, goawaySpread: 500 };
/** A client that hangs must not hang the benchmark. */
const DEADLINE = 120_000;

type Scenario = Pick<ScenarioFigures, 'provider' | 'latencyMs' | 'chunksAtOnce' | 'pushes'> & {
  warmUp: number;
};

/**
 * The goal at 80 ms is 30,000 pushes a second for APNs: 2,400 on their way, so three chunks and one
 * that ends while another begins. FCM has ten connections of 100 streams, which one chunk fills.
 */
export const scenarios: readonly Scenario[] = [
  { provider: 'apns', latencyMs: 0, chunksAtOnce: 2, pushes: 100_000, warmUp: 60_000 },
  { provider: 'fcm', latencyMs: 0, chunksAtOnce: 2, pushes: 100_000, warmUp: 60_000 },
  { provider: 'apns', latencyMs: 80, chunksAtOnce: 4, pushes: 100_000, warmUp: 30_000 },
  { provider: 'fcm', latencyMs: 80, chunksAtOnce: 2, pushes: 30_000, warmUp: 10_000 },
];

interface Round {
  report: ScenarioReport;
  lost: number;
  duplicates: number;
  connections: number;
}

export async function measureScenarios(
  simulators: Record<Provider, Simulator>,
  key: string,
  child: URL,
): Promise<ScenarioFigures[]> {
  const rounds = scenarios.map((): [plain: Round, goaway: Round][] => []);
  for (let round = 1; round <= ROUNDS; round++)
    for (const [i, it] of scenarios.entries()) {
      process.stderr.write(`senders: round ${round} of ${ROUNDS}, ${nameOf(it)}\n`);
      rounds[i]!.push(await measure(it, simulators[it.provider], key, child));
    }
  return scenarios.map((it, i) => figuresOf(it, rounds[i]!));
}

const nameOf = ({ provider, latencyMs }: Scenario) => `${provider} at ${latencyMs} ms`;

async function measure(
  { provider, latencyMs, chunksAtOnce, pushes, warmUp }: Scenario,
  simulator: Simulator,
  key: string,
  module: URL,
): Promise<[Round, Round]> {
  const child = forkOn(0, module, FLAGS);
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE);
  const exited = once(child, 'exit').then((): never => {
    throw new Error(`the sender of ${provider} ended early, or took too long`);
  });
  const send = async (count: number): Promise<ScenarioReport> => {
    child.send(count);
    const [report] = await Promise.race([once(child, 'message'), exited]);
    return report as ScenarioReport;
  };
  const round = async (): Promise<Round> => {
    await simulator.reset();
    const report = await send(pushes);
    const { distinct, duplicates, connections } = await simulator.stats();
    return { report, lost: pushes - distinct, duplicates, connections };
  };
  try {
    await simulator.set({ latencyMs, goawayEvery: 0 });
    const { origin, ca } = simulator;
    child.send({ provider, chunksAtOnce, origin, ca, key } satisfies ScenarioWork);
    await send(warmUp);
    const plain = await round();
    await simulator.set(GOAWAY);
    return [plain, await round()];
  } finally {
    clearTimeout(deadline);
    child.kill('SIGKILL');
    await exited.catch(() => {});
    await simulator.set({ latencyMs: 0, goawayEvery: 0 });
  }
}

function figuresOf(it: Scenario, rounds: [Round, Round][]): ScenarioFigures {
  const { provider, latencyMs, chunksAtOnce, pushes } = it;
  const rate = ({ report }: Round) => pushes / report.seconds;
  const plain = rounds.map(([first]) => first);
  const goaway = rounds.map(([, second]) => second);
  const sum = (of: Round[], key: 'lost' | 'duplicates') => of.reduce((all, r) => all + r[key], 0);
  return {
    provider,
    latencyMs,
    chunksAtOnce,
    pushes,
    perSecond: Math.round(median(plain.map(rate))),
    perCpuSecond: Math.round(median(plain.map(({ report }) => pushes / report.cpuSeconds))),
    rssMb: median(goaway.map(({ report }) => report.rssMb)),
    lost: sum(plain, 'lost'),
    duplicates: sum(plain, 'duplicates'),
    goaway: {
      perSecond: Math.round(median(goaway.map(rate))),
      ratio: Number(median(rounds.map(([a, b]) => rate(b) / rate(a))).toFixed(2)),
      lost: sum(goaway, 'lost'),
      duplicates: sum(goaway, 'duplicates'),
      connections: median(goaway.map((round) => round.connections)),
    },
  };
}

export function scenarioTable(figures: ScenarioFigures[]): string {
  const widths = [8, 12, 11, 10, 7, 7, 7, 7];
  const row = (label: string, ...cells: (string | number)[]) =>
    label.padEnd(16) + cells.map((it, i) => String(it).padStart(widths[i]!)).join('');
  const number = (it: number) => it.toLocaleString('en');
  return [
    `Volley alone, in plain JavaScript with ${FLAGS.join(' ')}; GOAWAY every 2,000 +-500 streams`,
    '',
    row('', 'pushes', 'per second', 'per CPU-s', 'GOAWAYs', 'ratio', 'lost', 'twice', 'MB'),
    ...figures.map(({ provider, latencyMs, pushes, goaway, ...it }) =>
      row(
        `${provider === 'apns' ? 'APNs' : 'FCM'}, ${latencyMs} ms`,
        number(pushes),
        number(it.perSecond),
        number(it.perCpuSecond),
        number(goaway.perSecond),
        goaway.ratio.toFixed(2),
        number(it.lost + goaway.lost),
        number(it.duplicates + goaway.duplicates),
        number(it.rssMb),
      ),
    ),
  ].join('\n');
}
